import type { RaceParts } from "./draw/figure.ts";
import type { Race } from "./race.ts";

/** What a page knows of a race that it moves. */
export interface PageRace {
  /** The id of its section. */
  readonly id: string;
  readonly steps: number;
  readonly runs: readonly PageRun[];
  /** Where step 0 is in the chart, and how far apart steps are. */
  readonly left: number;
  readonly perStep: number;
  readonly top: number;
  readonly bottom: number;
}

/** What a page knows of a run. */
export interface PageRun {
  /** The vertices of its trail: steps and places, x before y. */
  readonly at: readonly number[];
  readonly xy: readonly number[];
  /** Where it left the map for good. */
  readonly exit: readonly [number, number] | null;
  readonly isLost: boolean;
  /** Its value at every so many steps, as text. */
  readonly every: number;
  readonly values: readonly string[];
}

const mostValues = 1000; // of a run

/** What the page is given of a race. */
export function pageRace(
  id: string,
  race: Race,
  { map, chart }: RaceParts,
  show: (value: number) => string,
): PageRace {
  const tenth = (value: number): number => Math.round(value * 10) / 10;
  return {
    id,
    steps: race.steps,
    left: chart.left,
    perStep: chart.perStep,
    top: chart.box.y,
    bottom: chart.box.y + chart.box.height,
    runs: map.trails.map(({ steps, spots, exit }, i): PageRun => {
      const { values, outcome } = race.runs[i]!;
      const every = Math.ceil(values.length / mostValues);
      return {
        at: steps,
        xy: spots.flatMap(([x, y]) => [tenth(x), tenth(y)]),
        exit: exit === undefined ? null : [tenth(exit[0]), tenth(exit[1])],
        isLost: outcome === "diverged",
        every,
        values: values.filter((_, t) => t % every === 0).map(show),
      };
    }),
  };
}
