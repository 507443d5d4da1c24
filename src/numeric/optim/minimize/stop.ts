import { DownhillError, internalError } from "../../../engine/errors/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import { count, fixed, readOptions } from "../options.ts";
import { largest, product, sumOfSizes } from "../vector.ts";

/**
 * Why a search stopped.
 *
 * - `gradient`, `value`, `step`: that tolerance was met; the search has converged
 * - `precision`: no step lowers the value any more, as far as rounding lets one tell
 * - `iterations`, `evaluations`: that limit was reached
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

/** When to stop. */
export interface StopRules {
  /** Most iterations, 1 or more. Default 1000. */
  readonly maxIterations?: number;
  /** Most evaluations of the function, with or without derivatives, 1 or more. Default: no limit. */
  readonly maxEvaluations?: number;
  /**
   * Converged where no partial derivative is larger, 0 or more; within bounds those do not count that point through a wall.
   * Default 1e-8, 1e-10 for `leastSquares`.
   */
  readonly gradientTolerance?: number;
  /**
   * Converged where an iteration lowers the value by less than this part of it, 0 or more. Default 1e-14, 1e-16 for
   * `leastSquares`, where the step that the Gauss-Newton method would take next must promise no more either.
   */
  readonly valueTolerance?: number;
  /**
   * Converged where an iteration moves no number by more than this part of it, 0 or more; for `leastSquares` the next
   * Gauss-Newton step must be as short. Default 1e-12.
   */
  readonly stepTolerance?: number;
  /** Stops the search between two iterations. */
  readonly signal?: AbortSignal;
}

/** Where a search is. */
export interface Iterate {
  readonly x: Float64Array;
  readonly value: number;
  /** What `gradientTolerance` is about; missing for methods without derivatives. */
  readonly gradient?: Float64Array;
  /** What is left of the gradient within walls, which the tolerance is about instead. */
  readonly projected?: Float64Array;
  /** True where the gradient has no units, and where `decrease` and `step` hold what is still to be gained. */
  readonly isComplete?: boolean;
  /** By how much the last iteration lowered the value, and the largest change of a number as a part of it; ∞ at first. */
  readonly decrease: number;
  readonly step: number;
}

/** A method of descent: it yields where it is, and returns when it finds no better point. */
export type DescentSearch = Generator<Iterate, void, void>;

/** How a search ended. */
export interface SearchOutcome {
  readonly best: Iterate;
  readonly reason: StopReason;
  readonly iterations: number;
}

/** The rules with their defaults. */
export interface Limits extends Required<Omit<StopRules, "signal">> {
  readonly signal: AbortSignal | undefined;
}

/** The rules of one run, and its counter of evaluations. */
interface CountedLimits extends Limits {
  readonly evaluations: () => number;
}

/** Follows a search until a rule says stop; `watch` sees every iterate and stops it by returning true. */
export function* follow(
  search: DescentSearch,
  limits: CountedLimits,
  watch: (at: Iterate, iteration: number) => boolean,
): Generator<void, SearchOutcome, void> {
  let best: Iterate | undefined;
  for (let iterations = 0; ; iterations++) {
    const { value: next, done } = search.next();
    if (done === true) {
      if (best === undefined) throw internalError("a search that yields nothing");
      return { best, reason: "precision", iterations: iterations - 1 };
    }
    best = next;
    const stopped = watch(best, iterations);
    const reason = reasonToStop(best, iterations, limits) ?? (stopped ? "callback" : undefined);
    if (reason !== undefined) return { best, reason, iterations };
    yield;
  }
}

/** Relative slope, in roots of `valueTolerance`, above which a small decrease shows a short step and no minimum. */
const steepest = 1e3;

/** `Σ |xᵢ gᵢ|/|f|`: the relative change of the value per relative change of the parameters. */
function relativeSlope({ x, value, gradient, projected = gradient }: Iterate): number {
  return projected === undefined ? 0 : sumOfSizes(product(x, projected)) / Math.abs(value);
}

/** Runs to the end at once. */
export function finish<T>(run: Generator<void, T, void>): T {
  for (;;) {
    const { value, done } = run.next();
    if (done === true) return value;
  }
}

/** Runs to the end and lets others work in between, about sixty times a second. */
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
  if (!Number.isFinite(at.value)) return "not-finite";
  const slope = slopeOf(at);
  if (slope !== undefined && slope <= limits.gradientTolerance) return "gradient";
  const slow = at.decrease <= limits.valueTolerance * Math.abs(at.value);
  const near = at.step <= limits.stepTolerance;
  const isFlat = at.isComplete === true || relativeSlope(at) <= steepest * Math.sqrt(limits.valueTolerance);
  // a simplex may be flat before it is small, or small on a slope: both must hold where there is no gradient
  if (at.gradient === undefined ? slow && near : slow && isFlat) return "value";
  if (at.gradient !== undefined && near) return "step";
  if (iterations >= limits.maxIterations) return "iterations";
  if (limits.evaluations() >= limits.maxEvaluations) return "evaluations";
  if (limits.signal?.aborted === true) return "aborted";
  return undefined;
}

/** Default tolerances of least squares: parameters end within about 1e-8 standard errors of the minimum. */
export const fitTolerances = { gradient: 1e-10, value: 1e-16 };

/** Reads the rules out of options, of which `own` are the method's. */
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

/** The largest of the slopes that `gradientTolerance` is about. */
export function slopeOf({ gradient, projected = gradient }: Iterate): number | undefined {
  return projected && largest(projected);
}

/** Whether a search reached what it was asked for. */
export function isConverged(reason: StopReason): boolean {
  return reason === "gradient" || reason === "value" || reason === "step";
}

/** The reason in words. */
export function explain(reason: StopReason, at: Iterate): string {
  const slope = slopeOf(at);
  const remark = slope === undefined ? "" : ` The largest partial derivative is ${slope.toExponential(2)}.`;
  return explanations[reason] + (isConverged(reason) ? "" : remark);
}

const explanations: Readonly<Record<StopReason, string>> = {
  gradient: "No partial derivative exceeds gradientTolerance.",
  value: "The value hardly falls any more: less than valueTolerance.",
  step: "The parameters hardly move any more: less than stepTolerance.",
  precision: "No step lowers the value any more, as far as rounding lets one tell.",
  iterations: "maxIterations was reached.",
  evaluations: "maxEvaluations was reached.",
  aborted: "The signal was aborted.",
  callback: "The callback asked to stop.",
  "not-finite":
    "The value at the start is not a finite number: start elsewhere, or look for its cause with debug({ nan: true }).",
};
