// Quadratic bowls ½(x² + κy²): the rates that converge, and the number of steps at the best rate.
import {
  add,
  div,
  grad,
  greater,
  linspace,
  mul,
  norm,
  scan,
  square,
  type Tensor,
  tensor,
  vmap,
  where,
} from "downhill";
import { makeJitted as jit } from "../../../src/engine/runtime/jitted.ts";
import { applyUpdates, sgd } from "downhill/optim";
import type { Landscape, Point } from "../../../src/pictures/landscapes/landscape.ts";
import type { MapBox } from "../../live/contour-map.ts";
import { type Descent, descentOf } from "../../live/descent.ts";

/** ½(x² + κy²), whose Hessian has the eigenvalues 1 and κ. */
function height(point: Tensor, kappa: Tensor): Tensor {
  return div(add(square(point.at(0)), mul(kappa, square(point.at(1)))), 2);
}

/** Start of all runs on bowls. */
export const bowlStart: Point = [-3, 2];

/** Region shown by the maps of bowls. */
export const bowlBox: MapBox = [
  [-4, 4],
  [-3, 3],
];

/** The bowl as a landscape for a map. */
export function bowlOf(kappa: number): Pick<Landscape, "value" | "coordinates" | "saddles" | "lowest"> {
  const steepness = tensor(kappa, { dtype: "float64" });
  return {
    value: (point) => height(point, steepness),
    coordinates: ["x", "y"],
    saddles: [],
    lowest: 0,
  };
}

/** Number of drawn steps of a run on a bowl. */
export const bowlSteps = 40;

/** Gradient descent on a bowl from {@link bowlStart}. */
export const descendBowl: (
  start: Point,
  settings: { readonly rate: number; readonly kappa: number },
) => Descent = /* @__PURE__ */ descentOf(
  (point, { kappa }) => height(point, kappa),
  ({ rate }) => sgd({ learningRate: rate }),
  bowlSteps,
);

/**
 * Repeats gradient descent and returns the distance from the minimum after the given number of steps, and the number of
 * steps at which it exceeds a tolerance.
 */
function follow(
  rate: Tensor,
  kappa: Tensor,
  steps: number,
): { readonly distance: Tensor; readonly stepsAbove: Tensor } {
  const optimizer = sgd({ learningRate: rate });
  const start = tensor([...bowlStart], { dtype: "float64" });
  const goal = tolerance * Math.hypot(...bowlStart);
  const slope = grad((point: Tensor) => height(point, kappa));
  const [{ x, stepsAbove }] = scan(
    ({ x: at, state, stepsAbove: count }) => {
      const { updates, state: next } = optimizer.update(slope(at), state, at);
      return [
        {
          x: applyUpdates(at, updates),
          state: next,
          stepsAbove: add(count, where(greater(norm(at), goal), 1, 0)),
        },
        null,
      ] as const;
    },
    { x: start, state: optimizer.init(start), stepsAbove: tensor(0) },
    null,
    { length: steps },
  );
  return { distance: norm(x), stepsAbove };
}

/** Fraction of the initial distance at which a run has arrived. */
export const tolerance = 1e-6;

/** Number of steps of the sweep over rates. */
export const sweepSteps = 100;

const distancesAt = /* @__PURE__ */ jit((rates: Tensor, kappa: Tensor) =>
  vmap((rate: Tensor) => follow(rate, kappa, sweepSteps).distance)(rates),
);

/** Distance from the minimum after {@link sweepSteps} steps, at each of 120 rates up to 1.3 times the limit 2/κ. */
export function sweepRates(kappa: number): { readonly rates: number[]; readonly distances: number[] } {
  const rates = linspace((1.3 * 2) / kappa / 120, (1.3 * 2) / kappa, 120);
  return {
    rates: rates.tolist() as number[],
    distances: distancesAt(rates, tensor(kappa, { dtype: "float64" })).tolist() as number[],
  };
}

/** The measured limit: the lowest rate of a sweep at which the run ends farther out than it started. */
export function measuredLimit({ rates, distances }: ReturnType<typeof sweepRates>): number {
  const begin = Math.hypot(...bowlStart);
  return rates[distances.findIndex((distance) => !(distance <= begin))]!;
}

/** Factor by which one step at the best rate, 2/(1 + κ), multiplies the error: (κ − 1)/(κ + 1). */
export function bestFactor(kappa: number): number {
  return (kappa - 1) / (kappa + 1);
}

/** Theoretical number of steps at the best rate until the distance has shrunk to {@link tolerance}. */
export function predictedSteps(kappa: number): number {
  return kappa === 1 ? 1 : Math.ceil(Math.log(tolerance) / Math.log(bestFactor(kappa)));
}

/** Condition numbers at which steps are counted. */
export const kappas: readonly number[] = [1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100];

/** A sufficient number of steps for every κ up to 100. */
const enoughSteps = 800;

const counted = /* @__PURE__ */ jit((conditions: Tensor) =>
  vmap((kappa: Tensor) => follow(div(2, add(1, kappa)), kappa, enoughSteps).stepsAbove)(conditions),
);

/** Measured number of steps at the best rate until the distance has shrunk to {@link tolerance}; κ from 1 to 100. */
export function measuredSteps(conditions: readonly number[]): number[] {
  return counted(tensor([...conditions], { dtype: "float64" })).tolist() as number[];
}
