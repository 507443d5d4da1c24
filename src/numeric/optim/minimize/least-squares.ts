import { refuseExtra } from "../../../engine/errors/arguments.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import type { Like, LikeAll, OnlyPlain, Plain, TensorsOf } from "../../../engine/tree/index.ts";
import type { Constraint } from "../constrained/constraint.ts";
import type { ManifoldOption } from "../least-squares/manifolds.ts";
import { type AnyLeastSquaresResult, prepareLeastSquares } from "../least-squares/prepare.ts";
import type { LinearSolverReport } from "../least-squares/result.ts";
import type { FixedOption, ScaleOption } from "../least-squares/step-space.ts";
import { type ConstrainedResult, type Progress, takeArgs, type WithConstraints } from "./minimize.ts";
import type { RobustLoss } from "./robust.ts";
import type { StopReason, StopRules } from "./stop.ts";
import { finish, finishSoon } from "./stop.ts";
import type { Bounds } from "./walls.ts";

/** Options of `leastSquaresSolver`, and of `leastSquares` except for the data. */
export interface LeastSquaresSolverOptions<P = unknown, A extends readonly unknown[] = readonly unknown[]>
  extends StopRules, Bounds {
  /**
   * Constraints that the parameters must satisfy: those of `equality`, `atMost`, `atLeast` and `between`, functions of the
   * parameters and the further arguments. They are solved for by `interior-point` unless they hold at the minimum without
   * them, for at most 2,000 parameters, and exclude `scale`, `manifolds` and `linearSolver`. Default: none.
   */
  readonly constraints?: readonly Constraint<P, A>[];
  /** Largest violation of a constraint at a solution, absolute and unscaled; 0 or more. Default 1e-8. */
  readonly constraintTolerance?: number;
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
  /**
   * True for parameters that keep their values: a boolean for all, or a tree. A boolean of the tree may stand for a whole
   * subtree; parameters without one are free. Arrays of booleans broadcast to the shapes of the parameters. Default false.
   */
  readonly fixed?: FixedOption;
  /**
   * Typical sizes of changes of the parameters, above 0, in the forms of `low`; on manifolds of the tangent coordinates.
   * They scale the damping. Default: reciprocals of the norms of the columns of the Jacobian.
   */
  readonly scale?: ScaleOption;
  /**
   * Parameters that are points of a manifold, as vectors along their last axis: `so3` (unit quaternions w, x, y, z), `se3`
   * (translation, then unit quaternion), `sphere` (unit vectors), or `{ tangentSize, retract(x, step), local(x, y) }`. A
   * tree, in which parameters may be left out. Steps, errors and covariances are in tangent coordinates: for `so3` and
   * `se3` those of x · exp(δ), δ = (translation, rotation vector in radians). Default: none.
   */
  readonly manifolds?: ManifoldOption;
  /**
   * Solver of the linear problem of each iteration. `dense`: QR factorisation of the Jacobian. `sparse`: LDLᵀ factorisation of
   * JᵀJ in an order that keeps it sparse; the pattern of J is found automatically. `lsmr`: products with J and Jᵀ alone. Default `auto`: `dense` below
   * 40 unknowns, else the one with fewer operations.
   */
  readonly linearSolver?: "auto" | "dense" | "sparse" | "lsmr";
  /** True to compile the function. Default true. */
  readonly jit?: boolean;
  /** Called after each iteration; returns true to stop. */
  readonly callback?: (progress: Progress<P>) => boolean | void;
}

/** Options of `leastSquares`. */
export interface LeastSquaresOptions<
  P = unknown,
  A extends readonly unknown[] = [],
> extends LeastSquaresSolverOptions<P, A> {
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
   * The standard error of each parameter: the square root of the diagonal of the covariance. NaN for a parameter that is
   * fixed or at a bound, and for all parameters if the data do not determine them or leave no degrees of freedom. On
   * manifolds in tangent coordinates. Computed when it is first read.
   */
  readonly standardErrors: P;
  /** Reason why `standardErrors` are NaN for all parameters; `undefined` if they are not. */
  readonly standardErrorsMessage: string | undefined;
  /**
   * Covariance `s² (JᵀWJ)⁻¹` with `s² = Σ w r²/degreesOfFreedom`, of all parameters as one vector of length n: n × n.
   * With a robust loss, r and J are those of `√ρ(√w r)`, so this is an approximation. Computed when it is read; an error
   * above 2,000 parameters.
   */
  readonly covariance: Tensor;
  /**
   * Covariance among the parameters at some paths, in that order, as a matrix. A path names a parameter, a subtree, or
   * elements of a parameter: `"camera.f"`, `"poses[3]"`.
   *
   * @throws DownhillError `option` for a path that names nothing, `range` for more than 2,000 parameters.
   */
  readonly covarianceOf: (paths: string | readonly string[]) => Tensor;
  readonly reason: StopReason;
  /** True if a tolerance was met. */
  readonly converged: boolean;
  /** Explanation of the reason. */
  readonly message: string;
  readonly iterations: number;
  /** Number of evaluations of the residuals (including second derivatives along a step), and of their Jacobian. */
  readonly evaluations: number;
  readonly jacobians: number;
  /** The linear algebra that was used: sizes, and seconds by part. */
  readonly linearSolver: LinearSolverReport;
}

/** Result of a least-squares fit of a function of plain numbers. */
export type PlainLeastSquaresResult<P> = Omit<
  LeastSquaresResult<P>,
  "residuals" | "covariance" | "covarianceOf"
> & {
  readonly residuals: number[];
  readonly covariance: number[][];
  readonly covarianceOf: (paths: string | readonly string[]) => number[][];
};

/** Fields that constraints add to the result of a fit. `history` describes the searches under constraints. */
export interface ConstrainedFields<P> extends Pick<
  ConstrainedResult<P>,
  "reason" | "multipliers" | "violation" | "optimality" | "history"
> {
  /** The method that found the result: `levenberg-marquardt` if it is a minimum without constraints that satisfies them. */
  readonly method: "interior-point" | "levenberg-marquardt";
  /** Names of the active constraints, with the index of a value: `budget[2]`. */
  readonly active: readonly string[];
}

/** Fields without a meaning under constraints. */
type UnconstrainedFields = "reason" | "jacobians" | "linearSolver";

/**
 * Result of a least-squares fit with constraints. The covariance is `s² Z (ZᵀJᵀWJZ)⁻¹ Zᵀ`, where Z spans the tangent space
 * of the active constraints and bounds; standard errors are NaN for parameters that they determine. `degreesOfFreedom` counts
 * the dimensions of this space as parameters. The gradient of the multipliers' equation is that of `sumOfSquares`.
 */
export interface ConstrainedLeastSquaresResult<P>
  extends Omit<LeastSquaresResult<P>, UnconstrainedFields>, ConstrainedFields<P> {}

/** Result of a least-squares fit with constraints of a function of plain numbers. */
export interface PlainConstrainedLeastSquaresResult<P>
  extends Omit<PlainLeastSquaresResult<P>, UnconstrainedFields>, ConstrainedFields<P> {}

/**
 * Minimises the sum of squares of residuals from `x0`, by the Levenberg–Marquardt method with geodesic acceleration and
 * exact derivatives (without acceleration if f has no second derivatives). Computes in float64. Large problems use the sparse
 * pattern of the Jacobian, without acceleration (`linearSolver`). With bounds, each step minimises the linear model within
 * them, so parameters reach their bounds exactly.
 *
 * `f` returns the residuals as a vector: `ravel(sub(model(params), y))`, divided by the errors of the data if these
 * differ. The standard errors are scaled by the size of the residuals.
 *
 * `gradientTolerance` is compared with the cosine of the angle between the residuals and the tangent space of the
 * model, which has no units (Bates and Watts's relative offset). `converged` is false if damping slows the search down,
 * if it ends on a plateau where parameters have lost their influence, or if it diverges to infinity.
 *
 * With `constraints` the result also has multipliers and a verdict, and the standard errors respect the active
 * constraints. The fit without constraints comes first. If they do not hold there, the search continues from there and,
 * again, from `x0`; the better result counts. Tolerances then refer to the gradient of the sum of squares, in units of this sum.
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
  options: LeastSquaresOptions<Tensor, Tensor[]> & WithConstraints<Tensor, Tensor[]>,
): ConstrainedLeastSquaresResult<Tensor>;
export function leastSquares<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => ArrayLike<number>) & OnlyPlain<[P, A]>,
  x0: P,
  options: LeastSquaresSolverOptions<Plain<P>, A> & WithConstraints<P, A> & { readonly args?: A },
): PlainConstrainedLeastSquaresResult<Plain<P>>;
export function leastSquares<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  x0: Like<NoInfer<P>>,
  options: LeastSquaresOptions<P, A> & WithConstraints<P, A>,
): ConstrainedLeastSquaresResult<TensorsOf<P>>;
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
  return finish(prepareLeastSquares("leastSquares", f, rest)(x0, args));
}

/**
 * Asynchronous `leastSquares`: it yields to other tasks of the page or server, and a signal can abort it at any time.
 */
export async function leastSquaresAsync(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  x0: TensorLike,
  options: LeastSquaresOptions<Tensor, Tensor[]> & WithConstraints<Tensor, Tensor[]>,
): Promise<ConstrainedLeastSquaresResult<Tensor>>;
export async function leastSquaresAsync<P, A extends unknown[] = []>(
  f: ((params: P, ...args: A) => ArrayLike<number>) & OnlyPlain<[P, A]>,
  x0: P,
  options: LeastSquaresSolverOptions<Plain<P>, A> & WithConstraints<P, A> & { readonly args?: A },
): Promise<PlainConstrainedLeastSquaresResult<Plain<P>>>;
export async function leastSquaresAsync<P, A extends readonly unknown[] = []>(
  f: (params: P, ...args: A) => Tensor,
  x0: Like<NoInfer<P>>,
  options: LeastSquaresOptions<P, A> & WithConstraints<P, A>,
): Promise<ConstrainedLeastSquaresResult<TensorsOf<P>>>;
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
  return await finishSoon(prepareLeastSquares("leastSquaresAsync", f, rest)(x0, args));
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
  options: LeastSquaresSolverOptions<Tensor, Tensor[]> & WithConstraints<Tensor, Tensor[]>,
): (x0: TensorLike, ...args: TensorLike[]) => ConstrainedLeastSquaresResult<Tensor>;
export function leastSquaresSolver<P, A extends unknown[]>(
  f: ((params: P, ...args: A) => ArrayLike<number>) & OnlyPlain<[P, A]>,
  options: LeastSquaresSolverOptions<Plain<P>, A> & WithConstraints<P, A>,
): (x0: P, ...args: A) => PlainConstrainedLeastSquaresResult<Plain<P>>;
export function leastSquaresSolver<P, A extends readonly unknown[]>(
  f: (params: P, ...args: A) => Tensor,
  options: LeastSquaresSolverOptions<P, A> & WithConstraints<P, A>,
): (x0: Like<NoInfer<P>>, ...args: LikeAll<A>) => ConstrainedLeastSquaresResult<TensorsOf<P>>;
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
  return (x0, ...args) => finish(prepared(x0, args));
}
