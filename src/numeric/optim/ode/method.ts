import {
  abs,
  add,
  div,
  greater,
  maximum,
  minimum,
  mul,
  pow,
  sqrt,
  square,
  sub,
  where,
} from "../../array/elementwise.ts";
import { mean } from "../../array/reduce.ts";
import { at } from "../../array/at.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import type { StageAlgebra } from "./stage-algebra.ts";

/** The right-hand side of `dy/dt = f(y, t)`. */
export type OdeFunction = (y: Tensor, t: Tensor) => Tensor;

/** Tolerances of the error of a step: `atol + rtol·|y|` for each element of y. */
export interface Tolerances {
  readonly rtol: number | Tensor;
  readonly atol: number | Tensor;
}

/** A differential equation in the form that the methods use. Its time increases. */
export interface OdeSystem {
  readonly slope: OdeFunction;
  readonly rules: Tolerances;
  /** Linear algebra of implicit methods, which also knows the mass matrix. */
  readonly algebra: StageAlgebra;
}

/** Values that a method keeps between steps, by name. */
export type MethodMemory<M> = { readonly [K in keyof M]: Tensor };

/** Point from which a step starts, with the memory of the method there. */
export interface StepStart<M> {
  readonly t: Tensor;
  readonly y: Tensor;
  readonly memory: M;
}

/** Result of one attempted step. */
export interface StepAttempt<M> {
  /** Solution at the end of the step. */
  readonly y: Tensor;
  /**
   * Error relative to the tolerance; the step is accepted if it is at most 1. NaN if a value was not finite, Infinity
   * if Newton's method did not converge.
   */
  readonly ratio: Tensor;
  /** Length of the next attempt, divided by the length of this one. */
  readonly factor: Tensor;
  /** Coefficients of the dense output of the step, for `alongStep`. */
  readonly coefficients: Tensor;
  /** Memory after the step: `accepted` if the step is accepted, `rejected` otherwise. */
  readonly accepted: M;
  readonly rejected: M;
  /** Step length times the largest eigenvalue of the Jacobian: an estimate of explicit and a bound of implicit methods. */
  readonly stiffness: Tensor;
  /** Numbers of evaluations of f, evaluations of its Jacobian, and factorisations: float64 `[3]`. */
  readonly counts: Tensor;
}

/** A recorded step, recomputed in a differentiable form. */
export interface RepeatedStep {
  readonly y: Tensor;
  readonly coefficients: Tensor;
  /** Memory for the next step. */
  readonly memory: Readonly<Record<string, Tensor>>;
}

/**
 * A one-step integration method. `integrate` and `solveOde` decide about time, step length and acceptance. A method
 * computes one step from a point, and recomputes a recorded step in a form that is differentiable in all operands.
 */
export interface OdeMethod<M extends MethodMemory<M>> {
  readonly name: string;
  /** Number of coefficients of the dense output. */
  readonly rows: number;
  /** 1 / (order of the error estimate + 1). Used for the length of the first step. */
  readonly exponent: number;
  /** True if no equations must be solved for the stages. */
  readonly isExplicit: boolean;
  /** True if steps end exactly at the last time; false if the last step may pass it. */
  readonly endsAtLimit: boolean;
  /** Value of the dense output with the given rows at a fraction of the step, from 0 to 1. */
  readonly along: (coefficients: Tensor, part: Tensor) => Tensor;
  /** Memory at the start of an integration. `slope` is f(y, t). */
  readonly begin: (system: OdeSystem, y: Tensor, t: Tensor, slope: Tensor) => M;
  /** Length of the first step, if the method knows more than `firstLength`. */
  readonly firstLength?: (system: OdeSystem, y: Tensor, memory: M) => Tensor;
  readonly attempt: (system: OdeSystem, from: StepStart<M>, h: Tensor) => StepAttempt<M>;
  /** Memory at the start of recomputed steps. */
  readonly beginRepeat: (system: OdeSystem, y: Tensor, t: Tensor) => RepeatedStep["memory"];
  /** Recomputes a recorded step of length h. */
  readonly repeat: (system: OdeSystem, from: StepStart<RepeatedStep["memory"]>, h: Tensor) => RepeatedStep;
}

/** Bound of the stability region of the explicit methods on the negative real axis, as step length times eigenvalue. */
export const stable = 3.25;

/** A method, without the type of its memory. */
export type AnyOdeMethod = OdeMethod<Readonly<Record<string, Tensor>>>;

/** Removes the type of a method's memory. */
export function asAnyMethod<M extends MethodMemory<M>>(method: OdeMethod<M>): AnyOdeMethod {
  return method as unknown as AnyOdeMethod;
}

/**
 * Evaluates the dense output at the fraction `part` of a step, from 0 to 1. With p = `part`, r = 1 − p and the
 * coefficients c, it is `c₀ + p (c₁ + r (c₂ + p (c₃ + r (c₄ + …))))`. Thus c₀ is the start and c₀ + c₁ the end.
 */
export function alongStep(coefficients: Tensor, part: Tensor): Tensor {
  const rest = sub(1, part);
  const rows = coefficients.shape[0]!;
  let value = at(coefficients, rows - 1);
  for (let i = rows - 2; i >= 0; i--) value = add(at(coefficients, i), mul(i % 2 === 0 ? part : rest, value));
  return value;
}

/**
 * Root mean square of the errors relative to their tolerances; a step is accepted if it is at most 1. `from` and `to`
 * are y before and after the step.
 */
export function errorRatio(error: Tensor, from: Tensor, to: Tensor, { rtol, atol }: Tolerances): Tensor {
  const allowed = add(atol, mul(rtol, maximum(abs(from), abs(to))));
  return rootMeanSquare(div(error, allowed));
}

/**
 * Factor of the next step length by Gustafsson's predictive controller, which extrapolates the change of the error over
 * the last two steps. `ratio` is the error of this step, relative to the tolerance. `previousLength` is 0 at the first
 * step.
 *
 * @see Hairer, Wanner, Solving ordinary differential equations II, 2nd edition, IV.8.
 */
export function predictedFactor(
  ratio: Tensor,
  h: Tensor,
  { previousRatio, previousLength }: { readonly previousRatio: Tensor; readonly previousLength: Tensor },
  exponent: number,
): Tensor {
  const size = maximum(ratio, 1e-10);
  const isFirst = greater(1e-300, previousLength);
  const change = mul(
    div(h, where(isFirst, 1, previousLength)),
    pow(div(maximum(previousRatio, 1e-4), size), exponent),
  );
  return mul(minimum(where(isFirst, 1, change), 1), pow(size, -exponent));
}

/** Length of the first step, over which neither y nor its slope changes much (Hairer, Nørsett, Wanner, II.4). */
export function firstLength(
  { slope: f, rules: { rtol, atol } }: OdeSystem,
  y: Tensor,
  slope: Tensor,
  t: Tensor,
  exponent: number,
): Tensor {
  const scale = add(atol, mul(rtol, abs(y)));
  const [size, speed] = [rootMeanSquare(div(y, scale)), rootMeanSquare(div(slope, scale))];
  const isSmall = greater(1e-5, minimum(size, speed));
  const guess = where(isSmall, 1e-6, mul(0.01, div(size, where(isSmall, 1, speed))));
  const after = f(add(y, mul(guess, slope)), add(t, guess));
  const bend = div(rootMeanSquare(div(sub(after, slope), scale)), guess);
  const most = maximum(speed, bend);
  const isFlat = greater(1e-15, most);
  const second = where(
    isFlat,
    maximum(1e-6, mul(1e-3, guess)),
    pow(div(0.01, where(isFlat, 1, most)), exponent),
  );
  return minimum(mul(100, guess), second);
}

/** Root mean square of the elements. */
export function rootMeanSquare(x: Tensor): Tensor {
  return sqrt(mean(square(x)));
}
