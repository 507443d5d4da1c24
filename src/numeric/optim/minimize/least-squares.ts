import { transpose } from "../../array/shape.ts";
import { tensor } from "../../array/create.ts";
import { astype, mul, sqrt } from "../../array/elementwise.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { jacfwd, jvp } from "../../../engine/transforms/index.ts";
import { asGiven, bound, requireCompiled } from "../../../engine/transforms/plain.ts";
import type { Like, LikeAll, OnlyPlain, Plain, TensorsOf } from "../../../engine/tree/index.ts";
import { count, fixed, flag, oneOf, readOptions } from "../options.ts";
import { levenbergMarquardt, type Residuals } from "./levenberg-marquardt.ts";
import { type Progress, takeArgs } from "./minimize.ts";
import { flatParameters, oncePerStructure, onNumbers, pick, requireResult } from "./problem.ts";
import { type RobustLoss, robustBlocks, robustLosses } from "./robust.ts";
import { columnsOf, covarianceAmong } from "./qr.ts";
import type { Iterate, SearchOutcome, StopReason, StopRules } from "./stop.ts";
import {
  explain,
  finish,
  finishSoon,
  fitTolerances,
  follow,
  isConverged,
  readLimits,
  slopeOf,
} from "./stop.ts";
import { type Bounds, readWalls } from "./walls.ts";

/** Options of `leastSquaresSolver`, and of `leastSquares` except for the data. */
export interface LeastSquaresSolverOptions<P = unknown> extends StopRules, Bounds {
  /**
   * Loss of a residual; robust losses are for data with outliers. `squares` is `r²`. For `|r|` above `lossScale`,
   * `soft-l1` and `huber` grow like `|r|`, `cauchy` like `ln |r|`, `arctan` is bounded by `πs²/2`, and `tukey` is
   * constant, `s²/3`. `tolerant` is almost flat below `lossScale` and grows like `r²` above it. Default `squares`.
   */
  readonly loss?: RobustLoss;
  /**
   * s, the size of a residual above which a robust loss reduces its weight, or below which `tolerant` does; above 0.
   * Default 1.
   */
  readonly lossScale?: number;
  /**
   * Number of adjacent residuals whose squared norm the loss is applied to, for example 2 for the two coordinates of an
   * observed point; 1 or more. The number of residuals must be a multiple of it. Default 1.
   */
  readonly lossBlock?: number;
  /**
   * Weights w, one number of 0 or more per residual: `Σ w r²`, or `Σ ρ(√w r)`. For data with standard errors σ, use
   * 1/σ². Default 1.
   */
  readonly weights?: TensorLike;
  /** True to compile the function. Default true. */
  readonly jit?: boolean;
  /** Called after each iteration; returns true to stop. */
  readonly callback?: (progress: Progress<P>) => boolean | void;
}

/** Options of `leastSquares`. */
export interface LeastSquaresOptions<
  P = unknown,
  A extends readonly unknown[] = [],
> extends LeastSquaresSolverOptions<P> {
  /** Further arguments of the function after its parameters: data that change between calls. Default: none. */
  readonly args?: LikeAll<A>;
}

/** Result of a least-squares fit. */
export interface LeastSquaresResult<P> {
  readonly params: P;
  /** `Σ w r²` at the result; with a robust loss `Σ ρ(√w r)`. */
  readonly sumOfSquares: number;
  /** The residuals r at the result, as f returns them. */
  readonly residuals: Tensor;
  /** Number of residuals with a weight above 0 minus the number of parameters that are not at a bound. */
  readonly degreesOfFreedom: number;
  /**
   * The standard error of each parameter: the square root of the diagonal of the covariance. NaN for a parameter at a
   * bound, and for all parameters if the data do not determine them or leave no degrees of freedom.
   */
  readonly standardErrors: P;
  /**
   * Covariance `s² (JᵀWJ)⁻¹` with `s² = Σ w r²/degreesOfFreedom`, of all parameters as one vector of length n: n × n.
   * With a robust loss, r and J are those of `√ρ(√w r)`, so this is an approximation.
   */
  readonly covariance: Tensor;
  readonly reason: StopReason;
  /** True if a tolerance was met. */
  readonly converged: boolean;
  /** Explanation of the reason. */
  readonly message: string;
  readonly iterations: number;
  /** Number of evaluations of the residuals (including second derivatives along a step), and of their Jacobian. */
  readonly evaluations: number;
  readonly jacobians: number;
}

/** Result of a least-squares fit of a function of plain numbers. */
export type PlainLeastSquaresResult<P> = Omit<LeastSquaresResult<P>, "residuals" | "covariance"> & {
  readonly residuals: number[];
  readonly covariance: number[][];
};

type AnyLeastSquaresResult = LeastSquaresResult<unknown> | PlainLeastSquaresResult<unknown>;

/**
 * Minimises the sum of squares of residuals from `x0`, by the Levenberg–Marquardt method with geodesic acceleration and
 * exact derivatives (without acceleration if f has no second derivatives). Computes in float64.
 *
 * `f` returns the residuals as a vector: `ravel(sub(model(params), y))`, divided by the errors of the data if these
 * differ. The standard errors are scaled by the size of the residuals.
 *
 * `gradientTolerance` is compared with the cosine of the angle between the residuals and the tangent space of the
 * model, which has no units (Bates and Watts's relative offset). `converged` is false if damping slows the search down,
 * if it ends on a plateau where parameters have lost their influence, or if it diverges to infinity.
 *
 * SciPy's `least_squares` minimises half the sum and returns no errors; its `curve_fit` returns the same errors with
 * `absolute_sigma=False`.
 *
 * @throws DownhillError `option` or `range` for options, `shape` if f does not return a vector, `tree` for `x0` or
 * bounds.
 * @example
 * const [t, y] = [tensor([0, 1, 2, 3]), tensor([2.1, 1.4, 1.1, 0.7])];
 * const residuals = (p) => sub(mul(p.a, exp(mul(p.k, t))), y);
 * const { params, standardErrors } = leastSquares(residuals, { a: 1, k: 0 });
 * [params.a.item().toFixed(3), standardErrors.a.item().toFixed(3)]; // ["2.082", "0.066"]
 */
export function leastSquares(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  x0: TensorLike,
  options?: LeastSquaresOptions<Tensor, Tensor[]>,
): LeastSquaresResult<Tensor>;
export function leastSquares<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => ArrayLike<number>) & OnlyPlain<[P, A]>,
  x0: P,
  options?: LeastSquaresSolverOptions<Plain<P>> & { readonly args?: A },
): PlainLeastSquaresResult<Plain<P>>;
export function leastSquares<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  x0: Like<NoInfer<P>>,
  options?: LeastSquaresOptions<P, A>,
): LeastSquaresResult<TensorsOf<P>>;
export function leastSquares(
  f: (...given: never[]) => Tensor | ArrayLike<number>,
  x0: unknown,
  options: LeastSquaresOptions<never, readonly unknown[]> = {},
): AnyLeastSquaresResult {
  if (arguments.length > 3) refuseExtra("leastSquares", arguments, 3);
  const [args, rest] = takeArgs("leastSquares", options);
  const { run, report } = prepareLeastSquares("leastSquares", f, rest)(x0, args);
  return report(finish(run));
}

/**
 * Asynchronous `leastSquares`: it yields to other tasks of the page or server, and a signal can abort it at any time.
 */
export async function leastSquaresAsync(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  x0: TensorLike,
  options?: LeastSquaresOptions<Tensor, Tensor[]>,
): Promise<LeastSquaresResult<Tensor>>;
export async function leastSquaresAsync<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => ArrayLike<number>) & OnlyPlain<[P, A]>,
  x0: P,
  options?: LeastSquaresSolverOptions<Plain<P>> & { readonly args?: A },
): Promise<PlainLeastSquaresResult<Plain<P>>>;
export async function leastSquaresAsync<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  x0: Like<NoInfer<P>>,
  options?: LeastSquaresOptions<P, A>,
): Promise<LeastSquaresResult<TensorsOf<P>>>;
export async function leastSquaresAsync(
  f: (...given: never[]) => Tensor | ArrayLike<number>,
  x0: unknown,
  options: LeastSquaresOptions<never, readonly unknown[]> = {},
): Promise<AnyLeastSquaresResult> {
  if (arguments.length > 3) refuseExtra("leastSquaresAsync", arguments, 3);
  const [args, rest] = takeArgs("leastSquaresAsync", options);
  const { run, report } = prepareLeastSquares("leastSquaresAsync", f, rest)(x0, args);
  return report(await finishSoon(run));
}

/**
 * Prepares `leastSquares` for repeated use: returns a function `(x0, ...args)` that traces and compiles f once per
 * combination of structures and types, regardless of values.
 *
 * @throws DownhillError as `leastSquares`; errors about `x0` and `args` are thrown when the function is called.
 * @example
 * const decay = leastSquaresSolver((p, t, y) => sub(mul(p.a, exp(mul(p.k, t))), y));
 * const t = tensor([0, 1, 2, 3]);
 * const rates = [[2.1, 1.4, 1.1, 0.7], [1, 0.5, 0.25, 0.125]].map((y) => decay({ a: 1, k: 0 }, t, y).params.k.item());
 * rates.map((k) => k.toFixed(4)); // ["-0.3521", "-0.6931"]
 */
export function leastSquaresSolver(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  options?: LeastSquaresSolverOptions<Tensor>,
): (x0: TensorLike, ...args: TensorLike[]) => LeastSquaresResult<Tensor>;
export function leastSquaresSolver<P, A extends unknown[]>(
  f: ((params: P, ...args: A) => ArrayLike<number>) & OnlyPlain<[P, A]>,
  options?: LeastSquaresSolverOptions<Plain<P>>,
): (x0: P, ...args: A) => PlainLeastSquaresResult<Plain<P>>;
export function leastSquaresSolver<P, A extends readonly unknown[]>(
  f: (params: P, ...args: A) => Tensor,
  options?: LeastSquaresSolverOptions<P>,
): (x0: Like<NoInfer<P>>, ...args: LikeAll<A>) => LeastSquaresResult<TensorsOf<P>>;
export function leastSquaresSolver(
  f: (...given: never[]) => Tensor | ArrayLike<number>,
  options: LeastSquaresSolverOptions<never> = {},
): (x0: never, ...args: never[]) => AnyLeastSquaresResult {
  if (arguments.length > 2) refuseExtra("leastSquaresSolver", arguments, 2);
  const prepared = prepareLeastSquares("leastSquaresSolver", f, options);
  return (x0, ...args) => {
    const { run, report } = prepared(x0, args);
    return report(finish(run));
  };
}

type ResidualOptions = Pick<LeastSquaresOptions, "loss" | "lossScale" | "lossBlock" | "jit">;

/** One search: its iterations, and the conversion of their outcome to a result. */
interface LeastSquaresRun {
  readonly run: Generator<void, SearchOutcome, void>;
  readonly report: (outcome: SearchOutcome) => AnyLeastSquaresResult;
}

/**
 * Functions per structure of parameters: the residuals, the residuals after weights and loss, and the derivatives of
 * these, one column per parameter.
 */
function residualFunctions(
  operation: string,
  { loss, lossScale, lossBlock, jit }: Required<ResidualOptions>,
  weights: ReturnType<typeof readWeights>,
) {
  return oncePerStructure(({ toTree }, { call }) => {
    const onVector = (x: Tensor, data: readonly Tensor[]): Tensor =>
      requireResult(operation, call(toTree(x), data), 1);
    const counted = (x: Tensor, data: readonly Tensor[]): Tensor => {
      const r = onVector(x, data);
      const scaled = weights === undefined ? r : weighted(operation, r, weights);
      return robustBlocks(operation, loss, scaled, lossScale, lossBlock);
    };
    const plain = onNumbers((x: Tensor, ...data: Tensor[]) => [onVector(x, data)], jit);
    return {
      plain,
      values:
        loss === "squares" && lossBlock === 1 && weights === undefined
          ? plain
          : onNumbers((x: Tensor, ...data: Tensor[]) => [counted(x, data)], jit),
      derivatives: onNumbers(
        (x: Tensor, ...data: Tensor[]) => [transpose(jacfwd((p: Tensor) => counted(p, data))(x))],
        jit,
      ),
      curvature: onNumbers((x: Tensor, v: Tensor, ...data: Tensor[]) => {
        const along = (p: Tensor): Tensor => jvp((q: Tensor) => counted(q, data), [p], [v])[1];
        return [jvp(along, [x], [v])[1]];
      }, jit),
    };
  });
}

function prepareLeastSquares(
  operation: string,
  f: (...given: never[]) => Tensor | ArrayLike<number>,
  options: LeastSquaresSolverOptions<never>,
): (x0: unknown, args: readonly unknown[]) => LeastSquaresRun {
  requireCompiled(operation, f);
  const limits = readLimits(
    operation,
    options,
    ["low", "high", "loss", "lossScale", "lossBlock", "weights", "jit"],
    fitTolerances,
  );
  const choices = readOptions<ResidualOptions>(
    operation,
    pick(options, ["loss", "lossScale", "lossBlock", "jit"]),
    {
      loss: oneOf("squares", robustLosses),
      lossScale: fixed(1, { from: 0, above: true }),
      lossBlock: count(1, { from: 1 }),
      jit: flag(true),
    },
  );
  const weights = readWeights(operation, options.weights);
  const functionsFor = residualFunctions(operation, choices, weights);
  const { callback } = options;
  return (x0, args) => {
    const counts = { evaluations: 0, jacobians: 0 };
    const flat = flatParameters(operation, x0, f);
    const walls = readWalls(flat, options);
    const data = bound(f, args);
    const { operands } = data;
    const { plain, values, derivatives, curvature } = functionsFor(flat, data);
    const residuals: Residuals = {
      values: (x) => {
        counts.evaluations++;
        return values([x], operands)[0]!;
      },
      jacobian: (x) => {
        counts.jacobians++;
        return columnsOf(derivatives([x], operands)[0]!, x.length);
      },
      curvature: (x, v) => {
        counts.evaluations++;
        return curvatureOrZeros(
          () => curvature([x, v], operands)[0]!,
          () => values([x], operands)[0]!.length,
        );
      },
    };
    const watch = (at: Iterate, iteration: number): boolean =>
      callback?.({
        iteration,
        params: flat.fromVector(at.x) as never,
        value: at.value,
        slope: slopeOf(at),
      }) === true;
    return {
      run: follow(
        levenbergMarquardt(residuals, flat.start, walls),
        { ...limits, evaluations: () => counts.evaluations },
        watch,
      ),
      report({ best, reason, iterations }) {
        const { evaluations, jacobians } = counts;
        const jacobian = residuals.jacobian(best.x);
        const n = best.x.length;
        const free = jacobian.flatMap((_, i) =>
          best.x[i] === walls.low[i] || best.x[i] === walls.high[i] ? [] : [i],
        );
        const degreesOfFreedom = (jacobian[0]?.length ?? 0) - (weights?.ignored ?? 0) - free.length;
        const variance = degreesOfFreedom > 0 ? best.value / degreesOfFreedom : Number.NaN;
        const columns = free.map((i) => jacobian[i]!);
        const covariance = covarianceAmong(free, columns, n, variance);
        return {
          params: flat.fromVector(best.x),
          sumOfSquares: best.value,
          residuals: asGiven(f, [], tensor(plain([best.x], operands)[0]!)) as Tensor & number[],
          degreesOfFreedom,
          standardErrors: flat.fromVector(best.x.map((_, i) => Math.sqrt(covariance[i * n + i]!))),
          covariance: asGiven(f, [], tensor(covariance, { shape: [n, n] })) as Tensor & number[][],
          reason,
          converged: isConverged(reason),
          message: explain(reason, best),
          iterations,
          evaluations,
          jacobians,
        };
      },
    };
  };
}

/** The curvature, or zeros for a function that has only first derivatives, which disables the acceleration. */
function curvatureOrZeros(compute: () => Float64Array, count: () => number): Float64Array {
  try {
    return compute();
  } catch (error) {
    if (error instanceof DownhillError && error.code === "derivative") return new Float64Array(count());
    throw error;
  }
}

interface Weights {
  /** √w, as a vector. */
  readonly roots: Tensor;
  /** Number of weights that are 0. */
  readonly ignored: number;
}

function readWeights(operation: string, given: TensorLike | undefined): Weights | undefined {
  if (given === undefined) return undefined;
  const weights = astype(asTensor(given, operation), "float64");
  if (weights.ndim !== 1) {
    throw new DownhillError(
      "shape",
      `${operation}: weights must be a vector with one number per residual, got ${showType(weights.type)}.`,
    );
  }
  const numbers = Array.from(weights.data());
  const wrong = numbers.findIndex((w) => !(w >= 0 && w < Infinity));
  if (wrong >= 0) {
    throw new DownhillError(
      "range",
      `${operation}: weights must be finite numbers of 0 or more, got ${numbers[wrong]!} for residual ${wrong}.`,
    );
  }
  return { roots: sqrt(weights), ignored: numbers.filter((w) => w === 0).length };
}

/** `√w r` */
function weighted(operation: string, r: Tensor, { roots }: Weights): Tensor {
  if (r.shape[0] === roots.shape[0]) return mul(roots, r);
  throw new DownhillError(
    "shape",
    `${operation}: there are ${roots.shape[0]!} weights for ${r.shape[0]!} residuals. Give one for each.`,
  );
}
