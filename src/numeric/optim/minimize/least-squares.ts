import { tensor } from "../../array/create.ts";
import { astype, mul, sqrt } from "../../array/elementwise.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { requireFunction } from "../../../engine/transforms/arguments.ts";
import { jacfwd } from "../../../engine/transforms/jacobian.ts";
import type { Like } from "../../../engine/tree/types.ts";
import { type Bound, isWall } from "../combine/project-box.ts";
import { valuePerParameter } from "../combine/select.ts";
import { fixed, flag, oneOf, readOptions } from "../options.ts";
import { pathOf } from "../parameters.ts";
import { largest } from "../vector.ts";
import { levenbergMarquardt, type Residuals, type Walls } from "./levenberg-marquardt.ts";
import type { Progress } from "./minimize.ts";
import { flatParameters, type FlatParameters, onNumbers, pick, requireResult } from "./problem.ts";
import { type RobustLoss, robustLosses, robustResiduals } from "./robust.ts";
import { factorize, inverseOfSquare, type Matrix } from "./qr.ts";
import type { Iterate, Outcome, StopReason, StopRules } from "./stop.ts";
import { explain, finish, finishSoon, follow, isConverged, readLimits } from "./stop.ts";

/** Options of `leastSquares`. */
export interface LeastSquaresOptions<P = unknown> extends StopRules {
  /** The least that a parameter may be: one number for all, or a tree of numbers and tensors. Default −∞. */
  readonly low?: Bound;
  /** The most that a parameter may be. Default ∞. */
  readonly high?: Bound;
  /**
   * How much a residual counts, for data with outliers: `r²` (`squares`), or what grows as `|r|` (`soft-l1`, `huber`), as
   * `ln |r|` (`cauchy`) or not at all (`arctan`, to `πs²/2`) where `|r|` is above `lossScale`. Default `squares`.
   */
  readonly loss?: RobustLoss;
  /** s, the size of a residual above which a robust loss counts it less, above 0. Default 1. */
  readonly lossScale?: number;
  /**
   * w, one number of 0 or more for each residual: `Σ w r²`, or `Σ ρ(√w r)`. For data with standard errors σ it is 1/σ².
   * Default 1.
   */
  readonly weights?: TensorLike;
  /** Compile the function. Default true. */
  readonly jit?: boolean;
  /** Called after each iteration; returning true stops. */
  readonly callback?: (progress: Progress<P>) => boolean | void;
}

/** What a fit found. */
export interface LeastSquaresResult<P> {
  readonly params: P;
  /** `Σ w r²` there; with a robust loss `Σ ρ(√w r)`. */
  readonly sumOfSquares: number;
  /** r, the residuals there, as f gives them. */
  readonly residuals: Tensor;
  /** Number of residuals (with a weight above 0) less that of parameters that could move. */
  readonly degreesOfFreedom: number;
  /**
   * The standard error of each parameter: the root of the diagonal of the covariance. NaN for a parameter that stands at
   * a wall, and for all where the data do not tell the parameters apart or leave no degree of freedom.
   */
  readonly standardErrors: P;
  /**
   * `s² (JᵀWJ)⁻¹` with `s² = Σ w r²/degreesOfFreedom`, of all parameters as one vector of n: n × n. With a robust loss r and J
   * are those of `√ρ(√w r)`, and so this is an approximation.
   */
  readonly covariance: Tensor;
  readonly reason: StopReason;
  /** Whether a tolerance was met. */
  readonly converged: boolean;
  /** The reason in words. */
  readonly message: string;
  readonly iterations: number;
  /** Number of evaluations of the residuals, and of their Jacobian. */
  readonly evaluations: number;
  readonly jacobians: number;
}

/**
 * The parameters for which the sum of squares of the residuals is least, from `x0`, by Levenberg and Marquardt's method
 * with exact derivatives (`jacfwd`). Computes in float64.
 *
 * `f` gives the residuals in one axis: `ravel(sub(model(params), y))`, divided by the errors of the data where they
 * differ. The standard errors take the size of the errors from the residuals. `gradientTolerance` is about the cosines
 * between the residuals and the columns of their Jacobian (times `min(1, |r|)`), so it has no units.
 *
 * SciPy's `least_squares` minimises half the sum and gives no errors; its `curve_fit` gives these with
 * `absolute_sigma=False`.
 *
 * @throws DownhillError `option` or `range` for options, `shape` if f gives no vector, `tree` for `x0` or bounds.
 * @example
 * const [t, y] = [tensor([0, 1, 2, 3]), tensor([2.1, 1.4, 1.1, 0.7])];
 * const residuals = (p) => sub(mul(p.a, exp(mul(p.k, t))), y);
 * const { params, standardErrors } = leastSquares(residuals, { a: 1, k: 0 });
 * [params.a.item().toFixed(3), standardErrors.a.item().toFixed(3)]; // ["2.082", "0.066"]
 */
export function leastSquares(
  f: (x: Tensor) => Tensor,
  x0: TensorLike,
  options?: LeastSquaresOptions<Tensor>,
): LeastSquaresResult<Tensor>;
export function leastSquares<P>(
  f: (params: P) => Tensor,
  x0: Like<P>,
  options?: LeastSquaresOptions<P>,
): LeastSquaresResult<P>;
export function leastSquares(
  f: (params: never) => Tensor,
  x0: unknown,
  options: LeastSquaresOptions<never> = {},
): LeastSquaresResult<unknown> {
  if (arguments.length > 3) refuseExtra("leastSquares", arguments, 3);
  const { run, report } = prepare("leastSquares", f, x0, options);
  return report(finish(run));
}

/** `leastSquares` that lets a page or server go on in between, and that a signal can abort at any time. */
export async function leastSquaresAsync(
  f: (x: Tensor) => Tensor,
  x0: TensorLike,
  options?: LeastSquaresOptions<Tensor>,
): Promise<LeastSquaresResult<Tensor>>;
export async function leastSquaresAsync<P>(
  f: (params: P) => Tensor,
  x0: Like<P>,
  options?: LeastSquaresOptions<P>,
): Promise<LeastSquaresResult<P>>;
export async function leastSquaresAsync(
  f: (params: never) => Tensor,
  x0: unknown,
  options: LeastSquaresOptions<never> = {},
): Promise<LeastSquaresResult<unknown>> {
  if (arguments.length > 3) refuseExtra("leastSquaresAsync", arguments, 3);
  const { run, report } = prepare("leastSquaresAsync", f, x0, options);
  return report(await finishSoon(run));
}

type Choices = Pick<LeastSquaresOptions, "loss" | "lossScale" | "jit">;

function prepare(
  operation: string,
  f: (params: never) => Tensor,
  x0: unknown,
  options: LeastSquaresOptions<never>,
): {
  readonly run: Generator<void, Outcome, void>;
  readonly report: (outcome: Outcome) => LeastSquaresResult<unknown>;
} {
  requireFunction(operation, f);
  const counts = { evaluations: 0, jacobians: 0 };
  const limits = readLimits(
    operation,
    options,
    ["low", "high", "loss", "lossScale", "weights", "jit"],
    () => counts.evaluations,
    1e-10,
  );
  const { loss, lossScale, jit } = readOptions<Choices>(
    operation,
    pick(options, ["loss", "lossScale", "jit"]),
    {
      loss: oneOf("squares", robustLosses),
      lossScale: fixed(1, { from: 0, above: true }),
      jit: flag(true),
    },
  );
  const flat = flatParameters(operation, x0);
  const walls: Walls = {
    low: wallOf(flat, "low", options.low, -Infinity),
    high: wallOf(flat, "high", options.high, Infinity),
  };
  checkWalls(operation, flat, walls);
  const onVector = (x: Tensor): Tensor => requireResult(operation, f(flat.toTree(x) as never), 1);
  const weights = readWeights(operation, options.weights);
  const counted = (x: Tensor): Tensor => {
    const r = onVector(x);
    return robustResiduals[loss](weights === undefined ? r : weighted(operation, r, weights), lossScale);
  };
  const plain = onNumbers((x) => [onVector(x)], jit);
  const values = loss === "squares" && weights === undefined ? plain : onNumbers((x) => [counted(x)], jit);
  const derivatives = onNumbers((x) => [jacfwd(counted)(x)], jit);
  const residuals: Residuals = {
    values: (x) => {
      counts.evaluations++;
      return values(x)[0]!;
    },
    jacobian: (x) => {
      counts.jacobians++;
      const elements = derivatives(x)[0]!;
      return { rows: elements.length / x.length, columns: x.length, elements };
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
    run: follow(levenbergMarquardt(residuals, flat.start, walls), limits, watch),
    report({ best, reason, iterations }) {
      const { evaluations, jacobians } = counts;
      const errors = covarianceOf(residuals.jacobian(best.x), best, walls, weights?.ignored ?? 0);
      const n = best.x.length;
      return {
        params: flat.fromVector(best.x),
        sumOfSquares: best.value,
        residuals: tensor(plain(best.x)[0]!),
        degreesOfFreedom: errors.degreesOfFreedom,
        standardErrors: flat.fromVector(best.x.map((_, i) => Math.sqrt(errors.covariance[i * n + i]!))),
        covariance: tensor(errors.covariance, { shape: [n, n] }),
        reason,
        converged: isConverged(reason),
        message: explain(reason, best),
        iterations,
        evaluations,
        jacobians,
      };
    },
  };
}

/** The covariance of the parameters that do not stand at a wall, NaN elsewhere. */
function covarianceOf(
  { rows, columns: n, elements }: Matrix,
  { x, value }: Iterate,
  { low, high }: Walls,
  ignored: number,
): { readonly covariance: Float64Array; readonly degreesOfFreedom: number } {
  const free = Array.from(x.keys()).filter((i) => x[i] !== low[i] && x[i] !== high[i]);
  const degreesOfFreedom = rows - ignored - free.length;
  const covariance = new Float64Array(n * n).fill(Number.NaN);
  if (degreesOfFreedom <= 0 || free.length === 0) return { covariance, degreesOfFreedom };
  const k = free.length;
  const part = Float64Array.from(
    { length: rows * k },
    (_, at) => elements[Math.floor(at / k) * n + free[at % k]!]!,
  );
  const { r } = factorize({ rows, columns: k, elements: part }, new Float64Array(rows));
  const inverse = inverseOfSquare(r, k);
  if (inverse !== null)
    free.forEach((i, a) => {
      free.forEach((j, b) => {
        covariance[i * n + j] = (value / degreesOfFreedom) * inverse[a * k + b]!;
      });
    });
  return { covariance, degreesOfFreedom };
}

interface Weights {
  /** √w, one axis. */
  readonly roots: Tensor;
  /** How many are 0. */
  readonly ignored: number;
}

function readWeights(operation: string, given: TensorLike | undefined): Weights | undefined {
  if (given === undefined) return undefined;
  const weights = astype(asTensor(given, operation), "float64");
  if (weights.ndim !== 1) {
    throw new DownhillError(
      "shape",
      `${operation}: weights must be one axis of numbers, one for each residual, got ${showType(weights.type)}.`,
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

/** A bound as one number for each parameter. */
function wallOf(
  { parameters }: FlatParameters,
  what: string,
  bound: Bound | undefined,
  none: number,
): Float64Array {
  const walls = valuePerParameter(parameters, what, bound ?? none, isWall);
  return Float64Array.from(
    walls.flatMap((wall, i) => {
      const { shape } = parameters.tensors[i]!;
      const n = shape.reduce((product, size) => product * size, 1);
      const numbers = astype(asTensor(wall, parameters.operation), "float64").data();
      if (numbers.length !== 1 && numbers.length !== n) {
        throw new DownhillError(
          "shape",
          `${parameters.operation}: ${what} has ${numbers.length} numbers for ${pathOf(parameters, i)}, which has ${n}.`,
        );
      }
      return Array.from({ length: n }, (_, at) => numbers[numbers.length === 1 ? 0 : at]!);
    }),
  );
}

function checkWalls(operation: string, { start }: FlatParameters, { low, high }: Walls): void {
  const wrong = Array.from(start.keys()).find((i) => !(low[i]! <= high[i]!));
  if (wrong === undefined) return;
  throw new DownhillError(
    "range",
    `${operation}: low must be at most high, got ${low[wrong]!} and ${high[wrong]!} for number ${wrong}.`,
  );
}
