import type { ChartSpec, SeriesSpec } from "../../plot/chart-spec.ts";
import type { Race, RaceRun } from "../race.ts";
import type { LossSlice } from "../loss-slice.ts";
import type { PlotFigure } from "../study.ts";
import { pathRun } from "./map.ts";

/** The part of a race that its value chart shows. */
export interface ValueRuns extends Pick<Race, "landscape" | "lowest" | "steps"> {
  readonly runs: readonly Pick<RaceRun, "name" | "values">[];
}

const widestLinear = 20; // ratio of the greatest to the least value above which the axis is logarithmic

/**
 * Returns the label and scale of the value axis of a race, and a function `of` that returns the plotted height of a
 * value. It is the height above the lowest value, or the value itself if there is no finite lowest value.
 */
export function valuesOf({ landscape, lowest, runs }: ValueRuns): {
  readonly label: string;
  readonly log: boolean;
  readonly of: (value: number) => number;
} {
  const isBounded = Number.isFinite(lowest);
  const isKnown = landscape.lowest !== undefined;
  const of = (value: number): number => (isBounded ? value - lowest : value);
  let [least, low, high] = [Infinity, Infinity, 0];
  for (const { values } of runs) {
    for (const value of values) {
      const height = of(value);
      if (!Number.isFinite(height)) continue;
      least = Math.min(least, height);
      if (height > 0) [low, high] = [Math.min(low, height), Math.max(high, height)];
    }
  }
  return {
    label: !isBounded ? "f, by step" : isKnown ? "f − f*, by step" : "f − the lowest value seen, by step",
    log: high / low > widestLinear && (isBounded || least > 0),
    of,
  };
}

const deepest = 1e-16; // fraction of the first value; lower values are rounding errors

/**
 * Describes the chart of the values of the runs by step. The curve of a diverged run ends at the edge of the chart, so
 * that it does not flatten the curves of the other runs.
 */
export function valueChart(race: ValueRuns): ChartSpec {
  const { runs, steps } = race;
  const { label, log, of } = valuesOf(race);
  const first = Math.max(Math.abs(of(runs[0]?.values[0] ?? 0)), 1e-6);
  const [low, high] = Number.isFinite(race.lowest) ? [-Infinity, 1e3 * first] : [-6 * first, 6 * first];
  const isShown = (h: number): boolean =>
    Number.isFinite(h) && h <= high && h >= (log ? first * deepest : low);
  const heights = runs.map(({ values }) => values.map(of));
  const shown = heights.flat().filter((h) => isShown(h) && (!log || h > 0));
  return {
    title: "Values by step",
    x: { label: "step", domain: [0, steps], unit: "integer" },
    y: { label, log, ...(shown.length === 0 ? { domain: [0, 1] as const } : {}) },
    series: runs.map(({ name }, i): SeriesSpec => ({
      name,
      x: heights[i]!.map((_, t) => t),
      y: heights[i]!.map((h) => (isShown(h) ? h : Number.NaN)),
      colour: i,
    })),
  };
}

/** Describes the chart of a figure that shows curves. */
export function linesChart({ title, x, y, series, marks = [] }: PlotFigure): ChartSpec {
  return {
    title,
    x,
    y,
    // Theoretical curves use the text colour, so that they are visible over the coloured measurements.
    series: series.map(({ style, colour, ...one }): SeriesSpec => {
      if (style === "dashes") return { ...one, draw: style, colour: "ink" };
      return { ...one, draw: style, ...(colour === undefined ? {} : { colour }) };
    }),
    marks: marks.map((mark) => ({ x: mark.x, label: mark.text })),
  };
}

/**
 * Describes the chart of the losses along the path of a slice. Returns `undefined` if the path has fewer than two
 * points.
 */
export function pathChart({ path }: LossSlice): ChartSpec | undefined {
  const losses = path.map(({ loss }) => loss);
  if (losses.length < 2) return undefined;
  return {
    title: "Loss along the path",
    x: { label: "state along the path", unit: "integer" },
    y: { label: "loss along the path", log: losses.every((loss) => loss > 0) },
    series: [{ name: "loss", x: losses.map((_, i) => i), y: losses, colour: pathRun }],
  };
}
