// State of the chapter's figures and the values derived from it.
import { computed, type ReadonlySignal, type Signal } from "@preact/signals";
import { adagrad, sgd } from "downhill/optim";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { stepsByGradient } from "../../../src/pictures/landscapes/presets/long-run.ts";
import {
  frequencies,
  type TrainingPass,
  onePass,
  rareWeight,
  ratesByWeight,
  sparseItems,
} from "../../../src/pictures/landscapes/presets/sparse.ts";
import { type PageState, pageState } from "../../live/address.ts";
import type { ChartSpec } from "../../live/chart.tsx";
import { type ContourMap, contourMap } from "../../live/contour-map.ts";
import type { Descent } from "../../live/descent.ts";
import { shortNumber } from "../../live/fields.tsx";
import { pointState } from "../../live/landscape.tsx";
import { bowlBox, bowlOf, bowlStart } from "../gradient-descent/bowls.ts";
import { byAdagrad, byRmsprop, longSteps, wall, wallBox, wallStart } from "./long-run.ts";
import {
  memorySteps,
  type MethodName,
  methodNames,
  methodWords,
  type Remembered,
  rememberedBy,
} from "./memory.ts";

export const state: PageState = pageState();

const coarse = 90; // grid points of maps along x; enough for smooth functions, with half the page size

// State of each method.
export const method: Signal<MethodName> = state.choice("method", "adagrad", methodNames);
export const start: Signal<Point> = pointState(state, "start", bowlStart);
export const rate: Signal<number> = state.number("rate", 0.2, { min: 0.01, max: 2 });
export const kappa: Signal<number> = state.number("kappa", 25, { min: 1, max: 200 });
export const step: Signal<number> = state.number("step", 0, { min: 0, max: memorySteps });

const runs: Readonly<Record<MethodName, ReturnType<typeof rememberedBy>>> = {
  adagrad: /* @__PURE__ */ rememberedBy("adagrad"),
  rmsprop: /* @__PURE__ */ rememberedBy("rmsprop"),
  adam: /* @__PURE__ */ rememberedBy("adam"),
};
export const remembered: ReadonlySignal<Remembered> = computed(() =>
  runs[method.value](start.value, { rate: rate.value, kappa: kappa.value }),
);
export const bowlMap: ReadonlySignal<ContourMap> = computed(() =>
  contourMap(`bowl ${kappa.value}`, bowlOf(kappa.value), bowlBox, coarse),
);

/** A quantity of a step: one number per coordinate, and the maximum over the run, which scales the bars. */
export interface Quantity {
  readonly name: string;
  readonly values: Point;
  readonly largest: number;
}

/** Quantities of the shown step; empty at step 0. */
export const quantities: ReadonlySignal<readonly Quantity[]> = computed(() => {
  const { gradients, sizes, directions, steps } = remembered.value;
  const t = Math.min(step.value, memorySteps) - 1;
  if (t < 0) return [];
  const of = (name: string, list: readonly Point[]): Quantity => ({
    name,
    values: list[t]!,
    largest: Math.max(...list.flat().map((x) => Math.abs(x))),
  });
  return [
    of("gradient", gradients),
    ...(method.value === "adam" ? [of("mean of gradients", directions)] : []),
    of("remembered size", sizes),
    of("step", steps),
  ];
});

/** Rate of each coordinate by step: η divided by the root of the accumulated squares. */
export const rateChart: ReadonlySignal<ChartSpec> = computed(() => {
  const at = Array.from({ length: memorySteps }, (_, t) => t + 1);
  return {
    title: `${methodWords[method.value]}: the rate of each coordinate by step`,
    x: { label: "step" },
    y: { label: "rate of the coordinate", log: true },
    series: ["x", "y"].map((name, i) => ({
      name,
      x: at,
      y: remembered.value.sizes.map((size) => rate.value / size[i]!),
      draw: "line",
    })),
    marks: step.value > 0 ? [{ x: Math.min(step.value, memorySteps), label: "" }] : [],
  };
});

// Rare features.
export const sgdRate: Signal<number> = state.number("sgd-rate", 0.04, { min: 0.001, max: 0.2 });
export const adagradRate: Signal<number> = state.number("adagrad-rate", 0.4, { min: 0.001, max: 2 });
export const seed: Signal<number> = state.number("seed", 0, { min: 0, max: 99 });
const passes = {
  sgd: /* @__PURE__ */ onePass((learningRate) => sgd({ learningRate })),
  adagrad: /* @__PURE__ */ onePass((learningRate) => adagrad({ learningRate })),
};
const items = computed(() => sparseItems(seed.value));
export const bySgd: ReadonlySignal<TrainingPass> = computed(() => passes.sgd(sgdRate.value, items.value));
export const byRates: ReadonlySignal<TrainingPass> = computed(() =>
  passes.adagrad(adagradRate.value, items.value),
);

/** Weights after one pass, by the frequency of their features. */
export const weightChart: ReadonlySignal<ChartSpec> = computed(() => {
  const shown = (weights: readonly number[]): number[] =>
    weights.map((w) => (Math.abs(w) <= 3 ? w : Number.NaN)); // none for a diverged run
  return {
    title: "What was learnt of each feature",
    x: { label: "share of items with the feature", log: true, unit: "percent" },
    y: { label: "weight (dashes: the truth)", domain: [-0.2, 1.6] },
    series: [
      { name: "SGD", x: frequencies, y: shown(bySgd.value.weights), draw: "dots" },
      { name: "Adagrad", x: frequencies, y: shown(byRates.value.weights), draw: "dots" },
    ],
    marks: [{ y: 1, label: "" }], // dots would cover a label,
  };
});

/** Chart of the rate of each weight after the pass, by the frequency of its feature. */
export const endRateChart: ReadonlySignal<ChartSpec> = computed(() => ({
  title: "The rate of each weight in the end",
  x: { label: "share of items with the feature", log: true, unit: "percent" },
  y: { label: "rate of the weight", log: true },
  series: [
    { name: "SGD", x: frequencies, y: frequencies.map(() => sgdRate.value), draw: "dots" },
    { name: "Adagrad", x: frequencies, y: ratesByWeight(byRates.value), draw: "dots" },
  ],
}));

export const sparseWords: ReadonlySignal<string> = computed(() => {
  const words = (learnt: TrainingPass): string =>
    Number.isFinite(learnt.loss)
      ? `${shortNumber(rareWeight(learnt))}, loss ${shortNumber(learnt.loss)}`
      : "diverged";
  return `Mean weight of the features in less than 1 of 50 items, whose truth is 1: SGD ${words(bySgd.value)}; Adagrad ${words(byRates.value)}.`;
});

// A long run.
export const longRate: Signal<number> = state.number("long-rate", 0.2, { min: 0.02, max: 2 });
export const longStart: Signal<Point> = pointState(state, "long-start", wallStart);
export const longStep: Signal<number> = state.number("long-step", 0, { min: 0, max: longSteps });
export const wallMap: ReadonlySignal<ContourMap> = computed(() => contourMap("wall", wall, wallBox, coarse));
const long = computed(() => {
  const settings = { rate: longRate.value };
  return [byAdagrad(longStart.value, settings), byRmsprop(longStart.value, settings)] as const;
});
export const longTrails: ReadonlySignal<readonly (Descent & { readonly name: string })[]> = computed(() =>
  long.value.map((run, i) => ({ name: i === 0 ? "Adagrad" : "RMSProp", ...run })),
);
/** Geometrically spaced steps without duplicates. */
const spacedSteps = [...new Set(Array.from({ length: 120 }, (_, i) => Math.round(longSteps ** (i / 119))))];
export const ratioChart: ReadonlySignal<ChartSpec> = computed(() => ({
  title: "Length of a step over that of its gradient",
  x: { label: "step", log: true },
  y: { label: "step over gradient", log: true },
  series: longTrails.value.map((run) => {
    const y = stepsByGradient(run);
    const x = spacedSteps.filter((t) => t <= y.length);
    return { name: run.name, x, y: x.map((t) => y[t - 1]!), draw: "line" };
  }),
}));
export const longWords: ReadonlySignal<string> = computed(() => {
  const t = Math.min(longStep.value, longSteps);
  if (t === 0) return "Both are at the start.";
  const words = longTrails.value.map(({ name, points }) => {
    const [before, here] = [points[t - 1]!, points[t]!];
    const length = Math.hypot(...here.map((z, i) => z - before[i]!));
    return `${name} is at x = ${shortNumber(here[0]!)}, and its last step was ${shortNumber(length)} long`;
  });
  return `After ${t.toLocaleString("en")} steps ${words.join("; ")}. The minimum is at x = 6.`;
});

// Divergence of Adam.
/** The slope of every third loss. */
export const large: Signal<number> = state.number("large", 3, { min: 2.2, max: 8 });
