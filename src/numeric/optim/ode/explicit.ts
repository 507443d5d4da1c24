import {
  abs,
  add,
  div,
  greater,
  isFinite,
  less,
  lessEqual,
  maximum,
  minimum,
  mul,
  pow,
  square,
  sub,
  where,
} from "../../array/elementwise.ts";
import { full, tensor } from "../../array/create.ts";
import { sum } from "../../array/reduce.ts";
import { stack } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import {
  alongStep,
  errorRatio,
  type OdeFunction,
  type OdeMethod,
  rootMeanSquare,
  stable,
  type Tolerances,
} from "./method.ts";

/**
 * Coefficients of an explicit Runge–Kutta pair of orders 5 and 4 with seven stages. The seventh one is the slope at the
 * end of the step.
 */
interface ExplicitPair {
  /** Times of the stages, as fractions of the step. */
  readonly times: readonly number[];
  /**
   * For each stage, the weights of the previous stages in its argument. The last list gives the solution of order 5.
   */
  readonly weights: readonly (readonly number[])[];
  readonly errorWeights: readonly number[];
  /** Coefficients for `alongStep` of the polynomial of order 4 through a step from y with length h: `[5, n]`. */
  readonly polynomial: (y: Tensor, h: Tensor, step: ExplicitStep) => Tensor;
}

/** Result of an explicit step. */
interface ExplicitStep {
  readonly y: Tensor;
  readonly error: Tensor;
  readonly stages: readonly Tensor[];
  /** Argument of the sixth stage, which is at the end of the step like y. */
  readonly near: Tensor;
}

/**
 * Coefficients of the Dormand–Prince pair.
 *
 * @see Dormand, Prince, A family of embedded Runge-Kutta formulae, 1980; Hairer, Nørsett, Wanner, Solving ordinary
 * differential equations I, 2nd edition, II.4 to II.6.
 */
const dormandPrince = /* @__PURE__ */ ((): ExplicitPair => ({
  times: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1],
  weights: [
    [],
    [1 / 5],
    [3 / 40, 9 / 40],
    [44 / 45, -56 / 15, 32 / 9],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
  ],
  errorWeights: [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40],
  polynomial(y, h, { y: end, stages }) {
    const rise = sub(end, y);
    const bend = sub(mul(h, stages[0]!), rise);
    const last = sub(sub(rise, mul(h, stages[6]!)), bend);
    return stack([y, rise, bend, last, mul(h, combine(dormandPrinceDense, stages))]);
  },
}))();
const dormandPrinceDense = /* @__PURE__ */ ((): readonly number[] => [
  -12715105075 / 11282082432,
  0,
  87487479700 / 32700410799,
  -10690763975 / 1880347072,
  701980252875 / 199316789632,
  -1453857185 / 822651844,
  69997945 / 29380423,
])();

/**
 * Coefficients of the Tsitouras pair.
 *
 * @see Tsitouras, Runge–Kutta pairs of order 5(4) satisfying only the first column simplifying assumption, 2011.
 */
const tsitouras = /* @__PURE__ */ ((): ExplicitPair => ({
  times: [0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1],
  weights: [
    [],
    [0.161],
    [-0.008480655492356989, 0.335480655492357],
    [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
    [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
    [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
    [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774],
  ],
  errorWeights: [
    -0.001780011052225777, -0.0008164344596567469, 0.007880878010261995, -0.1447110071732629,
    0.5823571654525552, -0.45808210592918697, 0.015151515151515152,
  ],
  polynomial(y, h, { y: end, stages }) {
    const term = (weight: (powers: readonly number[], i: number) => number): Tensor =>
      mul(h, combine(tsitourasDense.map(weight), stages));
    const rise = sub(end, y);
    return stack([
      y,
      rise,
      sub(mul(h, stages[0]!), rise),
      term(([, cube, fourth]) => -cube! - 2 * fourth!),
      term(([, , fourth]) => fourth!),
    ]);
  },
}))();
/** For each stage, the coefficients of θ², θ³ and θ⁴ in its weight in the solution at the fraction θ of a step. */
const tsitourasDense = [
  [-2.763706197274826, 2.9132554618219126, -1.0530884977290216],
  [0.13169999999999998, -0.2234, 0.1017],
  [3.9302962368947516, -5.941033872131505, 2.490627285651253],
  [-12.411077166933676, 30.33818863028232, -16.548102889244902],
  [37.50931341651104, -88.1789048947664, 47.37952196281928],
  [-27.896526289197286, 65.09189467479366, -34.87065786149661],
  [1.5, -4, 2.5],
];

/** `Σ wᵢ kᵢ` */
function combine(w: readonly number[], k: readonly Tensor[]): Tensor {
  const terms = k.flatMap((ki, i) => (w[i] === 0 || w[i] === undefined ? [] : [mul(w[i], ki)]));
  return terms.reduce((total, term) => add(total, term));
}

/** Computes a step from y at time t to t + h. `first` is f(y, t). */
function explicitStep(
  { times, weights, errorWeights }: ExplicitPair,
  f: OdeFunction,
  y: Tensor,
  first: Tensor,
  t: Tensor,
  h: Tensor,
): ExplicitStep {
  const stages = [first];
  let [end, near] = [y, y];
  for (let i = 1; i < times.length; i++) {
    near = end;
    end = add(y, mul(h, combine(weights[i]!, stages)));
    stages.push(f(end, add(t, mul(times[i]!, h))));
  }
  return { y: end, error: mul(h, combine(errorWeights, stages)), stages, near };
}

/**
 * Estimates the step length times the largest eigenvalue of the Jacobian, from the last two stages, which are both at
 * the end of the step. 0 if their arguments are equal.
 *
 * A step may be much shorter than the accuracy of a smooth solution requires. The equation is then stiff already where
 * the length times an eigenvalue exceeds 1, and the result is `stable` there. That eigenvalue is a mean over the
 * components with the change of the slope as the weight, so that a few stiff components determine it.
 *
 * @see Hairer, Wanner, Solving ordinary differential equations II, 2nd edition, IV.2.
 */
function stiffnessOf(
  from: Tensor,
  { y, near, stages }: ExplicitStep,
  h: Tensor,
  { rtol, atol }: Tolerances,
): Tensor {
  const [move, change] = [sub(y, near), sub(stages[6]!, stages[5]!)];
  const distance = rootMeanSquare(move);
  const isMoved = greater(distance, 0);
  const ratio = where(isMoved, div(mul(h, rootMeanSquare(change)), where(isMoved, distance, 1)), 0);
  const scale = add(atol, mul(rtol, maximum(abs(from), abs(y))));
  const [scaledMove, scaledChange] = [div(move, scale), div(change, scale)];
  const weight = sum(abs(mul(scaledMove, scaledChange)));
  const hasWeight = greater(weight, 0);
  const fastest = where(hasWeight, div(mul(h, sum(square(scaledChange))), where(hasWeight, weight, 1)), 0);
  const turn = rootMeanSquare(div(sub(stages[6]!, stages[0]!), scale));
  const isShort = less(turn, mul(mul(shortest, pow(rtol, 0.2)), rootMeanSquare(div(stages[0]!, scale))));
  return where(isShort, maximum(ratio, mul(stable, fastest)), ratio);
}

/** Relative change of the slope over a step, divided by `rtol^(1/5)`, below which the step is short for a smooth solution. */
const shortest = 0.1;

/** Values that an explicit method keeps between steps. */
interface ExplicitMemory {
  /** Slope at the start of the next step. */
  readonly slope: Tensor;
  /** Error of the last accepted step, relative to the tolerance. */
  readonly previousRatio: Tensor;
}

/** Factor of the next step length, given the errors of this step and of the previous one relative to the tolerance. */
type FactorRule = (ratio: Tensor, previous: Tensor) => Tensor;

/**
 * Elementary control: assumes that the error grows with the fifth power of the length. The factor is limited to 0.2 to
 * 10.
 */
const elementary: FactorRule = (ratio) =>
  minimum(maximum(mul(0.9, pow(maximum(ratio, 1e-10), -0.2)), 0.2), 10);

/**
 * Proportional-integral control: the factor also depends on the change of the error.
 * @see Hairer, Wanner, Solving ordinary differential equations II, 2nd edition, IV.2.
 */
const proportionalIntegral: FactorRule = (ratio, previous) =>
  minimum(
    maximum(mul(mul(0.9, pow(maximum(ratio, 1e-10), -0.14)), pow(maximum(previous, 1e-4), 0.08)), 0.2),
    10,
  );

function explicitMethod(
  pair: ExplicitPair,
  control: FactorRule,
  { name, endsAtLimit }: Pick<OdeMethod<ExplicitMemory>, "name" | "endsAtLimit">,
): OdeMethod<ExplicitMemory> {
  return {
    name,
    rows: 5,
    exponent: 0.2,
    isExplicit: true,
    endsAtLimit,
    along: alongStep,
    begin: (_system, _y, _t, slope) => ({ slope, previousRatio: full([], 1e-4) }),
    attempt({ slope: f, rules }, { t, y, memory }, h) {
      const tried = explicitStep(pair, f, y, memory.slope, t, h);
      const ratio = errorRatio(tried.error, y, tried.y, rules);
      const factor = control(ratio, memory.previousRatio);
      const isTaken = lessEqual(ratio, 1); // false for NaN
      return {
        y: tried.y,
        ratio,
        factor: where(isTaken, factor, where(isFinite(ratio), minimum(elementary(ratio, ratio), 1), 0.2)),
        coefficients: pair.polynomial(y, h, tried),
        stiffness: stiffnessOf(y, tried, h, rules),
        accepted: { slope: tried.stages[6]!, previousRatio: ratio },
        rejected: memory,
        counts: tensor([6, 0, 0], { dtype: "float64" }),
      };
    },
    beginRepeat: ({ slope: f }, y, t) => ({ slope: f(y, t) }),
    repeat({ slope: f }, { t, y, memory }, h) {
      const step = explicitStep(pair, f, y, memory["slope"]!, t, h);
      return {
        y: step.y,
        memory: { slope: step.stages[6]! },
        coefficients: pair.polynomial(y, h, step),
      };
    },
  };
}

/** Dormand–Prince pair with elementary step control, like `ode45` and SciPy's `RK45`. Its steps may pass the last time. */
export const dopri5: OdeMethod<ExplicitMemory> = /* @__PURE__ */ explicitMethod(dormandPrince, elementary, {
  name: "dopri5",
  endsAtLimit: false,
});

/** Tsitouras pair with proportional-integral step control. */
export const tsit5: OdeMethod<ExplicitMemory> = /* @__PURE__ */ explicitMethod(
  tsitouras,
  proportionalIntegral,
  { name: "tsit5", endsAtLimit: true },
);
