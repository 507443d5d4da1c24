// State of the chapter's figures and the values derived from it.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { symmetricEigen } from "../../../src/pictures/landscapes/directions.ts";
import type { Point } from "../../../src/pictures/landscapes/landscape.ts";
import { zoo } from "../../../src/pictures/landscapes/zoo.ts";
import { type PageState, pageState } from "../../live/address.ts";
import type { ChartSpec } from "../../live/chart.tsx";
import { type ContourMap, contourMap, type MapBox } from "../../live/contour-map.ts";
import { shortNumber } from "../../live/fields.tsx";
import { type Ground, readGround } from "../../live/ground.ts";
import { pointState } from "../../live/landscape.tsx";
import { readable, type Readable } from "../../live/readable.ts";
import type * as Lbfgs from "./lbfgs-run.ts";
import {
  type CurvatureRun,
  gaussNewton,
  measured,
  type Methods,
  methodsOn,
  misfit,
  mostSteps,
  times,
} from "./methods.ts";
import { type Distances, distancesOn, iterations, type ProductCosts, productCosts } from "./quadratic.ts";

export const state: PageState = pageState();

// Newton's method on a landscape.
/** Examples of landscapes, with a start and a rate for gradient descent. */
export const examples: readonly {
  readonly name: string;
  readonly text: string;
  readonly start: Point;
  readonly rate: number;
}[] = [
  { name: "Narrow bowl", text: "(x^2 + 20*(y - x/4)^2)/2", start: [-3.4, 1.8], rate: 0.08 },
  {
    name: "Rosenbrock",
    text: String(zoo["rosenbrock"]!.definition),
    start: zoo["rosenbrock"]!.start,
    rate: 0.001,
  },
  { name: "Two minima", text: "x^4/8 - x^2 + y^2", start: [-0.6, 1.8], rate: 0.2 },
  { name: "Not a parabola", text: "log(1 + exp(x) + exp(-x)) + y^2/2", start: [1.4, 1.8], rate: 0.4 },
];
const [first] = examples as readonly [(typeof examples)[number]];
export const formula: Signal<string> = state.text("f", first.text);
export const start: Signal<Point> = pointState(state, "start", first.start);
export const rate: Signal<number> = state.number("rate", first.rate, { min: 0.0001, max: 3 });
export const step: Signal<number> = state.number("step", 0, { min: 0, max: mostSteps });

interface Hill extends Ground {
  readonly methods: Methods;
}

const lbfgs: Signal<typeof Lbfgs | undefined> = signal(undefined);

/** Loads the runs of L-BFGS. */
export async function prepare(): Promise<void> {
  lbfgs.value = await import("./lbfgs-run.ts");
}

const read: Readable<Hill> = readable(formula, (text): Hill => {
  const ground = readGround(text);
  return { ...ground, methods: methodsOn(ground.landscape.value) };
});
export const hill: ReadonlySignal<Hill> = read.value;
export const problem: Readable<Hill>["problem"] = read.problem;
export const hillMap: ReadonlySignal<ContourMap> = computed(() =>
  contourMap(hill.value.text, hill.value.landscape, hill.value.box),
);

/** A run with the name of its method. */
export type NamedRun = CurvatureRun & { readonly name: string };

const lbfgsHere = computed(() => lbfgs.value?.lbfgsOn(hill.value.landscape.value));

export const runs: ReadonlySignal<readonly NamedRun[]> = computed(() => {
  const { methods } = hill.value;
  return [
    { name: "Newton", ...methods.newton(start.value) },
    ...(lbfgsHere.value === undefined ? [] : [{ name: "L-BFGS", ...lbfgsHere.value(start.value) }]),
    { name: "gradient descent", ...methods.gradient(start.value, rate.value) },
  ];
});

/** Curvatures at the start, and their effect on Newton's step. */
export const startWords: ReadonlySignal<string> = computed(() => {
  const { values } = symmetricEigen(hill.value.methods.hessian(start.value));
  const [high, low] = values.toSorted((a, b) => b - a) as [number, number];
  const told = `At the start, the curvatures are ${shortNumber(high)} and ${shortNumber(low)}.`;
  if (low > 0) return `${told} Their ratio, the condition number, is ${shortNumber(high / low)}.`;
  if (high > 0)
    return `${told} They have different signs, so the parabola of Newton’s step is a saddle, and the step goes to that saddle.`;
  return `${told} Neither is positive, so Newton’s step goes uphill.`;
});

/** The end of each run and its number of steps, in words. */
export const endWords: ReadonlySignal<string> = computed(() =>
  runs.value
    .map(({ name, points, values, isLost }) => {
      const steps = points.length - 1;
      if (isLost) return `${name} is lost after ${steps} ${steps === 1 ? "step" : "steps"}`;
      return `${name}: ${shortNumber(values.at(-1)!)} after ${steps} ${steps === 1 ? "step" : "steps"}`;
    })
    .join("; ")
    .concat("."),
);

// Many unknowns.
export const kappa: Signal<number> = state.number("kappa", 100, { min: 2, max: 10_000 });
const distances: ReadonlySignal<Distances> = computed(() => distancesOn(kappa.value));
const smallest = 1e-16; // distances below it are rounding errors

export const distanceChart: ReadonlySignal<ChartSpec> = computed(() => {
  const x = Array.from({ length: iterations + 1 }, (_, t) => t);
  const { gradient, momentum, conjugate } = distances.value;
  const shown = (y: readonly number[]): number[] => y.map((one) => (one < smallest ? Number.NaN : one));
  return {
    title: "Distance from the minimum by iteration",
    x: { label: "iteration", unit: "integer" },
    y: { label: "distance", log: true, domain: [1e-12, 10] },
    series: [
      { name: "gradient descent", x, y: shown(gradient), draw: "line" },
      { name: "momentum", x, y: shown(momentum), draw: "line" },
      { name: "conjugate gradients", x, y: shown(conjugate), draw: "line" },
    ],
  };
});

/** Iterations of each method until the distance is a millionth. */
export const distanceWords: ReadonlySignal<string> = computed(() => {
  const count = (list: readonly number[]): string => {
    const at = list.findIndex((one) => one < 1e-6);
    return at < 0 ? `more than ${iterations}` : String(at);
  };
  const { gradient, momentum, conjugate } = distances.value;
  return `Iterations until the distance is a millionth: gradient descent ${count(gradient)}, momentum ${count(momentum)}, conjugate gradients ${count(conjugate)}.`;
});

// Costs of products.
export const mostInputs = 32;
export const inputs: Signal<number> = state.number("n", 16, { min: 1, max: mostInputs, step: 1 });
export const costs: ReadonlySignal<ProductCosts> = computed(() => productCosts(inputs.value));

// A fit.
const fitBox: MapBox = [
  [0, 4],
  [-2, 0.6],
];
export const fitStart: Signal<Point> = pointState(state, "fit-start", [0.6, 0.1]);
export const fitStep: Signal<number> = state.number("fit-step", 0, { min: 0, max: mostSteps });
export const fitMap: ReadonlySignal<ContourMap> = computed(() =>
  contourMap("fit", { value: misfit, coordinates: ["a", "b"], saddles: [], lowest: 0 }, fitBox),
);
const fitMethods = methodsOn(misfit);
export const fitRuns: ReadonlySignal<readonly NamedRun[]> = computed(() => [
  { name: "Gauss-Newton", ...gaussNewton(fitStart.value) },
  { name: "Newton", ...fitMethods.newton(fitStart.value) },
  { name: "gradient descent", ...fitMethods.gradient(fitStart.value, 0.03) },
]);

/** The data, and the curve of Gauss-Newton at the shown step. */
export const fitChart: ReadonlySignal<ChartSpec> = computed(() => {
  const { points } = fitRuns.value[0]!;
  const [a, b] = points[Math.min(fitStep.value, points.length - 1)] as [number, number];
  const x = Array.from({ length: 57 }, (_, i) => i / 20);
  return {
    title: "Data and curve",
    x: { label: "t" },
    y: { label: "y", domain: [0, 2.5] },
    series: [
      { name: "measured", x: times, y: measured, draw: "dots", colour: "ink" },
      { name: "Gauss-Newton", x, y: x.map((t) => a * Math.exp(b * t)), draw: "line", colour: 0 },
    ],
  };
});

/** The end of each of the three fits, in words. */
export const fitWords: ReadonlySignal<string> = computed(() =>
  fitRuns.value
    .map(({ name, points, values, isLost }) => {
      const steps = points.length - 1;
      if (isLost) return `${name} is lost after ${steps} steps`;
      const [a, b] = points.at(-1) as [number, number];
      return `${name}: a = ${shortNumber(a)}, b = ${shortNumber(b)}, misfit ${shortNumber(values.at(-1)!)} after ${steps} steps`;
    })
    .join("; ")
    .concat("."),
);
