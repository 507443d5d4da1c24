import { round } from "../../plot/markers.ts";
import type { DrawingPoint } from "../../plot/series.ts";
import type { Trail } from "./map.ts";

const seconds = 9; // duration of a run and of the rest after it
const moving = 0.85; // fraction of the time in which steps are taken

/** A drawn run: the trail on the map, its index, and whether it ends with a cross. */
export interface MovingRun {
  readonly trail: Trail;
  readonly index: number;
  readonly isLost: boolean;
}

/** A map and the chart next to it, to be animated together. */
export interface MovingFigure {
  /** CSS class of the SVG group that contains the map and the chart. The names of the animations begin with it. */
  readonly name: string;
  readonly runs: readonly MovingRun[];
  /** Number of steps of the longest run. */
  readonly steps: number;
  /**
   * Distance in pixels that the vertical line, which marks the step in the chart, moves from the first step to the
   * last. Zero if there is no chart.
   */
  readonly across: number;
}

/**
 * Returns the style rules that play a figure step by step, for viewers who accept motion. Trails grow, markers move
 * along them, and a line moves over the chart of values. Without these rules the drawing shows the complete runs.
 */
export function motionStyle({ name, runs, steps, across }: MovingFigure): string {
  const rules = runs.flatMap((run) => runRules(name, run, steps));
  const sweep =
    across === 0
      ? []
      : [
          `@keyframes ${name}-now{from{transform:translateX(0px)}${percent(moving)},to{transform:translateX(${round(across)}px)}}`,
          `.${name} .now{visibility:visible;stroke:var(--soft);animation:${name}-now ${seconds}s linear infinite}`,
        ];
  return `@media screen and (prefers-reduced-motion:no-preference){\n${[...rules, ...sweep].join("\n")}\n}`;
}

function runRules(name: string, { trail, index, isLost }: MovingRun, steps: number): string[] {
  const { spots, exit, lastInside } = trail;
  const id = `${name}-${index}`;
  const run = `.${name} [data-run="${index}"]`;
  const lengths = lengthsOf(spots);
  const total = lengths.at(-1)!;
  const at = trail.steps.map((step) => percent((moving * step) / Math.max(1, steps)));
  const places = spots.map((spot, k) => (k > lastInside && exit !== undefined ? exit : spot));
  const grow = lengths.map((length, k) => `${at[k]!}{stroke-dashoffset:${round(total - length)}px}`);
  const move = places.map(([x, y], k) => `${at[k]!}{transform:translate(${round(x)}px,${round(y)}px)}`);
  const [lastX, lastY] = places.at(-1)!;
  return [
    `@keyframes ${id}-grow{${grow.join("")}to{stroke-dashoffset:0}}`,
    `@keyframes ${id}-move{${move.join("")}to{transform:translate(${round(lastX)}px,${round(lastY)}px)}}`,
    `${run} :is(.halo,.trail){stroke-dasharray:${round(total)}px;animation:${id}-grow ${seconds}s linear infinite}`,
    `${run} .dot{visibility:hidden}`,
    `${run}.head{animation:${id}-move ${seconds}s linear infinite}`,
    ...(isLost
      ? [
          `@keyframes ${id}-lost{from{visibility:hidden}${at.at(-1)!},to{visibility:visible}}`,
          `${run} :is(.lost,.lost-halo){animation:${id}-lost ${seconds}s step-end infinite}`,
          `@keyframes ${id}-gone{from{visibility:visible}${at.at(-1)!},to{visibility:hidden}}`,
          `${run}.head.is-lost .marker{display:inline;animation:${id}-gone ${seconds}s step-end infinite}`,
        ]
      : []),
  ];
}

/** Returns, for each vertex of a path, the length of the path from its first vertex. */
function lengthsOf(spots: readonly DrawingPoint[]): number[] {
  let length = 0;
  return spots.map(([x, y], k) => {
    const [fromX, fromY] = spots[k - 1] ?? [x, y];
    return (length += Math.hypot(x - fromX, y - fromY));
  });
}

/** Formats a fraction of the duration as the percentage of a keyframe. */
function percent(fraction: number): string {
  return `${Number((100 * fraction).toFixed(2))}%`;
}
