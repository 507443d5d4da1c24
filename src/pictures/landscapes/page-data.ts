import type { RaceMapPart, ValuePart } from "./draw/figure.ts";
import { pathRun } from "./draw/map.ts";
import type { LossSlice } from "./loss-slice.ts";
import type { Race } from "./race.ts";

/** Data that a page needs to animate a figure, which shows a race, or a slice with the path of a training run. */
export interface PageRuns {
  /** Id of the figure's section element. */
  readonly id: string;
  readonly steps: number;
  /** Unit of a step: an optimiser step, or the transition between two recorded states of a training run. */
  readonly unit: "step" | "state";
  readonly runs: readonly PageRun[];
  /** Drawings of the figure at several widths. The page shows the ones that fit. */
  readonly maps: readonly PageMap[];
  readonly charts: readonly PageChart[];
}

/** Values of a run as text at every `every`-th step, and whether the run diverged (`isLost`). */
export interface PageRun {
  readonly isLost: boolean;
  readonly every: number;
  readonly values: readonly string[];
}

/** A drawing of the map on the page, found by its element id. */
export interface PageMap {
  readonly id: string;
  /** Trail of each run. */
  readonly trails: readonly PageTrail[];
}

export interface PageTrail {
  /** Run index, stored as `data-run` on the elements of the trail. */
  readonly run: number;
  /** Vertices of the trail: their steps (`at`) and coordinates (`xy`, x before y). */
  readonly at: readonly number[];
  readonly xy: readonly number[];
  /** Point where the trail leaves the map for the last time; `null` if it ends inside or is never inside. */
  readonly exit: readonly [number, number] | null;
  /** Index of the last vertex inside the map; -1 for a run outside it. */
  readonly lastInside: number;
}

/**
 * A drawing of the chart of values by step: its element id, the x of step 0, and the distance between steps in pixels.
 */
export interface PageChart {
  readonly id: string;
  readonly left: number;
  readonly perStep: number;
}

const mostValues = 1000; // maximum number of values per run

/** Creates the page data of a race. */
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

/** Creates the page data of a slice with a path. */
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

function pageTrail(
  { steps, spots, exit, lastInside }: RaceMapPart["trails"][number],
  run: number,
): PageTrail {
  const tenth = (value: number): number => Math.round(value * 10) / 10;
  return {
    run,
    at: steps,
    xy: spots.flatMap(([x, y]) => [tenth(x), tenth(y)]),
    exit: exit === undefined ? null : [tenth(exit[0]), tenth(exit[1])],
    lastInside,
  };
}
