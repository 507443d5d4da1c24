// State of the chapter's figures and the values derived from it.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { MlpParams } from "downhill/nn";
import type { DigitsRun } from "../../../src/pictures/landscapes/presets/take-aways.ts";
import { numberFrom, type PageState, pageState } from "../../live/address.ts";
import type { ChartSpec } from "../../live/chart.tsx";
import { type ContourMap, gridMap } from "../../live/contour-map.ts";
import { type Job, jobOf } from "../../live/job.ts";
import { type KeptRuns, keptRuns } from "../../live/kept-runs.ts";
import type { MapTrail } from "../../live/landscape.tsx";
import { type HiddenUnit, hiddenUnits } from "./hidden.ts";
import { classes, firstParams, type Opinion, opinion, paramsOf } from "./network.ts";
import type { NetworkWork } from "./network.worker.ts";
import { inkOf, samples, textOf } from "./samples.ts";
import { type Method, methods, methodWords, usualRates } from "./settings.ts";
import type { DigitsEpoch, DigitsOrder, TrainedNetwork } from "./training.ts";

export const state: PageState = pageState();

// Training.
const firstTraining: DigitsOrder = { method: "adam", rate: usualRates.adam, epochs: 30, seed: 0 };
export const method: Signal<Method> = state.choice("method", firstTraining.method, methods);
const ranges = {
  rate: { min: 1e-4, max: 1 },
  epochs: { min: 5, max: 100 },
  seed: { min: 0, max: 99 },
} as const;
/** One rate per method, because they differ by two orders of magnitude. */
export const rates: Readonly<Record<Method, Signal<number>>> = {
  adam: state.number("adam-rate", usualRates.adam, ranges.rate),
  sgd: state.number("sgd-rate", usualRates.sgd, ranges.rate),
  tuned: state.number("top-rate", usualRates.tuned, ranges.rate),
};
export const epochs: Signal<number> = state.number("epochs", firstTraining.epochs, ranges.epochs);
export const seed: Signal<number> = state.number("seed", firstTraining.seed, ranges.seed);

const network: Signal<TrainedNetwork | undefined> = signal(undefined);
const prepared: Signal<TrainedNetwork | undefined> = signal(undefined);

const open = (): Worker => new Worker(new URL("./network.worker.js", import.meta.url), { type: "module" });
export const training: Job<NetworkWork> = jobOf(open);

const kept: KeptRuns<DigitsOrder, DigitsEpoch> = keptRuns<DigitsOrder, DigitsEpoch>({
  page: state,
  key: "training",
  write: (order) => [order.method, order.rate, order.epochs, order.seed].join(","),
  read: (text) => {
    const [name, ...numbers] = text.split(",");
    const found = methods.find((one) => one === name);
    if (found === undefined) throw new Error(`a method may be ${methods.join(", ")}`);
    const read = (key: keyof typeof ranges, i: number): number => numberFrom(numbers[i] ?? "", ranges[key]);
    return { method: found, rate: read("rate", 0), epochs: read("epochs", 1), seed: read("seed", 2) };
  },
  lengthOf: (order) => order.epochs,
  most: 1,
  job: training,
  first: firstTraining,
  run: (order, tell) =>
    training.start({ kind: "train", training: order }, (told) => {
      if (told.kind === "epoch") tell(told.epoch);
      if (told.kind === "trained") {
        network.value = told.network;
        epoch.value = 0;
      }
    }),
});

/** Epochs of the training run that was started here, or by the sender of the link. */
export const trainedEpochs: ReadonlySignal<readonly DigitsEpoch[]> = computed(
  () => kept.runs.value[0]?.told ?? [],
);
/** Settings of the training run whose epochs are `trainedEpochs`; `undefined` without such a run. */
export const trainedBy: ReadonlySignal<DigitsOrder | undefined> = computed(() => kept.runs.value[0]?.order);
/** Result of the last completed training run; without a training run of this page, the prepared network. */
export const trained: ReadonlySignal<TrainedNetwork | undefined> = computed(() =>
  trainedBy.value === undefined ? prepared.value : network.value,
);

/** Shows a network that was not trained by a run of this page. */
export function showTrained(result: TrainedNetwork): void {
  prepared.value = result;
}

/** Trains in a worker with the current settings. */
export function startTraining(): void {
  kept.start({
    method: method.value,
    rate: rates[method.value].value,
    epochs: epochs.value,
    seed: seed.value,
  });
}

/** Starts the initial training run. */
export const beginTraining = (): void => kept.begin();

/** Losses by epoch. */
export const lossChart: ReadonlySignal<ChartSpec> = computed(() => {
  const x = trainedEpochs.value.map((one) => one.epoch);
  return {
    title: "Loss by epoch",
    x: { label: "epoch", unit: "integer" },
    y: { label: "loss", log: true },
    series: [
      { name: "training digits", x, y: trainedEpochs.value.map(({ loss }) => loss), draw: "line" },
      {
        name: "test digits",
        x,
        y: trainedEpochs.value.map(({ unseenLoss }) => unseenLoss),
        draw: "line",
      },
    ],
  };
});

/** Accuracy on held-out digits, by epoch. */
export const accuracyChart: ReadonlySignal<ChartSpec> = computed(() => ({
  title: "Correct answers on the test digits, by epoch",
  x: { label: "epoch", unit: "integer" },
  y: { label: "correct of 360 test digits", unit: "percent", domain: [0, 1] },
  series: [
    {
      name: "right",
      x: trainedEpochs.value.map((one) => one.epoch),
      y: trainedEpochs.value.map(({ unseenAccuracy }) => unseenAccuracy),
      draw: "line",
    },
  ],
}));

// The slice.
/** The epoch up to which the figure shows the path of the parameters. */
export const epoch: Signal<number> = signal(0);

export interface SliceView {
  readonly contours: ContourMap;
  readonly trail: MapTrail;
  readonly last: number;
  /** Fraction of the path's variance that the plane explains. */
  readonly explained: number;
}

export const slice: ReadonlySignal<SliceView | undefined> = computed(() => {
  const cut = trained.value?.slice;
  if (cut === undefined) return undefined;
  const { alphas, betas, values, path, explained } = cut;
  const ends = (list: readonly number[]) => [list[0]!, list.at(-1)!] as const;
  const grid = {
    columns: alphas.length,
    rows: betas.length,
    values: Float64Array.from(values.flat()),
  };
  return {
    contours: gridMap(["first direction", "second direction"], [ends(alphas), ends(betas)], grid, 0),
    trail: {
      name: methodWords[trainedBy.peek()?.method ?? method.peek()],
      points: path.map(({ alpha, beta }) => [alpha, beta]),
      values: path.map(({ loss }) => loss),
    },
    last: path.length - 1,
    explained: explained === undefined ? 0 : explained[0] + explained[1],
  };
});

// A digit to draw.
export const ink: Signal<readonly number[]> = state.value("ink", inkOf(samples[3]!), inkOf, textOf);
/** Class whose score is differentiated with respect to the pixels. */
export const about: Signal<string> = state.choice("about", "guess", [
  "guess",
  ...Array.from({ length: classes }, (_, k) => String(k)),
]);

const params: ReadonlySignal<MlpParams> = computed(() =>
  trained.value === undefined ? firstParams(seed.value) : paramsOf(trained.value.params),
);

/** Prediction of the network for the drawing. */
export const said: ReadonlySignal<Opinion> = computed(() =>
  opinion(params.value, ink.value, about.value === "guess" ? undefined : Number(about.value)),
);

// The advice.
export const compared: Signal<readonly DigitsRun[]> = signal([]);
export const comparison: Job<NetworkWork> = jobOf(open);

export function startComparison(): void {
  compared.value = [];
  comparison.start({ kind: "compare", seed: seed.value }, (told) => {
    if (told.kind === "compared") compared.value = [...compared.value, told.run];
  });
}

/** Accuracy of each run, by epoch. */
export const adviceChart: ReadonlySignal<ChartSpec> = computed(() => ({
  title: "Correct answers on the test digits, by epoch",
  x: { label: "epoch", unit: "integer" },
  y: { label: "correct of 360 test digits", unit: "percent", domain: [0, 1] },
  series: compared.value.map(({ name, accuracies }) => ({
    name,
    x: accuracies.map((_, i) => i + 1),
    y: accuracies,
    draw: "line",
  })),
}));

// The hidden units.
/** Index of the unit whose weights in the scores are shown. */
export const chosenUnit: Signal<number> = state.number("unit", 0, { min: 0, max: 31, step: 1 });
export const units: ReadonlySignal<readonly HiddenUnit[]> = computed(() =>
  hiddenUnits(params.value, ink.value),
);
