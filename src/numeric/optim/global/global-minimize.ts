import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { requireCompiled } from "../../../engine/transforms/plain.ts";
import type { Like, LikeAll, OnlyPlain, Plain, TensorsOf } from "../../../engine/tree/index.ts";
import { type Constraint, solverOf } from "../constrained/constraint.ts";
import type { ConstrainedReason } from "../constrained/verdict.ts";
import type { Bound } from "../combine/project-box.ts";
import { takeArgs } from "../minimize/minimize.ts";
import { flatParameters, pick } from "../minimize/problem.ts";
import { finish, finishSoon, type Limits, readLimits, type StopReason } from "../minimize/stop.ts";
import { refuseTraced } from "../minimize/traced-captures.ts";
import { type BoxBounds, parameterName, readWalls } from "../minimize/walls.ts";
import { count, flag, oneOf, readOptions } from "../options.ts";
import { globalSearch } from "./search.ts";

/** State of a global search after a generation, or after a local search. */
export interface GlobalIteration {
  readonly iteration: number;
  /** Best value so far. */
  readonly value: number;
  /** Violation of the constraints at that point; 0 without constraints. */
  readonly violation: number;
  /** Standard deviation of the values of the population; `undefined` for `multistart`. */
  readonly spread: number | undefined;
}

/** Options of `globalMinimize`. */
export interface GlobalMinimizeOptions<P = unknown, A extends readonly unknown[] = []> {
  /** Upper bounds of the parameters: one number for all, or a tree as in `minimize`. Finite. */
  readonly high: Bound;
  /** Further arguments of the function after its parameters. Default: none. */
  readonly args?: LikeAll<A>;
  /**
   * `differential-evolution` also finds minima of functions with many local ones and without useful gradients.
   * `multistart` runs local searches from many points, which is fast for smooth functions with some minima, and lists
   * these. Default `differential-evolution`.
   */
  readonly method?: "differential-evolution" | "multistart";
  /** Seed of the random numbers: equal seeds yield equal results. An integer of 32 bits. Default 0. */
  readonly seed?: number;
  /**
   * Number of points that are evaluated at once, from 6 to a million. Default: 10 per parameter, at least 30 and at most 400; for
   * `multistart` 4 times the number of starts.
   */
  readonly population?: number;
  /** Number of local searches of `multistart`, from the best points of its population; 1 to 100,000. Default 20. */
  readonly starts?: number;
  /** True to improve the result by a local search with derivatives. Default true; `multistart` needs it. */
  readonly polish?: boolean;
  /** Maximum number of generations, 1 or more. Default 1000. */
  readonly maxIterations?: number;
  /** Maximum number of evaluations of the function by the populations, 1 or more. Default: no limit. */
  readonly maxEvaluations?: number;
  /**
   * Differential evolution has converged when the values of the population have a standard deviation below this fraction
   * of a scale. The scale is their mean, or the distance from best to median in the first population. 0 or more. Default
   * 1e-8.
   */
  readonly valueTolerance?: number;
  /**
   * Constraints that the result must satisfy, as for `minimize`. Points that violate them less are better. The local
   * search then solves for them to `constraintTolerance`.
   */
  readonly constraints?: readonly Constraint<P, A>[];
  /** Largest violation of a constraint at a solution; 0 or more. Default 1e-8. */
  readonly constraintTolerance?: number;
  /** True to compile the function. Default true. */
  readonly jit?: boolean;
  /** Aborts the search between two generations or local searches. */
  readonly signal?: AbortSignal;
  /** Called after each generation or local search; returns true to stop. */
  readonly callback?: (progress: GlobalIteration & { readonly params: P }) => boolean | void;
}

/** A local minimum that `globalMinimize` found. */
export interface LocalMinimum<P> {
  readonly params: P;
  readonly value: number;
  /** Number of local searches that ended there. */
  readonly count: number;
}

/** Result of a global search. */
export interface GlobalResult<P> {
  readonly params: P;
  readonly value: number;
  /** Largest violation of a constraint; 0 without constraints. */
  readonly violation: number;
  /** `value` if the search ended by itself, a limit that was reached, or the verdict of the local search. */
  readonly reason: StopReason | ConstrainedReason;
  /** True if the search ended by itself at a point that satisfies the constraints. No proof of a global minimum. */
  readonly converged: boolean;
  readonly message: string;
  /** Number of generations, or of local searches of `multistart`. */
  readonly iterations: number;
  /** Number of evaluations of the function, including those of local searches. */
  readonly evaluations: number;
  /** Distinct local minima that local searches found, the best one first. */
  readonly minima: readonly LocalMinimum<P>[];
  readonly history: readonly GlobalIteration[];
  readonly method: "differential-evolution" | "multistart";
}

/**
 * Searches the global minimum of a function of nested parameters within bounds. Computes in float64. Populations are
 * evaluated at once by `vmap`.
 *
 * `low` has the structure of the parameters, and `high` has it too or is a number; all bounds are finite. A search of this
 * kind proves nothing: it returns the best minimum found, and another seed may find a better one.
 *
 * @throws DownhillError `option` or `range` for options and bounds, `shape` if f does not return a scalar.
 * @see Tanabe, Fukunaga, Success-history based parameter adaptation for differential evolution, 2013.
 * @example
 * const camel = (p) => {
 *   const [x, y] = [p.at(0), p.at(1)];
 *   const first = mul(add(sub(4, mul(2.1, square(x))), div(pow(x, 4), 3)), square(x));
 *   return add(first, add(mul(x, y), mul(sub(mul(4, square(y)), 4), square(y))));
 * };
 * const { value, minima } = globalMinimize(camel, [-3, -2], { high: [3, 2], method: "multistart" });
 * value.toFixed(6); // "-1.031628"
 * minima.filter((at) => at.value < -1.03).length; // 2
 */
export function globalMinimize(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  low: TensorLike,
  options: GlobalMinimizeOptions<Tensor, Tensor[]>,
): GlobalResult<Tensor>;
export function globalMinimize<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => number) & OnlyPlain<[P, A]>,
  low: P,
  options: Omit<GlobalMinimizeOptions<Plain<P>, A>, "args"> & { readonly args?: A },
): GlobalResult<Plain<P>>;
export function globalMinimize<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  low: Like<NoInfer<P>>,
  options: GlobalMinimizeOptions<P, A>,
): GlobalResult<TensorsOf<P>>;
export function globalMinimize(
  f: (...given: never[]) => Tensor | number,
  low: unknown,
  options: GlobalMinimizeOptions<never, readonly unknown[]>,
): GlobalResult<unknown> {
  if (arguments.length > 3) refuseExtra("globalMinimize", arguments, 3);
  return finish(prepare("globalMinimize", f, low, options));
}

/**
 * Asynchronous `globalMinimize`: it yields to other tasks of the page or server, and a signal can abort it.
 *
 * @throws DownhillError as `globalMinimize`, as a rejection of the promise.
 * @example
 * const { params } = await globalMinimizeAsync((x) => add(square(x), mul(3, cos(mul(5, x)))), -4, { high: 4, seed: 1 });
 * Math.abs(params.item()).toFixed(4); // "0.6120"
 */
export async function globalMinimizeAsync(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  low: TensorLike,
  options: GlobalMinimizeOptions<Tensor, Tensor[]>,
): Promise<GlobalResult<Tensor>>;
export async function globalMinimizeAsync<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => number) & OnlyPlain<[P, A]>,
  low: P,
  options: Omit<GlobalMinimizeOptions<Plain<P>, A>, "args"> & { readonly args?: A },
): Promise<GlobalResult<Plain<P>>>;
export async function globalMinimizeAsync<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  low: Like<NoInfer<P>>,
  options: GlobalMinimizeOptions<P, A>,
): Promise<GlobalResult<TensorsOf<P>>>;
export async function globalMinimizeAsync(
  f: (...given: never[]) => Tensor | number,
  low: unknown,
  options: GlobalMinimizeOptions<never, readonly unknown[]>,
): Promise<GlobalResult<unknown>> {
  if (arguments.length > 3) refuseExtra("globalMinimizeAsync", arguments, 3);
  return await finishSoon(prepare("globalMinimizeAsync", f, low, options));
}

const methods = ["differential-evolution", "multistart"] as const;
const ownOptions = ["method", "seed", "population", "starts", "polish", "jit"] as const;
/** Option names that `readLimits` reads for local searches only. */
const localRules = ["gradientTolerance", "stepTolerance"] as const;
const tolerances = { gradient: 1e-8, value: 1e-8 };
const [leastPopulation, mostPopulation] = [30, 400];
const largestPopulation = 1e6;

/** Options of a global search, checked and with defaults. */
export interface GlobalChoices {
  readonly method: (typeof methods)[number];
  readonly seed: number;
  readonly population: number;
  readonly starts: number;
  readonly polish: boolean;
  readonly jit: boolean;
  readonly rules: Limits;
}

function prepare(
  operation: string,
  f: (...given: never[]) => Tensor | number,
  low: unknown,
  options: GlobalMinimizeOptions<never, readonly unknown[]>,
): Generator<void, GlobalResult<unknown>, void> {
  requireCompiled(operation, f);
  const [args, rest] = takeArgs(operation, options ?? {});
  refuseTraced(operation, undefined, rest.high, [], outside);
  refuseTraced(operation, f, low, args, outside);
  const given = [...ownOptions, "high", "constraints", "constraintTolerance"];
  const rules = readLimits(operation, rest, given, tolerances);
  const odd = localRules.find((name) => name in rest);
  if (odd !== undefined)
    throw new DownhillError(
      "option",
      `${operation}: ${odd} is an option of local searches. Use valueTolerance.`,
    );
  const flat = flatParameters(operation, low, f, "low");
  const box = readBox(operation, flat, rest.high);
  const choices = readChoices(operation, rest, flat.start.length);
  return globalSearch({
    operation,
    f,
    args,
    flat,
    box,
    solvers: solverOf(operation, rest),
    constraints: rest.constraints ?? [],
    constraintTolerance: rest.constraintTolerance,
    callback: rest.callback,
    ...choices,
    rules,
  });
}

/** Repair for searches under transforms. */
const outside = "Call it outside of them, and differentiate minimize(f, params) from its result.";

function readChoices(
  operation: string,
  options: Omit<GlobalMinimizeOptions<never, readonly unknown[]>, "args">,
  parameters: number,
): Omit<GlobalChoices, "rules"> {
  const isMultistart = options.method === "multistart";
  const usual = isMultistart
    ? 4 * (options.starts ?? 20)
    : Math.min(mostPopulation, Math.max(leastPopulation, 10 * parameters));
  const choices = readOptions<Pick<GlobalMinimizeOptions, (typeof ownOptions)[number]>>(
    operation,
    pick(options as GlobalMinimizeOptions, ownOptions),
    {
      method: oneOf<(typeof methods)[number]>("differential-evolution", methods),
      seed: count(0, { from: 0, to: 2 ** 32 - 1 }),
      population: { ...count(1, { from: 6, to: largestPopulation }), initial: usual },
      starts: count(20, { from: 1, to: largestPopulation / 10 }),
      polish: flag(true),
      jit: flag(true),
    },
  );
  const refused = isMultistart
    ? options.polish === false && "polish must not be false for multistart, which consists of local searches."
    : options.starts !== undefined && 'starts is an option of method: "multistart". Use population.';
  if (refused !== false) throw new DownhillError("option", `${operation}: ${refused}`);
  return choices;
}

/**
 * Reads the bounds of the parameters: the lower ones from `flat.start`, the upper ones from `high`. All must be finite.
 */
function readBox(
  operation: string,
  flat: ReturnType<typeof flatParameters>,
  high: Bound | undefined,
): BoxBounds {
  if (high === undefined)
    throw new DownhillError(
      "option",
      `${operation}: needs bounds, between which it searches: the lower ones after the function, and the option high.`,
    );
  const { high: upper } = readWalls(flat, { high });
  const box = { low: flat.start, high: upper };
  const wrong = box.low.findIndex(
    (a, i) => !(a <= upper[i]! && Number.isFinite(a) && Number.isFinite(upper[i]!)),
  );
  if (wrong < 0) return box;
  throw new DownhillError(
    "range",
    `${operation}: bounds must be finite, and low at most high; got ${box.low[wrong]!} and ${upper[wrong]!} for ${parameterName(flat, wrong)}.`,
  );
}
