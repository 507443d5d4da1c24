import type { ChartSpec, SeriesSpec } from "../../plot/chart-spec.ts";
import type { Race } from "../race.ts";
import type { LossSlice } from "../loss-slice.ts";
import type { LinesFigure } from "../study.ts";
import { pathRun } from "./map.ts";

/** What the values of a race are counted from, and how. */
export function valuesOf({ landscape, lowest, runs }: Race): {
  readonly label: string;
  readonly log: boolean;
  readonly of: (value: number) => number;
} {
  if (!Number.isFinite(lowest)) return { label: "f, by step", log: false, of: (value) => value };
  const isKnown = landscape.lowest !== undefined;
  const above = runs.flatMap(({ values }) => values.map((value) => value - lowest)).filter((v) => v > 0);
  const [low, high] = [Math.min(...above.slice(0, 1e5)), Math.max(...above.slice(0, 1e5))];
  return {
    label: isKnown ? "f − f*, by step" : "f − the lowest value seen, by step",
    log: above.length > 0 && high / low > 20,
    of: (value) => value - lowest,
  };
}

const deepest = 1e-16; // of the first value: lower is rounding

/** The values of the runs by step, those of diverged runs until they leave the chart. */
export function valueChart(race: Race): ChartSpec {
  const { runs, steps } = race;
  const { label, log, of } = valuesOf(race);
  const first = Math.max(Math.abs(of(runs[0]!.values[0]!)), 1e-6);
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

/** The chart of a figure of curves. */
export function linesChart({ title, x, y, series, marks = [] }: LinesFigure): ChartSpec {
  return {
    title,
    x,
    y,
    // theory is drawn in ink, so that it is seen over what was measured in a colour
    series: series.map(({ style, colour, ...one }): SeriesSpec => {
      if (style === "dashes") return { ...one, draw: style, colour: "ink" };
      return { ...one, draw: style, ...(colour === undefined ? {} : { colour }) };
    }),
    marks: marks.map((mark) => ({ x: mark.x, label: mark.text })),
  };
}

/** The losses along the path of a slice; nothing where there is no path. */
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
