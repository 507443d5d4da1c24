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

/** A differential equation as the methods see it. Its time increases. */
export interface OdeSystem {
  readonly slope: OdeFunction;
  readonly rules: Tolerances;
  /** Linear algebra of implicit methods. It contains the mass matrix. */
  readonly algebra: StageAlgebra;
}

/** Values that a method keeps between steps, by name. */
export type MethodMemory<M> = { readonly [K in keyof M]: Tensor };

/** Point from which a step starts. */
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
   * Error in units of the tolerance; the step is accepted if it is at most 1. NaN if a value was not finite, Infinity if
   * Newton's method did not converge.
   */
  readonly ratio: Tensor;
  /** Factor between the lengths of the next attempt and this one. */
  readonly factor: Tensor;
  /** Rows of the dense output; see `alongStep`. */
  readonly coefficients: Tensor;
  /** Memory after the step if it is accepted, and after a rejection. */
  readonly accepted: M;
  readonly rejected: M;
  /** Estimate of the step length times the largest eigenvalue of the Jacobian; 0 for implicit methods. */
  readonly stiffness: Tensor;
  /** Evaluations of f, evaluations of its Jacobian, and factorisations: float64 `[3]`. */
  readonly counts: Tensor;
}

/** A step that is repeated for its derivatives. */
export interface RepeatedStep {
  readonly y: Tensor;
  readonly coefficients: Tensor;
  /** Values for the next step. */
  readonly memory: Readonly<Record<string, Tensor>>;
}

/**
 * A one-step integration method. The drivers (`integrate`, `solveOde`) own time, step length and acceptance. A method
 * computes one step from a point, and repeats a recorded step in a form that is differentiable in all operands.
 */
export interface OdeMethod<M extends MethodMemory<M>> {
  readonly name: string;
  /** Number of rows of the dense output. */
  readonly rows: number;
  /** Reciprocal of the order of the error estimate plus 1. Used for the length of the first step. */
  readonly exponent: number;
  /** True if the method solves no equations for its stages. */
  readonly isExplicit: boolean;
  /** True if steps end exactly at the last time; false if they may pass it. */
  readonly endsAtLimit: boolean;
  /** Memory at the start of an integration, where f has the value `slope`. */
  readonly begin: (system: OdeSystem, y: Tensor, t: Tensor, slope: Tensor) => M;
  readonly attempt: (system: OdeSystem, from: StepStart<M>, h: Tensor) => StepAttempt<M>;
  /** Memory of repeated steps at the start. */
  readonly beginRepeat: (system: OdeSystem, y: Tensor, t: Tensor) => RepeatedStep["memory"];
  /** Repeats a step from y at t over h. */
  readonly repeat: (system: OdeSystem, from: StepStart<RepeatedStep["memory"]>, h: Tensor) => RepeatedStep;
}

/** A method whose memory is unknown to the caller. */
export type AnyOdeMethod = OdeMethod<Readonly<Record<string, Tensor>>>;

/** Hides the type of a method's memory. */
export function asAnyMethod<M extends MethodMemory<M>>(method: OdeMethod<M>): AnyOdeMethod {
  return method as unknown as AnyOdeMethod;
}

/**
 * Evaluates the dense output at the fraction `part` of its step, from 0 to 1. With p = `part` and r = 1 − p, the rows c
 * are the coefficients of `c₀ + p (c₁ + r (c₂ + p (c₃ + r (c₄ + …))))`, so that c₀ is the start and c₀ + c₁ the end.
 */
export function alongStep(coefficients: Tensor, part: Tensor): Tensor {
  const rest = sub(1, part);
  const rows = coefficients.shape[0]!;
  let value = at(coefficients, rows - 1);
  for (let i = rows - 2; i >= 0; i--) value = add(at(coefficients, i), mul(i % 2 === 0 ? part : rest, value));
  return value;
}

/** Error in units of the tolerance (root mean square); a step is accepted if it is at most 1. */
export function errorRatio(error: Tensor, from: Tensor, to: Tensor, { rtol, atol }: Tolerances): Tensor {
  const allowed = add(atol, mul(rtol, maximum(abs(from), abs(to))));
  return rootMeanSquare(div(error, allowed));
}

/**
 * Factor between the lengths of the next step and this one for the error `ratio` of this step, by Gustafsson's
 * predictive controller. It extrapolates the change of the error over the last two steps. `previousLength` is 0 at the
 * first step.
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

/** Initial step length, over which neither y nor its slope changes much (Hairer, Nørsett, Wanner, II.4). */
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

/** Root of the mean square of the elements. */
export function rootMeanSquare(x: Tensor): Tensor {
  return sqrt(mean(square(x)));
}
