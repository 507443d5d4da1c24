import { DownhillError, internalError } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import { count, fixed, readOptions } from "../options.ts";
import { largest, product, sumOfSizes } from "../vector.ts";

/**
 * Reason why a search stopped.
 *
 * - `gradient`, `value`, `step`: this tolerance was met, so the search has converged
 * - `precision`: no step lowers the value any more, up to rounding
 * - `iterations`, `evaluations`: this limit was reached
 * - `aborted`: by the signal; `callback`: the callback returned true
 * - `not-finite`: the value at the start is not a finite number
 */
export type StopReason =
  | "gradient"
  | "value"
  | "step"
  | "precision"
  | "iterations"
  | "evaluations"
  | "aborted"
  | "callback"
  | "not-finite";

/** Criteria for stopping a search. */
export interface StopRules {
  /** Maximum number of iterations, 1 or more. Default 1000. */
  readonly maxIterations?: number;
  /** Maximum number of evaluations of the function, with or without derivatives, 1 or more. Default: no limit. */
  readonly maxEvaluations?: number;
  /**
   * The search has converged when no partial derivative is larger than this; 0 or more. Derivatives that point out of
   * the bounds do not count. Default 1e-8, 1e-10 for `leastSquares`.
   */
  readonly gradientTolerance?: number;
  /**
   * The search has converged when an iteration lowers the value by less than this fraction of it; 0 or more. For
   * `leastSquares` the next Gauss-Newton step must not promise more either. Methods without derivatives converge only
   * if `stepTolerance` is met too. Default 1e-14, 1e-16 for `leastSquares` with dense matrices.
   */
  readonly valueTolerance?: number;
  /**
   * The search has converged when an iteration changes no parameter by more than this fraction of it; 0 or more. For
   * `leastSquares` the next Gauss-Newton step must be as short. Methods without derivatives converge only if
   * `valueTolerance` is met too. Default 1e-12.
   */
  readonly stepTolerance?: number;
  /** Aborts the search between two iterations, and between the stages of a long factorisation. */
  readonly signal?: AbortSignal;
}

/** Derivative of a residual that is not finite, or a column of the Jacobian whose norm overflows. */
export interface DerivativeFault {
  /** Index of the residual; `undefined` if only the coordinate is known. */
  readonly residual: number | undefined;
  /** Coordinate of the steps. */
  readonly coordinate: number;
  readonly value: number;
}

/** State of a search after an iteration, as the rules for stopping need it. */
export interface Iterate {
  readonly x: Float64Array;
  readonly value: number;
  /**
   * Gradient; `undefined` for methods without derivatives. It is compared with `gradientTolerance` unless `projected`
   * is given.
   */
  readonly gradient?: Float64Array;
  /**
   * Gradient without components that point out of the bounds. If given, it is compared with `gradientTolerance`
   * instead.
   */
  readonly projected?: Float64Array;
  /**
   * True if the gradient is dimensionless, and if `decrease` and `step` also cover the improvement that is still
   * possible.
   */
  readonly isComplete?: boolean;
  /** Decrease of the value by the last iteration, and the largest relative change of a parameter; ∞ at first. */
  readonly decrease: number;
  readonly step: number;
  /** Reason why the search cannot continue from here. */
  readonly fault?: DerivativeFault;
}

/**
 * A descent method as a generator: it yields its state after each iteration, and returns when it finds no better point.
 * Within a long iteration it yields `undefined`, so that other tasks can run.
 */
export type DescentSearch = Generator<Iterate | undefined, void, void>;

/** Outcome of a search. */
export interface SearchOutcome {
  readonly best: Iterate;
  readonly reason: StopReason;
  readonly iterations: number;
}

/** The rules for stopping a search, with their defaults filled in. */
export interface Limits extends Required<Omit<StopRules, "signal">> {
  readonly signal: AbortSignal | undefined;
}

/** The rules for stopping one run, with a counter of its evaluations. */
interface CountedLimits extends Limits {
  readonly evaluations: () => number;
}

/**
 * Runs a search until a rule stops it, or until it ends because of limited precision. `watch` receives every iterate
 * and stops the search by returning true.
 */
export function* follow(
  search: DescentSearch,
  limits: CountedLimits,
  watch: (at: Iterate, iteration: number) => boolean,
): Generator<void, SearchOutcome, void> {
  let best: Iterate | undefined;
  for (let iterations = -1; ;) {
    const { value: next, done } = search.next();
    if (done === true) {
      if (best === undefined) throw internalError("a search that yields nothing");
      return { best, reason: "precision", iterations };
    }
    if (next === undefined) {
      if (best !== undefined && limits.signal?.aborted === true)
        return { best, reason: "aborted", iterations };
      yield;
      continue;
    }
    iterations++;
    best = next;
    const stopped = watch(best, iterations);
    const reason = reasonToStop(best, iterations, limits) ?? (stopped ? "callback" : undefined);
    if (reason !== undefined) return { best, reason, iterations };
    yield;
  }
}

/**
 * Relative slope, in units of √`valueTolerance`, above which a small decrease indicates a short step instead of a
 * minimum.
 */
const steepest = 1e3;

/** `Σ |xᵢ gᵢ|/|f|`: the relative change of the value per relative change of the parameters. */
function relativeSlope({ x, value, gradient, projected = gradient }: Iterate): number {
  return projected === undefined ? 0 : sumOfSizes(product(x, projected)) / Math.abs(value);
}

/** Runs a generator to its end synchronously. */
export function finish<T>(run: Generator<void, T, void>): T {
  for (;;) {
    const { value, done } = run.next();
    if (done === true) return value;
  }
}

/** Runs a generator to its end, yielding to other tasks about sixty times per second. */
export async function finishSoon<T>(run: Generator<void, T, void>): Promise<T> {
  for (;;) {
    const until = performance.now() + 15;
    do {
      const { value, done } = run.next();
      if (done === true) return value;
    } while (performance.now() < until);
    await new Promise((resolve) => {
      setTimeout(resolve, 0);
    });
  }
}

function reasonToStop(at: Iterate, iterations: number, limits: CountedLimits): StopReason | undefined {
  if (!Number.isFinite(at.value) || at.fault !== undefined) return "not-finite";
  const slope = slopeOf(at);
  if (slope !== undefined && slope <= limits.gradientTolerance) return "gradient";
  const slow = at.decrease <= limits.valueTolerance * Math.abs(at.value);
  const near = at.step <= limits.stepTolerance;
  const isFlat = at.isComplete === true || relativeSlope(at) <= steepest * Math.sqrt(limits.valueTolerance);
  // a simplex may be flat before it is small, or small on a slope, so without a gradient both must hold
  if (at.gradient === undefined ? slow && near : slow && isFlat) return "value";
  if (at.gradient !== undefined && near) return "step";
  if (iterations >= limits.maxIterations) return "iterations";
  if (limits.evaluations() >= limits.maxEvaluations) return "evaluations";
  if (limits.signal?.aborted === true) return "aborted";
  return undefined;
}

/** Default tolerances of least squares: the parameters end within about 1e-8 standard errors of the minimum. */
export const fitTolerances = { gradient: 1e-10, value: 1e-16 };

/** Default `valueTolerance` of least squares without dense matrices, where an iteration takes long. */
export const largeFitTolerance = 1e-12;

/** Reads the stop rules from the options of a method; `own` lists the names of its other options. */
export function readLimits(
  operation: string,
  options: StopRules & { readonly callback?: unknown },
  own: readonly string[],
  tolerances: Readonly<{ gradient: number; value: number }> = { gradient: 1e-8, value: 1e-14 },
): Limits {
  const names = Object.keys(table) as (keyof NumericStopRules)[];
  checkOptions(operation, options, [...own, ...names, "signal", "callback"]);
  const { signal, callback } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new DownhillError(
      "option",
      `${operation}: signal must be an AbortSignal, as of an AbortController.`,
    );
  }
  if (callback !== undefined && typeof callback !== "function") {
    throw new DownhillError("option", `${operation}: callback must be a function.`);
  }
  const given = Object.fromEntries(names.map((name) => [name, options[name]])) as NumericStopRules;
  const rules = readOptions(operation, given, {
    ...table,
    gradientTolerance: fixed(tolerances.gradient, { from: 0 }),
    valueTolerance: fixed(tolerances.value, { from: 0 }),
  });
  return { ...rules, signal };
}

type NumericStopRules = Omit<StopRules, "signal">;
const table = /* @__PURE__ */ ruleTable();

function ruleTable() {
  return {
    maxIterations: count(1000, { from: 1 }),
    maxEvaluations: { ...count(1, { from: 1 }), initial: Infinity },
    gradientTolerance: fixed(1e-8, { from: 0 }),
    valueTolerance: fixed(1e-14, { from: 0 }),
    stepTolerance: fixed(1e-12, { from: 0 }),
  };
}

/**
 * The largest absolute element of the gradient that is compared with `gradientTolerance`; `undefined` without a
 * gradient.
 */
export function slopeOf({ gradient, projected = gradient }: Iterate): number | undefined {
  return projected && largest(projected);
}

/** True if a tolerance was met. */
export function isConverged(reason: StopReason): boolean {
  return reason === "gradient" || reason === "value" || reason === "step";
}

/** Explanation of the reason for users. */
export function explain(reason: StopReason, at: Iterate): string {
  if (at.fault !== undefined && Number.isFinite(at.value))
    return explainFault(at.fault, `coordinate ${at.fault.coordinate}`, "");
  const slope = slopeOf(at);
  const remark = slope === undefined ? "" : ` The largest partial derivative is ${slope.toExponential(2)}.`;
  return explanations[reason] + (isConverged(reason) ? "" : remark);
}

/** Explanation of a fault. `when` names the iterate. */
export function explainFault({ residual, value }: DerivativeFault, parameter: string, when: string): string {
  const what =
    residual === undefined ? "a derivative of the residuals" : `the derivative of residual ${residual}`;
  return `No step can be computed${when}: ${what} with respect to ${parameter} is ${value}. Start elsewhere, set bounds, or find the cause with debug({ nan: true }).`;
}

/** Explanation of the reason without remarks. */
export function explanationOf(reason: StopReason): string {
  return explanations[reason];
}

const explanations: Readonly<Record<StopReason, string>> = {
  gradient: "No partial derivative exceeds gradientTolerance.",
  value: "The value hardly falls any more: less than valueTolerance.",
  step: "The parameters hardly move any more: less than stepTolerance.",
  precision: "No step lowers the value any more, up to rounding.",
  iterations: "maxIterations was reached.",
  evaluations: "maxEvaluations was reached.",
  aborted: "The signal was aborted.",
  callback: "The callback asked to stop.",
  "not-finite":
    "The value at the start is not a finite number: start elsewhere, or find the cause with debug({ nan: true }).",
};
