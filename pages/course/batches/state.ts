// State of the chapter's figures and the values derived from it.
import { computed, signal } from "@preact/signals";
import type { BatchRun as TimedRun } from "../../../src/pictures/landscapes/batch-runs.ts";
import { pageState } from "../../live/address.ts";
import type { ChartSpec } from "../../live/chart.tsx";
import { contourMap } from "../../live/contour-map.ts";
import { shortNumber } from "../../live/fields.tsx";
import type { MapTrail } from "../../live/landscape.tsx";
import { readable } from "../../live/readable.ts";
import { type BatchRun, dataOf, epochsOfRun, leastSteps, ownData, runBatches } from "./line.ts";
import type { Learned, Throughput } from "./orders.ts";
import { readItems } from "./own-data.ts";
import { scatterAt } from "./variance.ts";

export const state = pageState();

/** Batch sizes between one item and all items. */
const middleSizes = ["2", "4", "8", "16", "32", "64"] as const;

// The items.
/** Table supplied by the reader; empty for the chapter's data. */
export const table = state.text("data", "");
export const { value: data, problem: dataProblem } = readable(table, (text) =>
  text.trim() === "" ? ownData : dataOf(readItems(text)),
);
/** Batch sizes between one item and all available items. */
export const sizes = computed(() => middleSizes.filter((b) => Number(b) < data.value.count));
/** The chosen batch size, limited to the largest that the number of items allows. */
function sizeOf(chosen: (typeof middleSizes)[number]): number {
  return Math.min(Number(chosen), Number(sizes.value.at(-1)));
}

// Three ways through the same data.
export const size = state.choice("b", "16", middleSizes);
/** Range of the rate. Above 0.26 even the full batch diverges. */
export const rateRange = { min: 0.002, max: 0.3 };
export const rate = state.number("rate", 0.05, rateRange);
export const seed = state.number("seed", 1, { min: 1, max: 999 });
export const clock = state.choice("by", "items", ["items", "steps"]);
/** Number of ticks of the player. A tick is one step or a number of items. */
export const ticks = leastSteps;
export const tick = state.number("tick", 0, { min: 0, max: ticks });
/** Items per tick. */
export const itemsPerTick = computed(() => (epochsOfRun * data.value.count) / ticks);

const runs = computed(() =>
  // Single items are drawn first, below the others, because their path covers much of the map.
  [1, sizeOf(size.value), data.value.count].map((b) =>
    runBatches(b, rate.value, { seed: seed.value, data: data.value }),
  ),
);
export const lossMap = computed(() =>
  contourMap(`squared error of a line ${table.value}`, data.value.landscape, data.value.box),
);

/** Colour of a run, independent of the drawing order. */
function colourOf({ batchSize }: BatchRun): number {
  return batchSize === 1 ? 2 : batchSize === data.value.count ? 0 : 1;
}

/** Number of steps of a run at a tick. */
function stepAt(run: BatchRun, at: number): number {
  const steps = clock.value === "steps" ? at : Math.floor((at * itemsPerTick.value) / run.batchSize);
  return Math.min(steps, run.points.length - 1);
}

export const trails = computed(() =>
  runs.value.map((run): MapTrail & { readonly colour: number } => {
    const end = stepAt(run, tick.value) + 1;
    return {
      ...run,
      points: run.points.slice(0, end),
      values: run.values.slice(0, end),
      colour: colourOf(run),
    };
  }),
);

/** Progress of each run, in one sentence. */
export const progress = computed(() => {
  const told = runs.value.map((run) => {
    const steps = stepAt(run, tick.value);
    const count = steps * run.batchSize;
    return `${run.name}: ${steps.toLocaleString("en")} steps, ${count.toLocaleString("en")} items, ${shortNumber(run.values[steps]! - data.value.leastLoss)} above the least`;
  });
  return `${told.join("; ")}.`;
});

export const lossChart = computed((): ChartSpec => {
  const at = Array.from({ length: ticks + 1 }, (_, k) => k);
  const isBySteps = clock.value === "steps";
  const x = isBySteps ? at : at.map((k) => (k * itemsPerTick.value) / data.value.count);
  return {
    title: "The loss above the least one",
    x: { label: isBySteps ? "steps" : "epochs: items looked at, in units of all items" },
    y: { label: "loss − least loss", log: true },
    series: runs.value.map((run) => ({
      name: run.name,
      x,
      y: at.map((k) => run.values[stepAt(run, k)]! - data.value.leastLoss),
      colour: colourOf(run),
    })),
    marks: [{ x: x[tick.value]!, label: "" }],
  };
});

/** The items with the current lines of the runs. */
export const linesChart = computed((): ChartSpec => ({
  title: "The items and the lines",
  x: { label: "x" },
  y: { label: "y", domain: [-4, 6] },
  series: [
    ...trails.value.map(({ name, points, colour }) => {
      const [slope, intercept] = points.at(-1)! as [number, number];
      return { name, x: [0, 3], y: [intercept, intercept + 3 * slope], colour };
    }),
    {
      name: "items",
      x: data.value.items.x.tolist() as number[],
      y: data.value.items.y.tolist() as number[],
      draw: "dots",
      colour: "ink",
    },
  ],
}));

// Noise.
export const place = state.choice("place", "start", ["start", "minimum"]);
export const scatter = computed(() =>
  scatterAt(place.value === "start" ? data.value.start : data.value.best, data.value),
);

export const scatterChart = computed((): ChartSpec => {
  const { batches, squaredNorm } = scatter.value;
  const x = batches.map(({ batchSize }) => batchSize);
  const isStill = squaredNorm < 1e-12; // the gradient is only rounding error
  return {
    title: "The variance of the gradient by batch size",
    x: { label: "items in a batch b", log: true },
    y: { label: "mean ‖g_b − g‖²", log: true },
    series: [
      { name: "measured", x, y: batches.map(({ measured }) => measured), draw: "dots" },
      { name: "σ²/b", x, y: batches.map(({ predicted }) => predicted), draw: "dashes", colour: "ink" },
      ...(isStill ? [] : [{ name: "‖g‖², the signal", x, y: x.map(() => squaredNorm), colour: 1 }]),
    ],
  };
});

/** Batch size above which the gradient has more signal than noise; `undefined` if there is no signal. */
export const evenSize = computed(() => {
  const { ofOneItem, squaredNorm } = scatter.value;
  return squaredNorm < 1e-12 ? undefined : Math.ceil(ofOneItem / squaredNorm);
});

// The sum and the mean.
export const sumSize = state.choice("sum-b", "16", middleSizes);
export const sumRate = state.number("sum-rate", 0.003, { min: 0.0002, max: 0.02 });
export const isTranslated = state.flag("translated", true);
export const conventions = computed(() => {
  const b = sizeOf(sumSize.value);
  const translated = isTranslated.value ? sumRate.value * b : sumRate.value;
  return [
    {
      ...runBatches(b, sumRate.value, { convention: "sum", data: data.value }),
      name: `sum, η = ${shortNumber(sumRate.value)}`,
    },
    {
      ...runBatches(b, translated, { convention: "mean", data: data.value }),
      name: `mean, η = ${shortNumber(translated)}`,
    },
  ];
});

/** Maximum distance between the two paths over all steps. */
export const apart = computed(() => {
  const [a, b] = conventions.value.map(({ points }) => points) as [BatchRun["points"], BatchRun["points"]];
  return a.reduce((most, [x, y], t) => {
    const [otherX, otherY] = b[t] ?? [];
    return Math.max(most, Math.hypot(x! - (otherX ?? x!), y! - (otherY ?? y!)));
  }, 0);
});

// Measured in the page.
export const speeds = signal<readonly Throughput[]>([]);
export const timed = signal<readonly TimedRun[]>([]);
export const learned = signal<{ readonly plain: readonly Learned[]; readonly changed: readonly Learned[] }>({
  plain: [],
  changed: [],
});
export const versions = signal<readonly (readonly number[])[]>([]);

export const speedChart = computed((): ChartSpec => ({
  title: "Items a second by batch size",
  x: { label: "items in a batch b", log: true },
  y: { label: "items a second", log: true },
  series: [
    {
      name: "training steps of a small network",
      x: speeds.value.map(({ batchSize }) => batchSize),
      y: speeds.value.map(({ itemsPerSecond }) => itemsPerSecond),
    },
  ],
}));

export const memoryChart = computed((): ChartSpec => ({
  title: "Memory of the compiled step by batch size",
  x: { label: "items in a batch b", log: true },
  y: { label: "memory in KB", log: true },
  series: [
    {
      name: "memory",
      x: speeds.value.map(({ batchSize }) => batchSize),
      y: speeds.value.map(({ memoryBytes }) => memoryBytes / 1024),
      colour: 2,
    },
  ],
}));

export const timeChart = computed((): ChartSpec => ({
  title: "Loss by second of computing",
  x: { label: "seconds, in this browser" },
  y: { label: "loss", log: true },
  series: timed.value.map(({ name, seconds, losses }) => ({ name, x: seconds, y: losses })),
}));

export const turn = state.number("turn", 25, { min: 0, max: 90 });
export const noise = state.number("noise", 0.1, { min: 0, max: 0.5 });
export const shift = state.choice("shift", "0", ["0", "1", "2"]);

export const learnedChart = computed((): ChartSpec => {
  const { plain, changed } = learned.value;
  const curve = (
    name: string,
    list: readonly Learned[],
    of: "trainLoss" | "testLoss",
    colour: number,
  ): ChartSpec["series"][number] => ({
    name,
    x: list.map(({ epoch }) => epoch),
    y: list.map((one) => one[of]),
    draw: of === "trainLoss" ? "dashes" : "line",
    colour,
  });
  return {
    title: "Loss of the images learned from, and of others",
    x: { label: "epochs" },
    y: { label: "loss", log: true },
    series: [
      curve("as they are: learned", plain, "trainLoss", 0),
      curve("as they are: others", plain, "testLoss", 0),
      curve("changed: learned", changed, "trainLoss", 1),
      curve("changed: others", changed, "testLoss", 1),
    ],
  };
});
