// State of the chapter's figures and the values derived from it.
import { computed } from "@preact/signals";
import { pageState } from "../../live/address.ts";
import type { ChartSpec } from "../../live/chart.tsx";
import { contourMap } from "../../live/contour-map.ts";
import { shortNumber } from "../../live/fields.tsx";
import { pointState } from "../../live/landscape.tsx";
import type { RaceStart } from "../../live/race-state.ts";
import { readable } from "../../live/readable.ts";
import {
  bowlBox,
  bowlOf,
  bowlStart,
  descendBowl,
  kappas,
  measuredLimit,
  measuredSteps,
  predictedSteps,
  sweepRates,
  sweepSteps,
  tolerance,
} from "./bowls.ts";
import { examples, mostSteps, readHill } from "./hill.ts";

export const state = pageState();

// The initial landscape.
const first = examples[0]!;
/** Range of the rate in the first figure. */
export const rateRange = { min: 0.0001, max: 3 };
export const formula = state.text("f", first.text);
export const start = pointState(state, "start", first.start);
export const rate = state.number("rate", first.rate, rateRange);
export const step = state.number("step", 0, { min: 0, max: mostSteps });
export const { value: hill, problem } = readable(formula, readHill);
export const run = computed(() => hill.value.descend(start.value, { rate: rate.value }));
/** The run as a race, to share it. */
export const descentRace = (): RaceStart => ({
  formula: hill.value.text,
  start: start.value,
  racers: [{ kind: "sgd", settings: { lr: rate.value }, schedule: "constant" }],
  steps: mostSteps,
});
export const hillMap = computed(() => contourMap(hill.value.text, hill.value.landscape, hill.value.box));

/** Effect of the first step, in one sentence. */
export const firstStep = computed(() => {
  const { points, values, gradientNorms } = run.value;
  const [from, to] = points;
  if (!Number.isFinite(values[0]!)) return "The function has no value at this start: choose another.";
  if (to === undefined) return "The first step already leaves what numbers can hold.";
  const slope = from!.map((x, i) => (x - to[i]!) / rate.value);
  return `At the start the gradient is ${pair(slope)}, ${shortNumber(gradientNorms[0]!)} long. The first step adds ${pair(slope.map((g) => -rate.value * g))} to the point, and takes f from ${shortNumber(values[0]!)} to ${shortNumber(values[1]!)}.`;
});

/** Outcome of the run, and the theory of its rate at the end point. */
export const ending = computed(() => {
  const { points, values, gradientNorms, isLost } = run.value;
  const steps = points.length - 1;
  if (!Number.isFinite(values[0]!)) return "";
  if (isLost) return `After ${steps} steps the run is lost: it diverges.`;
  const told = `After ${steps} steps f is ${shortNumber(values.at(-1)!)}, and the gradient ${shortNumber(gradientNorms.at(-1)!)} long.`;
  const [largest] = hill.value.curvatures(points.at(-1)!);
  if (!(largest! > 0)) return told;
  const limit = 2 / largest!;
  return `${told} The largest curvature there is ${shortNumber(largest!)}: a run can stay there at rates below 2/${shortNumber(largest!)} = ${shortNumber(limit)}, and this one has ${shortNumber(rate.value)}.`;
});

function pair([x, y]: readonly number[]): string {
  return `(${shortNumber(x!)}, ${shortNumber(y!)})`;
}

// The maximum step size.
export const steep = state.number("steep", 4, { min: 1, max: 20 });
export const bowlRate = state.number("bowl-rate", 0.4, { min: 0.01, max: 2.6 });
const sweep = computed(() => sweepRates(steep.value));
export const bowlRun = computed(() => descendBowl(bowlStart, { rate: bowlRate.value, kappa: steep.value }));
export const bowlMap = computed(() => mapOfBowl(steep.value));
export const limits = computed(() => ({
  predicted: 2 / steep.value,
  measured: measuredLimit(sweep.value),
}));

/** Factor by which a step multiplies each coordinate: by theory, and in the run's first step. */
export const factors = computed(() => {
  const [from, to] = bowlRun.value.points as [readonly number[], readonly number[]];
  return ["x", "y"].map((name, i) => ({
    name,
    predicted: 1 - bowlRate.value * (i === 0 ? 1 : steep.value),
    measured: to[i]! / from[i]!,
  }));
});

export const sweepChart = computed((): ChartSpec => {
  const { rates, distances } = sweep.value;
  return {
    title: `Distance from the minimum after ${sweepSteps} steps`,
    x: { label: "learning rate η" },
    y: { label: "distance", log: true },
    series: [{ name: "gradient descent", x: rates, y: distances }],
    marks: [
      { x: limits.value.predicted, label: "2/λ" },
      ...(bowlRate.value <= rates.at(-1)! ? [{ x: bowlRate.value, label: "η" }] : []),
    ],
  };
});

// Narrow valleys.
export const kappa = state.number("kappa", 10, { min: 1, max: 100 });
export const bestRate = computed(() => 2 / (1 + kappa.value));
export const valleyRun = computed(() => descendBowl(bowlStart, { rate: bestRate.value, kappa: kappa.value }));
export const valleyMap = computed(() => mapOfBowl(kappa.value));
/** Measured numbers of steps, in the order of {@link kappas}. */
export const counts: readonly number[] = measuredSteps(kappas);
export const stepsHere = computed(() => ({
  measured: measuredSteps([kappa.value])[0]!,
  predicted: predictedSteps(kappa.value),
}));

export const stepsChart = computed((): ChartSpec => {
  const here = stepsHere.value;
  return {
    title: `Steps until the distance has shrunk to ${tolerance.toExponential(0).replace("-", "−")} of its beginning`,
    x: { label: "condition number κ", log: true },
    y: { label: "steps", log: true },
    series: [
      { name: "counted", x: kappas, y: counts, draw: "dots" },
      { name: "by theory", x: kappas, y: kappas.map(predictedSteps), draw: "dashes" },
      { name: "this bowl", x: [kappa.value], y: [here.measured], draw: "dots" },
    ],
  };
});

const bowlAcross = 110; // grid points along x; few, because the map is recomputed while κ is dragged

function mapOfBowl(condition: number): ReturnType<typeof contourMap> {
  return contourMap(`bowl ${condition}`, bowlOf(condition), bowlBox, bowlAcross);
}
