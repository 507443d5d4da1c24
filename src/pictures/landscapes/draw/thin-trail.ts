import type { DrawingPoint } from "../../plot/series.ts";

const finest = 0.4; // pixels: a shorter segment is not visible
const verticesPerDistance = 500;

/**
 * Returns the minimum distance in pixels between consecutive vertices of a trail that already has `count` vertices. It
 * doubles after every 500 vertices, so that the start of a trail stays detailed while a run that oscillates for 100,000
 * steps has a few thousand vertices. Browsers need minutes to stroke a path with that many overlapping segments.
 *
 * @param count number of vertices so far
 */
export function leastDistance(count: number): number {
  return finest * 2 ** Math.floor(count / verticesPerDistance);
}

/**
 * Returns the vertices of a trail that are drawn: the first, the last, and those at least `leastDistance` from the
 * drawn vertex before.
 */
export function thinTrail(spots: readonly DrawingPoint[]): DrawingPoint[] {
  const kept: DrawingPoint[] = [];
  for (const [i, spot] of spots.entries()) {
    const before = kept.at(-1);
    const isEnd = before === undefined || i === spots.length - 1;
    if (isEnd || Math.hypot(spot[0] - before[0], spot[1] - before[1]) >= leastDistance(kept.length))
      kept.push(spot);
  }
  return kept;
}
