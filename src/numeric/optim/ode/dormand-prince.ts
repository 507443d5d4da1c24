import {
  abs,
  add,
  div,
  maximum,
  minimum,
  mul,
  pow,
  sqrt,
  square,
  sub,
  where,
  greater,
} from "../../array/elementwise.ts";
import { mean } from "../../array/reduce.ts";
import { at } from "../../array/at.ts";
import { stack } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";

/** The right-hand side of `dy/dt = f(y, t)`. */
export type OdeFunction = (y: Tensor, t: Tensor) => Tensor;

/** Tolerances of the error of a step: `atol + rtol·|y|` for each element of y. */
export interface Tolerances {
  readonly rtol: number;
  readonly atol: number;
}

/**
 * Times of the stages of the Dormand–Prince pair of orders 5 and 4. The constants after them are the weights of the
 * previous stages, of the error, and of the dense output of order 4.
 *
 * @see Dormand, Prince, A family of embedded Runge-Kutta formulae, 1980; Hairer, Nørsett, Wanner, Solving ordinary differential
 * equations I, 2nd edition, II.4 to II.6.
 */
const times = [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const weights: readonly (readonly number[])[] = [
  [],
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
];
const errorWeights = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40];
const denseWeights = [
  -12715105075 / 11282082432,
  0,
  87487479700 / 32700410799,
  -10690763975 / 1880347072,
  701980252875 / 199316789632,
  -1453857185 / 822651844,
  69997945 / 29380423,
];

/** `Σ wᵢ kᵢ` */
function combine(w: readonly number[], k: readonly Tensor[]): Tensor {
  const terms = k.flatMap((ki, i) => (w[i] === 0 || w[i] === undefined ? [] : [mul(w[i], ki)]));
  return terms.reduce((sum, term) => add(sum, term));
}

/** Result of a Runge–Kutta step, with the solution `y` at its end. */
export interface RungeKuttaStep {
  readonly y: Tensor;
  /** The slope at the end, which is the first slope of the next step. */
  readonly slope: Tensor;
  /** The error estimate, and the slopes of all stages. */
  readonly error: Tensor;
  readonly stages: readonly Tensor[];
}

/** Computes a Dormand–Prince step from y at time t to t + h. `first` is the slope f(y, t) at its start. */
export function step(f: OdeFunction, y: Tensor, first: Tensor, t: Tensor, h: Tensor): RungeKuttaStep {
  const stages = [first];
  let end = y;
  for (let i = 1; i < times.length; i++) {
    end = add(y, mul(h, combine(weights[i]!, stages)));
    stages.push(f(end, add(t, mul(times[i]!, h))));
  }
  return { y: end, slope: stages[6]!, error: mul(h, combine(errorWeights, stages)), stages };
}

/** Coefficients of the polynomial of order 4 through a step from y over h: `[5, n]`, for `alongStep`. */
export function polynomial(y: Tensor, h: Tensor, { y: end, stages, slope }: RungeKuttaStep): Tensor {
  const rise = sub(end, y);
  const bend = sub(mul(h, stages[0]!), rise);
  return stack([y, rise, bend, sub(sub(rise, mul(h, slope)), bend), mul(h, combine(denseWeights, stages))]);
}

/** Evaluates a polynomial with the coefficients of `polynomial` at the fraction `part` of its step, from 0 to 1. */
export function alongStep(coefficients: Tensor, part: Tensor): Tensor {
  const c = (i: number): Tensor => at(coefficients, i);
  const rest = sub(1, part);
  const inner = add(c(3), mul(rest, c(4)));
  return add(c(0), mul(part, add(c(1), mul(rest, add(c(2), mul(part, inner))))));
}

/** Error in units of the tolerance (root mean square); a step is accepted if it is at most 1. */
export function errorRatio(error: Tensor, from: Tensor, to: Tensor, { rtol, atol }: Tolerances): Tensor {
  const allowed = add(atol, mul(rtol, maximum(abs(from), abs(to))));
  return rootMeanSquare(div(error, allowed));
}

/**
 * Factor between the lengths of the next step and this one, from 0.2 to 10, for the error `ratio` of this step in units
 * of the tolerance. The error is proportional to the fifth power of the length.
 */
export function growth(ratio: Tensor): Tensor {
  const wanted = mul(0.9, pow(maximum(ratio, 1e-10), -0.2));
  return minimum(maximum(wanted, 0.2), 10);
}

/** Initial step length, over which neither y nor its slope changes much (Hairer, Nørsett, Wanner, II.4). */
export function firstLength(
  f: OdeFunction,
  y: Tensor,
  slope: Tensor,
  t: Tensor,
  { rtol, atol }: Tolerances,
): Tensor {
  const scale = add(atol, mul(rtol, abs(y)));
  const [size, speed] = [rootMeanSquare(div(y, scale)), rootMeanSquare(div(slope, scale))];
  const isSmall = greater(1e-5, minimum(size, speed));
  const guess = where(isSmall, 1e-6, mul(0.01, div(size, where(isSmall, 1, speed))));
  const after = f(add(y, mul(guess, slope)), add(t, guess));
  const bend = div(rootMeanSquare(div(sub(after, slope), scale)), guess);
  const most = maximum(speed, bend);
  const isFlat = greater(1e-15, most);
  const second = where(isFlat, maximum(1e-6, mul(1e-3, guess)), pow(div(0.01, where(isFlat, 1, most)), 0.2));
  return minimum(mul(100, guess), second);
}

function rootMeanSquare(x: Tensor): Tensor {
  return sqrt(mean(square(x)));
}
