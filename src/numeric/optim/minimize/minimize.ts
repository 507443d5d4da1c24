import { refuseExtra } from "../../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { requireFunction } from "../../../engine/transforms/arguments.ts";
import { valueAndGrad } from "../../../engine/transforms/grad.ts";
import { hvp } from "../../../engine/transforms/jacobian.ts";
import type { Like } from "../../../engine/tree/types.ts";
import { flag, oneOf, readOptions } from "../options.ts";
import { largest } from "../vector.ts";
import { nelderMead } from "./nelder-mead.ts";
import { alongLines, fullMemory, limitedMemory, steepest } from "./line-descent.ts";
import { newtonCg } from "./newton-cg.ts";
import { flatParameters, type Objective, onNumbers, pick, requireResult } from "./problem.ts";
import type { Iterate, Outcome, Search, StopReason, StopRules } from "./stop.ts";
import { explain, finish, finishSoon, follow, isConverged, readLimits } from "./stop.ts";

/** What a callback is told after each iteration (and at the start, iteration 0). */
export interface Progress<P> {
  readonly iteration: number;
  readonly params: P;
  readonly value: number;
  /** The largest partial derivative; `undefined` for `nelder-mead`. */
  readonly slope: number | undefined;
}

/** Options of `minimize`. */
export interface MinimizeOptions<P = unknown> extends StopRules {
  /**
   * `bfgs` for up to some hundreds of parameters, `lbfgs` for more, `newton-cg` where products with the Hessian are
   * cheap and curvature is strong, `gd` (steepest descent) and `nelder-mead` (no derivatives) for contrast. Default `bfgs`.
   */
  readonly method?: "bfgs" | "lbfgs" | "newton-cg" | "gd" | "nelder-mead";
  /** Compile the function. Default true. */
  readonly jit?: boolean;
  /** Called after each iteration; returning true stops. */
  readonly callback?: (progress: Progress<P>) => boolean | void;
}

/** What a search found, and why it stopped. */
export interface MinimizeResult<P> {
  readonly params: P;
  readonly value: number;
  /** The gradient there; `null` for `nelder-mead`. */
  readonly gradient: P | null;
  readonly reason: StopReason;
  /** Whether a tolerance was met. */
  readonly converged: boolean;
  /** The reason in words. */
  readonly message: string;
  readonly iterations: number;
  /** Number of evaluations of the function (with its gradient, but for `nelder-mead`) and of products with its Hessian. */
  readonly evaluations: number;
  readonly hessianProducts: number;
}

/**
 * A local minimum of a smooth function of nested parameters, from `x0`. Computes in float64.
 *
 * The function is called with traced tensors and differentiated; where it has noise (mini-batches), use an optimiser such
 * as `adam` instead. For sums of squares `leastSquares` is faster and tells errors.
 *
 * @throws DownhillError `option` or `range` for options, `shape` if f gives no scalar, `tree` for `x0`.
 * @see Nocedal, Wright, Numerical optimization, 2nd edition, 2006.
 * @example
 * const bowl = (p) => add(square(sub(p.at(0), 1)), mul(10, square(add(p.at(1), 2))));
 * const { params, reason } = minimize(bowl, [0, 0]);
 * params.tolist().map((x) => x.toFixed(6)); // ["1.000000", "-2.000000"]
 * reason; // "gradient"
 */
export function minimize(
  f: (x: Tensor) => Tensor,
  x0: TensorLike,
  options?: MinimizeOptions<Tensor>,
): MinimizeResult<Tensor>;
export function minimize<P>(
  f: (params: P) => Tensor,
  x0: Like<P>,
  options?: MinimizeOptions<P>,
): MinimizeResult<P>;
export function minimize(
  f: (params: never) => Tensor,
  x0: unknown,
  options: MinimizeOptions<never> = {},
): MinimizeResult<unknown> {
  if (arguments.length > 3) refuseExtra("minimize", arguments, 3);
  const { run, report } = prepare("minimize", f, x0, options);
  return report(finish(run));
}

/**
 * `minimize` that lets a page or server go on in between, and that a signal can abort at any time.
 *
 * @throws DownhillError as `minimize`, by rejecting.
 * @example
 * const { value } = await minimizeAsync((x) => square(sub(x, 3)), 0, { signal: AbortSignal.timeout(1000) });
 * value; // 0
 */
export async function minimizeAsync(
  f: (x: Tensor) => Tensor,
  x0: TensorLike,
  options?: MinimizeOptions<Tensor>,
): Promise<MinimizeResult<Tensor>>;
export async function minimizeAsync<P>(
  f: (params: P) => Tensor,
  x0: Like<P>,
  options?: MinimizeOptions<P>,
): Promise<MinimizeResult<P>>;
export async function minimizeAsync(
  f: (params: never) => Tensor,
  x0: unknown,
  options: MinimizeOptions<never> = {},
): Promise<MinimizeResult<unknown>> {
  if (arguments.length > 3) refuseExtra("minimizeAsync", arguments, 3);
  const { run, report } = prepare("minimizeAsync", f, x0, options);
  return report(await finishSoon(run));
}

function prepare(
  operation: string,
  f: (params: never) => Tensor,
  x0: unknown,
  options: MinimizeOptions<never>,
): {
  readonly run: Generator<void, Outcome, void>;
  readonly report: (outcome: Outcome) => MinimizeResult<unknown>;
} {
  requireFunction(operation, f);
  const counts = { evaluations: 0, hessianProducts: 0 };
  const limits = readLimits(operation, options, ["method", "jit"], () => counts.evaluations);
  const { method, jit } = readOptions<Pick<MinimizeOptions, "method" | "jit">>(
    operation,
    pick(options, ["method", "jit"]),
    { method: oneOf("bfgs", ["bfgs", "lbfgs", "newton-cg", "gd", "nelder-mead"]), jit: flag(true) },
  );
  const flat = flatParameters(operation, x0);
  const onVector = (x: Tensor): Tensor => requireResult(operation, f(flat.toTree(x) as never), 0);
  const value = onNumbers((x) => [onVector(x)], jit);
  const both = onNumbers((x) => valueAndGrad(onVector)(x), jit);
  const times = onNumbers((x, v) => [hvp(onVector, x, v)], jit);
  const objective: Objective = {
    value: (x) => {
      counts.evaluations++;
      return value(x)[0]![0]!;
    },
    valueAndGradient: (x) => {
      counts.evaluations++;
      const [fx, gradient] = both(x);
      return { value: fx![0]!, gradient: gradient! };
    },
    hessianTimes: (x, v) => {
      counts.hessianProducts++;
      return times(x, v)[0]!;
    },
  };
  const { callback } = options;
  const watch = (at: Iterate, iteration: number): boolean =>
    callback?.({
      iteration,
      params: flat.fromVector(at.x) as never,
      value: at.value,
      slope: at.gradient && largest(at.gradient),
    }) === true;
  return {
    run: follow(searches[method](objective, flat.start), limits, watch),
    report: ({ best, reason, iterations }) => ({
      params: flat.fromVector(best.x),
      value: best.value,
      gradient: best.gradient === undefined ? null : flat.fromVector(best.gradient),
      reason,
      converged: isConverged(reason),
      message: explain(reason, best),
      iterations,
      ...counts,
    }),
  };
}

const searches: Readonly<
  Record<Required<MinimizeOptions>["method"], (f: Objective, x: Float64Array) => Search>
> = {
  bfgs: (f, x) => alongLines(f, x, fullMemory),
  lbfgs: (f, x) => alongLines(f, x, limitedMemory),
  "newton-cg": newtonCg,
  gd: (f, x) => alongLines(f, x, steepest),
  "nelder-mead": (f, x) => nelderMead(f.value, x),
};
