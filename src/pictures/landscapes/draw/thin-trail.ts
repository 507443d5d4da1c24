import type { DrawingPoint } from "../../plot/series.ts";

const finest = 0.4; // pixels: a shorter segment is not visible
const verticesPerDistance = 500;

/**
 * Least distance in pixels from the last vertex of a trail to the next one. It doubles after every 500 vertices: the beginning of a
 * trail keeps its detail, and a run that oscillates for 100,000 steps has a few thousand vertices. Browsers need minutes for a
 * stroke with as many overlapping segments as such a run has steps.
 *
 * @param count number of vertices so far
 */
export function leastDistance(count: number): number {
  return finest * 2 ** Math.floor(count / verticesPerDistance);
}

/** The vertices of a trail that are drawn, the first and the last among them. */
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
