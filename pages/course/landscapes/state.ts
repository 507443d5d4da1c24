// State of the chapter's figures and the values derived from it.
import { computed } from "@preact/signals";
import { zoo } from "../../../src/pictures/landscapes/zoo.ts";
import { pageState } from "../../live/address.ts";
import type { ChartSpec } from "../../live/chart.tsx";
import { contourMap, type MapBox } from "../../live/contour-map.ts";
import { shortNumber } from "../../live/fields.tsx";
import { pointState } from "../../live/landscape.tsx";
import type { RaceStart } from "../../live/race-state.ts";
import { readable } from "../../live/readable.ts";
import type { Method } from "./basins.ts";
import { neurons, neuronSteps, trainNeurons } from "./neurons.ts";
import { distances, predictedSteps, stepsToLeave } from "./saddle.ts";
import { kinds, leftAt, readTerrain, terrainSteps } from "./terrain.ts";

export const state = pageState();

// Kinds of landscapes.
const first = kinds[0]!;
/** Range of the rate in the first figure. */
export const rateRange = { min: 0.001, max: 1 };
export const formula = state.text("f", first.text);
export const start = pointState(state, "start", first.start);
export const rate = state.number("rate", first.rate, rateRange);
export const step = state.number("step", 0, { min: 0, max: terrainSteps });
export const { value: terrain, problem } = readable(formula, readTerrain);
export const runs = computed(() => terrain.value.runs(start.value, rate.value));
/** The runs as a race, to share them. */
export const kindsRace = (): RaceStart => {
  const lr = rate.value;
  return {
    formula: terrain.value.text,
    start: start.value,
    racers: [
      { kind: "sgd", settings: { lr }, schedule: "constant" },
      { kind: "momentum", settings: { lr, momentum: 0.9 }, schedule: "constant" },
      { kind: "rmsprop", settings: { lr, alpha: 0.99 }, schedule: "constant" },
      { kind: "adam", settings: { lr, beta1: 0.9, beta2: 0.999 }, schedule: "constant" },
    ],
    steps: terrainSteps,
  };
};
export const terrainMap = computed(() =>
  contourMap(terrain.value.text, terrain.value.landscape, terrain.value.box),
);

/** Describes whether the landscape is convex, judged by its curvatures on the map. */
export const convexity = computed(() => {
  const { value, at } = terrain.value.leastCurvature;
  const where = `(${at.map(shortNumber).join(", ")})`;
  return value >= 0
    ? `The least curvature at 475 points of this map is ${shortNumber(value)}, so it is convex as far as they tell.`
    : `At ${where} it curves down: the least curvature there is ${shortNumber(value)}. It is not convex.`;
});

/** Step at which each method left its starting region, in one sentence. */
export const leaving = computed(() => {
  const told = runs.value.map((run) => {
    const left = leftAt(run, terrain.value);
    return `${run.name} ${left === undefined ? `not in ${terrainSteps}` : `after ${left}`}`;
  });
  const { lowest } = terrain.value.landscape;
  const what =
    lowest === undefined || lowest === -Infinity
      ? "Steps until it has left the map downhill"
      : "Steps until it is within 0.01 of the lowest value";
  return `${what}: ${told.join(", ")}.`;
});

// A saddle.
export const beside = state.number("beside", 0.001, { min: 1e-8, max: 1 });
export const saddleRate = state.number("saddle-rate", 0.05, { min: 0.01, max: 0.2 });
export const saddleSteps = computed(() => ({
  measured: stepsToLeave([beside.value], saddleRate.value)[0]!,
  predicted: predictedSteps(beside.value, saddleRate.value),
}));
const curve = computed(() => stepsToLeave(distances, saddleRate.value));

export const saddleChart = computed((): ChartSpec => ({
  title: "Steps until gradient descent has left the saddle",
  x: { label: "distance from the line into the saddle", log: true },
  y: { label: "steps", isFromZero: true },
  series: [
    { name: "counted", x: distances, y: curve.value, draw: "dots" },
    {
      name: "by theory",
      x: distances,
      y: distances.map((distance) => predictedSteps(distance, saddleRate.value)),
      draw: "dashes",
      colour: "ink",
    },
    { name: "this start", x: [beside.value], y: [saddleSteps.value.measured], draw: "dots" },
  ],
}));

// Two neurons.
export const weights = pointState(state, "weights", [-0.5, -0.5]);
export const noise = state.number("noise", 0, { min: 0, max: 0.3 });
export const seed = state.number("seed", 3, { min: 0, max: 999 });
export const neuronStep = state.number("t", 0, { min: 0, max: neuronSteps });
export const neuronRuns = computed(() =>
  trainNeurons(weights.value, { deviation: noise.value, seed: seed.value }),
);
export const neuronMap = contourMap("two neurons", neurons, neurons.domain as MapBox, 120);

/** End states of the two neurons, in one sentence. */
export const neuronEnds = computed(() => {
  const told = neuronRuns.value.map(({ name, points, values }) => {
    const [x, y] = points.at(-1) as [number, number];
    const how =
      x === y
        ? `both weights ${shortNumber(x)}, the same to the last bit`
        : `(${shortNumber(x)}, ${shortNumber(y)})`;
    return `${name}: ${how}, loss ${shortNumber(values.at(-1)!)}`;
  });
  return `${told.join("; ")}.`;
});

// The effect of the start.
const himmelblau = zoo["himmelblau"]!;
/** Range of the rate in the map of starts. */
export const basinRange = { min: 0.001, max: 0.5 };
export const basinFormula = state.text("g", String(himmelblau.definition));
export const basinRate = state.number("basin-rate", 0.01, basinRange);
export const method = state.choice<Method>("method", "gradient descent", ["gradient descent", "momentum"]);
export const probe = pointState(state, "probe", [-0.3, -1]);
