import type { RaceMapPart, ValuePart } from "./draw/figure.ts";
import { pathRun } from "./draw/map.ts";
import type { LossSlice } from "./loss-slice.ts";
import type { Race } from "./race.ts";

/** What a page knows of a figure that it moves: a race, or a slice with the path of a training. */
export interface PageRuns {
  /** The id of its section. */
  readonly id: string;
  readonly steps: number;
  /** What a step is: of an optimiser, or from one recorded state of a training to the next. */
  readonly unit: "step" | "state";
  readonly runs: readonly PageRun[];
  /** The drawings of it, of which the page shows those that have room. */
  readonly maps: readonly PageMap[];
  readonly charts: readonly PageChart[];
}

/** The values of a run at every so many steps, as text. */
export interface PageRun {
  readonly isLost: boolean;
  readonly every: number;
  readonly values: readonly string[];
}

/** A drawing of the map, by its id. */
export interface PageMap {
  readonly id: string;
  /** The trail of each run. */
  readonly trails: readonly PageTrail[];
}

export interface PageTrail {
  /** The number that its elements have as `data-run`. */
  readonly run: number;
  /** Its vertices: steps and places, x before y. */
  readonly at: readonly number[];
  readonly xy: readonly number[];
  /** Where it left the map for good. */
  readonly exit: readonly [number, number] | null;
}

/** A drawing of the values by step, by its id: where step 0 is, and how far apart steps are. */
export interface PageChart {
  readonly id: string;
  readonly left: number;
  readonly perStep: number;
}

const mostValues = 1000; // of a run

/** What the page is given of a race. */
export function pageRace(
  id: string,
  { runs, steps }: Race,
  maps: ReadonlyMap<string, RaceMapPart>,
  charts: ReadonlyMap<string, ValuePart>,
  show: (value: number) => string,
): PageRuns {
  return {
    id,
    steps,
    unit: "step",
    runs: runs.map(({ values, outcome }): PageRun => {
      const every = Math.ceil(values.length / mostValues);
      return {
        isLost: outcome === "diverged",
        every,
        values: values.filter((_, t) => t % every === 0).map(show),
      };
    }),
    maps: mapsOf(maps, (i) => i),
    charts: [...charts].map(([chartId, { left, perStep }]): PageChart => ({ id: chartId, left, perStep })),
  };
}

/** What the page is given of a slice with a path. */
export function pageSlice(
  id: string,
  { path }: LossSlice,
  maps: ReadonlyMap<string, Pick<RaceMapPart, "trails">>,
  show: (value: number) => string,
): PageRuns {
  return {
    id,
    steps: path.length - 1,
    unit: "state",
    runs: [{ isLost: false, every: 1, values: path.map(({ loss }) => show(loss)) }],
    maps: mapsOf(maps, () => pathRun),
    charts: [],
  };
}

function mapsOf(
  maps: ReadonlyMap<string, Pick<RaceMapPart, "trails">>,
  runOf: (i: number) => number,
): PageMap[] {
  return [...maps].map(([id, { trails }]) => ({
    id,
    trails: trails.map((trail, i) => pageTrail(trail, runOf(i))),
  }));
}

function pageTrail({ steps, spots, exit }: RaceMapPart["trails"][number], run: number): PageTrail {
  const tenth = (value: number): number => Math.round(value * 10) / 10;
  return {
    run,
    at: steps,
    xy: spots.flatMap(([x, y]) => [tenth(x), tenth(y)]),
    exit: exit === undefined ? null : [tenth(exit[0]), tenth(exit[1])],
  };
}
