// State of the chapter's figures and the values derived from it.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { LrRange } from "downhill/train";
import { numberFrom, type PageState, pageState } from "../../live/address.ts";
import type { ChartSpec, SeriesSpec } from "../../live/chart.tsx";
import { type ContourMap, contourMap } from "../../live/contour-map.ts";
import { shortNumber } from "../../live/fields.tsx";
import type { Descent } from "../../live/descent.ts";
import { type Job, jobOf } from "../../live/job.ts";
import { type KeptRuns, keptRuns } from "../../live/kept-runs.ts";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import type { RaceStart } from "../../live/race-state.ts";
import { pointState } from "../../live/landscape.tsx";
import { bowlBox, bowlOf, bowlStart } from "../gradient-descent/bowls.ts";
import {
  bestPlainRate,
  bestSettings,
  descend,
  drawnSteps,
  factorOf,
  measuredFactors,
  predictedDistance,
  type Settings,
  stepsTo,
} from "./momentum.ts";
import { epochs, ratesOf, type ScheduleName, scheduleNames, scheduleWords } from "./schedules.ts";
import type { TrainedEpoch, TrainingOrder } from "./training.ts";
import type { TrainingWork } from "./training.worker.ts";

export const state: PageState = pageState();

const coarse = 120; // grid points of the map along x; enough for a smooth bowl

// The ravine.
export const start: Signal<Point> = pointState(state, "start", bowlStart);
export const kappa: Signal<number> = state.number("kappa", 25, { min: 2, max: 200 });
export const rate: Signal<number> = state.number("rate", 0.07, { min: 0.001, max: 1 });
export const beta: Signal<number> = state.number("beta", 0.3, { min: 0, max: 0.99 });
export const step: Signal<number> = state.number("step", 0, { min: 0, max: drawnSteps });

const settings = computed((): Settings & Record<string, number> => ({
  rate: rate.value,
  beta: beta.value,
  kappa: kappa.value,
}));
export const bowlMap: ReadonlySignal<ContourMap> = computed(() =>
  contourMap(`bowl ${kappa.value}`, bowlOf(kappa.value), bowlBox, coarse),
);
export const plainRun: ReadonlySignal<Descent> = computed(() =>
  descend(start.value, { ...settings.value, beta: 0 }),
);
export const heavyRun: ReadonlySignal<Descent> = computed(() => descend(start.value, settings.value));
/** The two runs of the ravine figure, without and with momentum, as settings of a race that a link can open. */
export const ravineRace = (): RaceStart => ({
  formula: `(x^2 + ${kappa.value}*y^2)/2`,
  start: start.value,
  racers: [
    { kind: "sgd", settings: { lr: rate.value }, schedule: "constant" },
    { kind: "momentum", settings: { lr: rate.value, momentum: beta.value }, schedule: "constant" },
  ],
  steps: drawnSteps,
  known: { box: bowlBox, minima: [[0, 0]], lowest: 0 },
});

/** Progress of the runs, in words. */
export const ravineWords: ReadonlySignal<string> = computed(() => {
  const words = ({ points, isLost }: typeof plainRun.value): string =>
    isLost ? "has diverged" : `is ${shortNumber(Math.hypot(...points.at(-1)!))} from the minimum`;
  return `After ${drawnSteps} steps gradient descent ${words(plainRun.value)}, and momentum ${words(heavyRun.value)}.`;
});

// Theory.
export const theory: ReadonlySignal<number> = computed(() => factorOf(settings.value));
export const measuredHere: ReadonlySignal<number> = computed(
  () => measuredFactors([beta.value], settings.value, start.value)[0]!,
);

const tooFar = 1e6; // larger values are not drawn

/** Measured and theoretical distances by step. */
export const distanceChart: ReadonlySignal<ChartSpec> = computed((): ChartSpec => {
  const at = Array.from({ length: drawnSteps + 1 }, (_, t) => t);
  const runs = [
    { name: "gradient descent", run: plainRun.value, beta: 0 },
    { name: "momentum", run: heavyRun.value, beta: beta.value },
  ];
  const shown = (y: number): number => (y <= tooFar ? y : Number.NaN);
  return {
    title: "Distance from the minimum by step",
    x: { label: "step" },
    y: { label: "distance", log: true },
    series: [
      ...runs.map(({ name, run }, i): SeriesSpec => {
        const y = run.points.map((point) => shown(Math.hypot(...point)));
        return { name, x: at.slice(0, y.length), y, colour: i, draw: "line" };
      }),
      ...runs.map(({ beta: own }): SeriesSpec => ({
        name: "theory",
        x: at,
        y: at.map((t) => shown(predictedDistance(start.value, { ...settings.value, beta: own }, t))),
        draw: "dashes",
        colour: "ink",
      })),
    ],
  };
});

const sweptBetas = Array.from({ length: 25 }, (_, i) => i * 0.04);
const theoryBetas = Array.from({ length: 200 }, (_, i) => i / 200);

/** Factor by which a step multiplies the distance, for each β. */
export const factorChart: ReadonlySignal<ChartSpec> = computed((): ChartSpec => {
  const measured = measuredFactors(sweptBetas, settings.value, start.value);
  return {
    title: "What a step multiplies the distance by, for each β",
    x: { label: "β", domain: [0, 1] },
    y: { label: "factor a step" },
    series: [
      { name: "measured", x: sweptBetas, y: measured, draw: "dots" },
      {
        name: "theory",
        x: theoryBetas,
        y: theoryBetas.map((b) => factorOf({ ...settings.value, beta: b })),
        draw: "dashes",
        colour: "ink",
      },
    ],
    marks: [{ x: beta.value, label: `β = ${shortNumber(beta.value)}` }],
  };
});

// The prediction.
const conditions = [25, 100, 400];
/** Numbers of steps until the distance is a millionth, each method with its best settings. */
export const stepsByCondition: readonly {
  readonly condition: number;
  readonly plain: number;
  readonly heavy: number;
}[] = conditions.map((condition) => ({
  condition,
  plain: stepsTo(1e-6, bowlStart, { rate: bestPlainRate(condition), beta: 0, kappa: condition })!,
  heavy: stepsTo(1e-6, bowlStart, { ...bestSettings(condition), kappa: condition })!,
}));

// Schedules, and the trained network.
const firstTraining: TrainingOrder = { schedule: "held", rate: 0.3, seed: 0 };
export const schedule: Signal<ScheduleName> = state.choice<ScheduleName>(
  "schedule",
  firstTraining.schedule,
  scheduleNames,
);
const topRange = { min: 0.003, max: 2 };
const seedRange = { min: 0, max: 99 };
export const topRate: Signal<number> = state.number("top", firstTraining.rate, topRange);
export const seed: Signal<number> = state.number("seed", firstTraining.seed, seedRange);

export const rateChart: ReadonlySignal<ChartSpec> = computed((): ChartSpec => {
  const { x, y } = ratesOf(schedule.value, topRate.value);
  return {
    title: `The rate by epoch, ${scheduleWords[schedule.value]}`,
    x: { label: "epoch", domain: [0, epochs] },
    y: { label: "learning rate", isFromZero: true },
    series: [{ name: scheduleWords[schedule.value], x, y, draw: "line" }],
  };
});

/** A training run that was started here. */
export interface Training {
  readonly name: string;
  readonly epochs: readonly TrainedEpoch[];
}

export const training: Job<TrainingWork> = jobOf<TrainingWork>(
  () => new Worker(new URL("./training.worker.js", import.meta.url), { type: "module" }),
);

const kept: KeptRuns<TrainingOrder, TrainedEpoch> = keptRuns<TrainingOrder, TrainedEpoch>({
  page: state,
  key: "trainings",
  write: (order) => [order.schedule, order.rate, order.seed].join(","),
  read: (text) => {
    const [name, rateText = "", seedText = ""] = text.split(",");
    const found = scheduleNames.find((one) => one === name);
    if (found === undefined) throw new Error(`a schedule may be ${scheduleNames.join(", ")}`);
    return { schedule: found, rate: numberFrom(rateText, topRange), seed: numberFrom(seedText, seedRange) };
  },
  lengthOf: () => epochs,
  most: 6,
  job: training,
  first: firstTraining,
  run: (order, tell) =>
    training.start({ kind: "train", training: order }, (told) => {
      if (told.kind === "epoch") tell(told.epoch);
    }),
});

/** Training runs that were started here, or by the sender of the link, for comparison. */
export const trainings: ReadonlySignal<readonly Training[]> = computed(() =>
  kept.runs.value.map(({ order, told }) => ({
    name: `${scheduleWords[order.schedule]}, η = ${shortNumber(order.rate)}${order.seed === 0 ? "" : `, seed ${order.seed}`}`,
    epochs: told,
  })),
);

/** Trains in a worker with the current settings. */
export function startTraining(): void {
  kept.start({ schedule: schedule.value, rate: topRate.value, seed: seed.value });
}

/** Starts the initial training run. */
export const beginTraining = (): void => kept.begin();

export const clearTrainings = (): void => kept.clear();

const lastEpochs = 5; // number of last epochs in the mean, because single losses fluctuate

/** Mean loss of the last epochs of a training run. */
export function endOf({ epochs: all }: Training): number {
  const last = all.slice(-lastEpochs);
  return last.reduce((sum, { loss }) => sum + loss, 0) / last.length;
}

/** Losses or rates of the training runs by epoch. */
export function trainingChart(of: "loss" | "rate"): ChartSpec {
  return {
    title: of === "loss" ? "Loss by epoch" : "Rate by epoch",
    x: { label: "epoch", domain: [0, epochs] },
    y: of === "loss" ? { label: "loss", log: true } : { label: "learning rate", isFromZero: true },
    series: trainings.value
      .filter((one) => one.epochs.length > 0)
      .map((one) => ({
        name: one.name,
        x: one.epochs.map(({ epoch }) => epoch),
        y: one.epochs.map((epoch) => epoch[of]),
        draw: "line",
      })),
  };
}

// The range test.
export const range: Signal<LrRange | undefined> = signal<LrRange | undefined>(undefined);
export const rangeTest: Job<TrainingWork> = jobOf<TrainingWork>(
  () => new Worker(new URL("./training.worker.js", import.meta.url), { type: "module" }),
);

export function startRangeTest(): void {
  range.value = undefined;
  rangeTest.start({ kind: "range", seed: seed.value }, (told) => {
    if (told.kind === "range") range.value = told.range;
  });
}

/** Losses by rate, with the rates suggested by the test. */
export function rangeChart({ rates, losses, smoothed, suggestion }: LrRange): ChartSpec {
  const highest = 2 * Math.max(...smoothed.slice(0, 10)); // losses above it have diverged
  const upToHighest = (all: readonly number[]): number[] => all.map((y) => (y <= highest ? y : Number.NaN));
  return {
    title: "Loss by rate",
    x: { label: "learning rate", log: true },
    y: { label: "loss" },
    series: [
      { name: "loss of a batch", x: rates, y: upToHighest(losses), draw: "dots", colour: 1 },
      { name: "averaged", x: rates, y: upToHighest(smoothed), draw: "line", colour: 0 },
    ],
    marks:
      suggestion === null
        ? []
        : [
            { x: suggestion.base, label: "lowest" },
            { x: suggestion.max, label: "highest" },
          ],
  };
}
