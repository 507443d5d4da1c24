import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { bound, requireCompiled } from "../../../engine/transforms/plain.ts";
import type { Like, LikeAll, OnlyPlain, Plain, TensorsOf } from "../../../engine/tree/index.ts";
import { type Constraint, solverOf } from "../constrained/constraint.ts";
import type { BarrierRule } from "../constrained/barrier-rule.ts";
import type { ProblemKind } from "../constrained/problem-kind.ts";
import type { ConstrainedIteration, Multipliers } from "../constrained/result.ts";
import type { ConstrainedReason } from "../constrained/verdict.ts";
import type { WarmStart } from "../constrained/warm-start.ts";
import { flag, oneOf, readOptions } from "../options.ts";
import { differentiableMinimum } from "./differentiable.ts";
import { type HessianForm, hessianModel, type HessianSource } from "./hessian.ts";
import { nelderMead } from "./nelder-mead.ts";
import { lbfgsB } from "./lbfgs-b.ts";
import { alongLines, fullMemory, limitedMemory, steepest } from "./line-descent.ts";
import { type CurvedObjective, newton } from "./newton.ts";
import { newtonCg } from "./newton-cg.ts";
import {
  flatParameters,
  type FlatParameters,
  type Objective,
  pick,
  readArgs,
  requireResult,
} from "./problem.ts";
import { isHessianSparse, searchFunctions, sourceFor } from "./search-functions.ts";
import { closeTracedCaptures, isTraced, refuseTracedBounds } from "./traced-captures.ts";
import { type Bounds, type BoxBounds, readWalls } from "./walls.ts";
import type { Iterate, SearchOutcome, DescentSearch, StopReason, StopRules } from "./stop.ts";
import { explain, finish, finishSoon, follow, isConverged, readLimits, slopeOf } from "./stop.ts";

/** Argument of a callback, which is called after each iteration and at the start (iteration 0). */
export interface Progress<P> {
  readonly iteration: number;
  readonly params: P;
  readonly value: number;
  /**
   * The largest absolute partial derivative that `gradientTolerance` is compared with; `undefined` for `nelder-mead`.
   */
  readonly slope: number | undefined;
}

/** Options of `solver`, and of `minimize` except for the data. */
export interface SolverOptions<P = unknown, A extends readonly unknown[] = readonly unknown[]>
  extends StopRules, Bounds {
  /**
   * `bfgs` is for up to some hundreds of parameters, `lbfgs` for more, and `newton-cg` for strong curvature and cheap
   * products with the Hessian. `newton` factorises the Hessian, also a sparse one, and needs few iterations. `gd` (steepest
   * descent) and `nelder-mead` (no derivatives) are for comparison. Only `lbfgs` (as L-BFGS-B) and `newton` support
   * bounds. `interior-point` and `sqp` (sequential quadratic programming with active sets, for up to about 50 parameters)
   * support constraints, also with bounds. Default `bfgs`, with bounds `lbfgs`. From 1,000 parameters on, `newton` if
   * the Hessian is sparse and its factor small, otherwise `lbfgs`. With constraints `sqp` up to 50 parameters and 200
   * rows, otherwise `interior-point`; for linear problems always `interior-point`. The result reports the method.
   */
  readonly method?:
    "bfgs" | "lbfgs" | "newton-cg" | "newton" | "gd" | "nelder-mead" | "interior-point" | "sqp";
  /** Constraints that the result must satisfy: those of `equality`, `atMost`, `atLeast` and `between`. Default: none. */
  readonly constraints?: readonly Constraint<P, A>[];
  /** Largest violation of a constraint at a solution, absolute and unscaled; 0 or more. Default 1e-8. */
  readonly constraintTolerance?: number;
  /**
   * Earlier result of the same problem, for example with other `args`: the search starts at its parameters with its
   * multipliers, and `x0` only gives the structure. For `solver` also a function that returns the result, or `undefined`
   * for a start at `x0`. Only with constraints.
   */
  readonly warmStart?: WarmStart;
  /**
   * Rule for the barrier parameter of `interior-point`. `monotone`: it falls when the barrier problem is solved. `adaptive`:
   * each iteration chooses it, which takes fewer iterations for many large problems and more for some others. Default
   * `monotone`.
   */
  readonly barrier?: BarrierRule;
  /**
   * Form of the Hessian for `newton`. `sparse`: its pattern is found automatically. Default `auto`: `dense` below 100
   * parameters and for patterns with more than 30 % of all entries. With constraints `sparse` is the default, and `lbfgs`
   * approximates the Hessian of the Lagrangian by the last ten steps, for functions with expensive second derivatives.
   */
  readonly hessian?: "auto" | "sparse" | "dense" | "lbfgs";
  /** True to compile the function. Default true. */
  readonly jit?: boolean;
  /** Called after each iteration; returns true to stop. */
  readonly callback?: (progress: Progress<P>) => boolean | void;
}

/** Options of `minimize`. */
export interface MinimizeOptions<P = unknown, A extends readonly unknown[] = []> extends SolverOptions<P, A> {
  /** Further arguments of the function after its parameters: data that change between calls. Default: none. */
  readonly args?: LikeAll<A>;
}

/** Result of a minimisation, and the reason why it stopped. */
export interface MinimizeResult<P> {
  readonly params: P;
  readonly value: number;
  /** The gradient at the result; `null` for `nelder-mead`. */
  readonly gradient: P | null;
  readonly reason: StopReason;
  /** True if a tolerance was met. */
  readonly converged: boolean;
  /** Explanation of the reason. */
  readonly message: string;
  readonly iterations: number;
  /**
   * Number of evaluations of the function (with its gradient, except for `nelder-mead`), and number of products with
   * its Hessian.
   */
  readonly evaluations: number;
  readonly hessianProducts: number;
  /** The method that was given or chosen. */
  readonly method: SearchMethod;
  /** Form of the Hessian; `undefined` for methods other than `newton` and `interior-point`. */
  readonly hessian: HessianForm | undefined;
}

/** Result of a minimisation with constraints. For an empty list of constraints, it is a `MinimizeResult`. */
export interface ConstrainedResult<P> extends Omit<MinimizeResult<P>, "reason" | "hessian" | "method"> {
  /**
   * A `StopReason`, or:
   *
   * - `solved`: the optimality conditions hold within the tolerances.
   * - `acceptable`: the conditions hold within 100 times the tolerances, or the constraints at the solution determine
   *   no multipliers. `message` states which.
   * - `infeasible`: no point nearby satisfies the constraints. `message` lists those in conflict.
   * - `unbounded`: the value falls without limit.
   * - `numerical`: the search got stuck. `message` states the cause.
   */
  readonly reason: StopReason | ConstrainedReason;
  /** True if `reason` is `solved`. */
  readonly converged: boolean;
  /** Form of the Hessian: `lbfgs` if it was approximated by steps. */
  readonly hessian: "sparse" | "lbfgs";
  /** The method that ended the search. Where `sqp` cannot continue, `interior-point` does. */
  readonly method: "interior-point" | "sqp";
  /**
   * `linear` or `quadratic` (with linear constraints) if the traced functions prove it. Such problems are solved by
   * Mehrotra's predictor-corrector method, unless they are not convex.
   */
  readonly problem: ProblemKind;
  readonly multipliers: Multipliers<P>;
  /** Largest violation of a constraint, absolute and unscaled. */
  readonly violation: number;
  /** E₀ of Wächter and Biegler (2006, equation 5) for the unscaled problem: residual of the optimality conditions. */
  readonly optimality: number;
  /** One record per iteration, from the start on. */
  readonly history: readonly ConstrainedIteration[];
}

/** Result of either kind. */
type AnyMinimizeResult = MinimizeResult<unknown> | ConstrainedResult<unknown>;

/** Options with constraints, which results then have multipliers of. */
export interface WithConstraints<P, A extends readonly unknown[]> {
  readonly constraints: readonly Constraint<P, A>[];
}

/**
 * Finds a local minimum of a smooth function of nested parameters, from `x0`. Computes in float64.
 *
 * The function is called with traced tensors, the parameters and then `args`, and differentiated. If it has noise
 * (mini-batches), use an optimiser such as `adam` instead. For sums of squares, `leastSquares` is faster and reports
 * errors. To minimise one function many times with different data, use `solver`.
 *
 * `low` and `high` keep parameters within bounds, and move the start into them (SciPy's `L-BFGS-B`). From 1,000
 * parameters on, it finds the pattern of the Hessian, and uses Newton's method if the Hessian is sparse.
 *
 * `constraints` adds equalities and limits on functions of the parameters (`equality`, `atMost`, `atLeast`, `between`). The
 * result then has multipliers and a verdict.
 *
 * `grad` and `vmap` apply to functions that call `minimize`. They differentiate `params`, `value` and multipliers with
 * respect to `args`, limits and captured values, to any order. `jit` does not apply, because the search depends on values.
 *
 * @throws DownhillError `option` or `range` for options, `shape` if f does not return a scalar, `tree` for `x0` and
 * bounds.
 * @see Nocedal, Wright, Numerical optimization, 2nd edition, 2006.
 * @example
 * const bowl = (p, centre) => add(square(sub(p.at(0), centre)), mul(10, square(add(p.at(1), 2))));
 * const { params, reason } = minimize(bowl, [0, 0], { args: [1] });
 * params.tolist().map((x) => x.toFixed(6)); // ["1.000000", "-2.000000"]
 * reason; // "gradient"
 * minimize(bowl, [0, 0], { args: [1], low: -1.5, high: 0.5 }).params; // f64[2] [0.5, -1.5]
 */
export function minimize(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  x0: TensorLike,
  options: MinimizeOptions<Tensor, Tensor[]> & WithConstraints<Tensor, Tensor[]>,
): ConstrainedResult<Tensor>;
export function minimize<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => number) & OnlyPlain<[P, A]>,
  x0: P,
  options: SolverOptions<Plain<P>, A> & WithConstraints<P, A> & { readonly args?: A },
): ConstrainedResult<Plain<P>>;
export function minimize<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  x0: Like<NoInfer<P>>,
  options: MinimizeOptions<P, A> & WithConstraints<P, A>,
): ConstrainedResult<TensorsOf<P>>;
export function minimize(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  x0: TensorLike,
  options?: MinimizeOptions<Tensor, Tensor[]>,
): MinimizeResult<Tensor>;
export function minimize<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => number) & OnlyPlain<[P, A]>,
  x0: P,
  options?: SolverOptions<Plain<P>> & { readonly args?: A },
): MinimizeResult<Plain<P>>;
export function minimize<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  x0: Like<NoInfer<P>>,
  options?: MinimizeOptions<P, A>,
): MinimizeResult<TensorsOf<P>>;
export function minimize(
  f: (...given: never[]) => Tensor | number,
  x0: unknown,
  options: MinimizeOptions<never, readonly unknown[]> = {},
): AnyMinimizeResult {
  if (arguments.length > 3) refuseExtra("minimize", arguments, 3);
  const [args, rest] = takeArgs("minimize", options);
  return finish(prepare("minimize", f, rest)(x0, args));
}

/**
 * Asynchronous `minimize`: it yields to other tasks of the page or server, and a signal can abort it at any time.
 *
 * @throws DownhillError as `minimize`, as a rejection of the promise.
 * @example
 * const { value } = await minimizeAsync((x) => square(sub(x, 3)), 0, { signal: AbortSignal.timeout(1000) });
 * value; // 0
 */
export async function minimizeAsync(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  x0: TensorLike,
  options: MinimizeOptions<Tensor, Tensor[]> & WithConstraints<Tensor, Tensor[]>,
): Promise<ConstrainedResult<Tensor>>;
export async function minimizeAsync<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => number) & OnlyPlain<[P, A]>,
  x0: P,
  options: SolverOptions<Plain<P>, A> & WithConstraints<P, A> & { readonly args?: A },
): Promise<ConstrainedResult<Plain<P>>>;
export async function minimizeAsync<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  x0: Like<NoInfer<P>>,
  options: MinimizeOptions<P, A> & WithConstraints<P, A>,
): Promise<ConstrainedResult<TensorsOf<P>>>;
export async function minimizeAsync(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  x0: TensorLike,
  options?: MinimizeOptions<Tensor, Tensor[]>,
): Promise<MinimizeResult<Tensor>>;
export async function minimizeAsync<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => number) & OnlyPlain<[P, A]>,
  x0: P,
  options?: SolverOptions<Plain<P>> & { readonly args?: A },
): Promise<MinimizeResult<Plain<P>>>;
export async function minimizeAsync<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  x0: Like<NoInfer<P>>,
  options?: MinimizeOptions<P, A>,
): Promise<MinimizeResult<TensorsOf<P>>>;
export async function minimizeAsync(
  f: (...given: never[]) => Tensor | number,
  x0: unknown,
  options: MinimizeOptions<never, readonly unknown[]> = {},
): Promise<AnyMinimizeResult> {
  if (arguments.length > 3) refuseExtra("minimizeAsync", arguments, 3);
  const [args, rest] = takeArgs("minimizeAsync", options);
  return await finishSoon(prepare("minimizeAsync", f, rest)(x0, args));
}

/**
 * Prepares `minimize` for repeated use: returns a function `(x0, ...args)` that traces and compiles f once per
 * combination of structures and types, regardless of values.
 *
 * @throws DownhillError as `minimize`; errors about `x0` and `args` are thrown when the function is called.
 * @example
 * const fitLine = solver((p, xs, ys) => sum(square(sub(add(p.a, mul(p.b, xs)), ys))));
 * const xs = tensor([0, 1, 2]);
 * const slopes = [[1, 3, 5], [0, 1, 2]].map((ys) => fitLine({ a: 0, b: 0 }, xs, ys).params.b.item());
 * slopes.map((b) => b.toFixed(6)); // ["2.000000", "1.000000"]
 */
export function solver(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  options: SolverOptions<Tensor, Tensor[]> & WithConstraints<Tensor, Tensor[]>,
): (x0: TensorLike, ...args: TensorLike[]) => ConstrainedResult<Tensor>;
export function solver<P, A extends unknown[]>(
  f: ((params: P, ...args: A) => number) & OnlyPlain<[P, A]>,
  options: SolverOptions<Plain<P>, A> & WithConstraints<P, A>,
): (x0: P, ...args: A) => ConstrainedResult<Plain<P>>;
export function solver<P, A extends readonly unknown[]>(
  f: (params: P, ...args: A) => Tensor,
  options: SolverOptions<P, A> & WithConstraints<P, A>,
): (x0: Like<NoInfer<P>>, ...args: LikeAll<A>) => ConstrainedResult<TensorsOf<P>>;
export function solver(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  options?: SolverOptions<Tensor>,
): (x0: TensorLike, ...args: TensorLike[]) => MinimizeResult<Tensor>;
export function solver<P, A extends unknown[]>(
  f: ((params: P, ...args: A) => number) & OnlyPlain<[P, A]>,
  options?: SolverOptions<Plain<P>>,
): (x0: P, ...args: A) => MinimizeResult<Plain<P>>;
export function solver<P, A extends readonly unknown[]>(
  f: (params: P, ...args: A) => Tensor,
  options?: SolverOptions<P>,
): (x0: Like<NoInfer<P>>, ...args: LikeAll<A>) => MinimizeResult<TensorsOf<P>>;
export function solver(
  f: (...given: never[]) => Tensor | number,
  options: SolverOptions<never> = {},
): (x0: never, ...args: never[]) => AnyMinimizeResult {
  if (arguments.length > 2) refuseExtra("solver", arguments, 2);
  const prepared = prepare("solver", f, options);
  return (x0, ...args) => finish(prepared(x0, args));
}

/** Separates the option `args` from the other options. */
export function takeArgs<O extends { readonly args?: unknown }>(
  operation: string,
  options: O,
): readonly [args: readonly unknown[], rest: Omit<O, "args">] {
  // anything that is not an object is refused later, when the options are read
  if (typeof options !== "object" || options === null || !Object.hasOwn(options, "args"))
    return [[], options];
  const { args, ...rest } = options;
  return [readArgs(operation, args), rest];
}

/** One search, which returns its result. */
type MinimizeRun = Generator<void, AnyMinimizeResult, void>;

const methods = ["bfgs", "lbfgs", "newton-cg", "newton", "gd", "nelder-mead"] as const;
/** Methods without constraints. */
export type SearchMethod = (typeof methods)[number];
const hessianForms = ["auto", "sparse", "dense"] as const;

/** Choices of a search without constraints. */
interface UnconstrainedChoices extends Pick<SolverOptions, "jit"> {
  readonly hessian?: (typeof hessianForms)[number];
  readonly method?: SearchMethod;
}

/** Options of a search, checked and with defaults. */
interface SearchChoices {
  /** `undefined`: to be chosen by the number of parameters and the pattern of the Hessian. */
  readonly method: SearchMethod | undefined;
  readonly hessian: (typeof hessianForms)[number];
  readonly jit: boolean;
  readonly isBounded: boolean;
}

function readChoices(operation: string, options: SolverOptions<never>): SearchChoices {
  const isBounded = options.low !== undefined || options.high !== undefined;
  const choices = readOptions<UnconstrainedChoices>(
    operation,
    pick(options as UnconstrainedChoices, ["method", "hessian", "jit"]),
    {
      method: oneOf<SearchMethod>(isBounded ? "lbfgs" : "bfgs", methods),
      hessian: oneOf("auto", hessianForms),
      jit: flag(true),
    },
  );
  const { method } = choices;
  if (isBounded && method !== "lbfgs" && method !== "newton") {
    throw new DownhillError(
      "option",
      `${operation}: ${method} does not support bounds. With low and high, omit method or use method: "lbfgs" or "newton".`,
    );
  }
  if (options.hessian !== undefined && method !== "newton") {
    throw new DownhillError(
      "option",
      `${operation}: hessian is an option of method: "newton", but the method is ${method}.`,
    );
  }
  return { ...choices, isBounded, method: options.method === undefined ? undefined : method };
}

/** Number of parameters from which the default method depends on the pattern of the Hessian. */
const manyParameters = 1000;

/** The default method for n parameters. `isSparse` returns true if the Hessian can be factorised fast. */
function defaultMethod(n: number, { isBounded, jit }: SearchChoices, isSparse: () => boolean): SearchMethod {
  if (n < manyParameters) return isBounded ? "lbfgs" : "bfgs";
  return jit && isSparse() ? "newton" : "lbfgs";
}

function prepare(
  operation: string,
  f: (...given: never[]) => Tensor | number,
  options: SolverOptions<never>,
): (x0: unknown, args: readonly unknown[]) => MinimizeRun {
  const constrained = solverOf(operation, options);
  if (constrained !== undefined)
    return constrained.minimize(operation, f, options) as ReturnType<typeof prepare>;
  requireCompiled(operation, f);
  const own = ["method", "hessian", "jit", "low", "high", "constraints", "constraintTolerance"] as const;
  const limits = readLimits(operation, options, own);
  const choices = readChoices(operation, options);
  const { isBounded, jit } = choices;
  const { callback } = options;
  const functionsFor = searchFunctions(operation, jit);
  const start = (x0: unknown, args: readonly unknown[]): PreparedDescent => {
    const counts = { evaluations: 0, hessianProducts: 0 };
    const flat = flatParameters(operation, x0, f);
    const data = bound(f, args);
    const { operands } = data;
    const functions = functionsFor(flat, data);
    const isSparse = (): boolean => isHessianSparse(operation, functions, flat.start, operands);
    const method = choices.method ?? defaultMethod(flat.start.length, choices, isSparse);
    const walls = isBounded || method === "newton" ? readWalls(flat, options) : undefined;
    const objective: Objective = {
      value: (x) => {
        counts.evaluations++;
        return functions.value([x], operands)[0]![0]!;
      },
      valueAndGradient: (x) => {
        counts.evaluations++;
        const [fx, gradient] = functions.both([x], operands);
        return { value: fx![0]!, gradient: gradient! };
      },
      hessianTimes: (x, v) => {
        counts.hessianProducts++;
        return functions.times([x, v], operands)[0]!;
      },
    };
    const watch = (at: Iterate, iteration: number): boolean =>
      callback?.({
        iteration,
        params: flat.fromVector(at.x) as never,
        value: at.value,
        slope: slopeOf(at),
      }) === true;
    const sourceOf = (): HessianSource => sourceFor(operation, choices, functions, flat.start, operands);
    const source = method === "newton" ? sourceOf() : undefined;
    const curved = ({ evaluate, passes }: HessianSource): CurvedObjective => ({
      valueAndGradient: objective.valueAndGradient,
      hessian(x) {
        const found = evaluate(x, operands);
        counts.hessianProducts += passes();
        return (free) => hessianModel(operation, found, free);
      },
    });
    const search =
      method === "newton"
        ? newton(curved(source!), flat.start, walls!)
        : walls === undefined
          ? searches[method](objective, flat.start)
          : lbfgsB(objective, flat.start, walls);
    const run = follow(search, { ...limits, evaluations: () => counts.evaluations }, watch);
    const { valueAndGradient } = objective;
    const hessian = (x: Float64Array): ReturnType<HessianSource["evaluate"]> => sourceOf().evaluate(x, operands); // prettier-ignore
    return { run, result: (outcome) => describeOutcome(outcome, flat, { ...counts, method }, source), walls, valueAndGradient, hessian }; // prettier-ignore
  };
  const search = function* (
    x0: unknown,
    args: readonly unknown[],
  ): ReturnType<Parameters<typeof differentiableMinimum>[2]> {
    const { run, result, ...problem } = start(x0, args);
    const outcome = yield* run;
    return { operation, outcome, result: result(outcome), ...problem, gradientTolerance: limits.gradientTolerance }; // prettier-ignore
  };
  return (x0, args) => {
    refuseTracedBounds(operation, options);
    const check = (out: unknown): Tensor => requireResult(operation, out, 0);
    const closed = closeTracedCaptures(operation, [{ f, check }], x0, args);
    if (closed !== undefined)
      return prepare(operation, closed.functions[0] as typeof f, options)(x0, [...args, ...closed.captured]);
    return isTraced([x0, args])
      ? atOnce(differentiableMinimum(operation, f, search, x0, args))
      : resultOf(start(x0, args));
  };
}

/** A search that is ready to run, with the functions that derivatives of its end are computed from. */
interface PreparedDescent {
  readonly run: Generator<void, SearchOutcome, void>;
  readonly result: (outcome: SearchOutcome) => MinimizeResult<unknown>;
  readonly walls: BoxBounds | undefined;
  readonly valueAndGradient: Objective["valueAndGradient"];
  readonly hessian: (x: Float64Array) => ReturnType<HessianSource["evaluate"]>;
}

/** Runs a search, and returns its result. */
function* resultOf({ run, result }: PreparedDescent): MinimizeRun {
  return result(yield* run);
}

// eslint-disable-next-line require-yield
function* atOnce(result: MinimizeResult<unknown>): MinimizeRun {
  return result;
}

function describeOutcome(
  { best, reason, iterations }: SearchOutcome,
  flat: FlatParameters,
  counts: Pick<MinimizeResult<unknown>, "evaluations" | "hessianProducts" | "method">,
  source: HessianSource | undefined,
): MinimizeResult<unknown> {
  return {
    params: flat.fromVector(best.x),
    value: best.value,
    gradient: best.gradient === undefined ? null : flat.fromVector(best.gradient),
    reason,
    converged: isConverged(reason),
    message: explain(reason, best),
    iterations,
    ...counts,
    hessian: source?.form,
  };
}

const searches: Readonly<
  Record<Exclude<SearchMethod, "newton">, (f: Objective, x: Float64Array) => DescentSearch>
> = {
  bfgs: (f, x) => alongLines(f, x, fullMemory),
  lbfgs: (f, x) => alongLines(f, x, limitedMemory),
  "newton-cg": newtonCg,
  gd: (f, x) => alongLines(f, x, steepest),
  "nelder-mead": (f, x) => nelderMead(f.value, x),
};
