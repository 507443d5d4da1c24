import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import type { BoundFunction } from "../../../engine/transforms/plain.ts";
import type { ResidualFunctions } from "../least-squares/residual-functions.ts";
import type { describePoint } from "../least-squares/result.ts";
import type { makeStepSpace } from "../least-squares/step-space.ts";
import type {
  ConstrainedLeastSquaresResult,
  LeastSquaresSolverOptions,
  PlainConstrainedLeastSquaresResult,
} from "../minimize/least-squares.ts";
import type { FitProblem, FitSearchResult, jacobianOf, scaleOf } from "../curve/follow.ts";
import type { FlatParameters } from "../minimize/problem.ts";
import type { SearchOutcome } from "../minimize/stop.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import type { ColumnMatrix, covarianceAmong } from "../minimize/qr.ts";

/** Value of a function that a constraint limits: a scalar or an array. */
export type ConstrainedValue =
  Tensor | number | readonly number[] | Float64Array | readonly (readonly number[])[];

/** A limit on the values of a function of the parameters, created by `equality`, `atMost`, `atLeast` or `between`. */
export interface Constraint<P = unknown, A extends readonly unknown[] = readonly unknown[]> {
  readonly name: string | undefined;
  readonly low: TensorLike;
  readonly high: TensorLike;
  /** The function whose values are limited. */
  f(params: P, ...args: A): ConstrainedValue;
  /** The solvers. Each constraint carries them, so that programs without constraints do not contain their code. */
  readonly solvers: ConstrainedSolvers;
}

/** Functions that solve problems with constraints. Each `Constraint` refers to them by its field `solvers`. */
export interface ConstrainedSolvers {
  readonly minimize: PrepareConstrained;
  readonly leastSquares: PrepareConstrainedFit;
  readonly fitCurve: PrepareConstrainedCurve;
  readonly violation: ViolationFunction;
}

/**
 * Checks the options of `minimize` with constraints. The result runs the search from a start and with the further
 * arguments of `f`.
 */
export type PrepareConstrained = (
  operation: string,
  f: (...given: never[]) => Tensor | number,
  options: object,
) => (x0: unknown, args: readonly unknown[]) => Generator<void, unknown, void>;

/** Directions in which the parameters can move while the active constraints and bounds hold. */
export interface TangentSpace {
  /** Names of the active constraints, with the index of a value: `budget[2]`. */
  readonly active: readonly string[];
  /** True for each parameter at an active bound. */
  readonly isAtBound: readonly boolean[];
  /** Parameters that move independently, one per direction. */
  readonly free: readonly number[];
  /** Converts derivatives with respect to each parameter (columns) to derivatives along each direction. */
  readonly along: (columns: ColumnMatrix) => ColumnMatrix;
  /**
   * Extends the covariance of some free parameters, given by the numbers of their directions, to all n parameters: n ×
   * n in row-major order. NaN for parameters that do not move with the given ones.
   */
  readonly spread: (covariance: Float64Array, directions: readonly number[]) => Float64Array<ArrayBuffer>;
  /** Parameters that change along a direction. */
  readonly movedBy: (direction: number) => readonly number[];
}

/** A least-squares problem under constraints. */
export interface ConstrainedFitTask extends FitTools {
  readonly operation: string;
  readonly f: (...given: never[]) => Tensor | ArrayLike<number>;
  readonly options: LeastSquaresSolverOptions<never>;
  readonly functionsFor: (flat: FlatParameters, data: BoundFunction) => ResidualFunctions;
  /** Number of residuals with a weight of 0. */
  readonly ignored: number;
  /** Applies the weights and the robust loss to residuals. */
  readonly counted: (r: Tensor) => Tensor;
  /** Fits without constraints, within the bounds. */
  readonly searchFreely: (
    flat: FlatParameters,
    args: readonly unknown[],
  ) => Generator<void, FreeSearchOutcome, void>;
}

/** Outcome of a fit without constraints. */
export interface FreeSearchOutcome extends SearchOutcome {
  /** True if a tolerance was met. */
  readonly isConverged: boolean;
  readonly evaluations: number;
}

/**
 * Functions of unconstrained fits that the constrained solver needs. They are passed to it as arguments, so that its
 * code does not contain them.
 */
export interface FitTools {
  readonly makeStepSpace: typeof makeStepSpace;
  readonly describePoint: typeof describePoint;
  readonly covarianceAmong: typeof covarianceAmong;
}

/** Prepares `leastSquares` with the option `constraints`: returns a function of the start and the further arguments. */
export type PrepareConstrainedFit = (
  task: ConstrainedFitTask,
) => (
  x0: unknown,
  args: readonly unknown[],
) => Generator<
  void,
  ConstrainedLeastSquaresResult<unknown> | PlainConstrainedLeastSquaresResult<unknown>,
  void
>;

/** Fits of curves under constraints, with the functions of unconstrained fits that they use. */
export interface ConstrainedCurveTask {
  readonly operation: string;
  readonly names: readonly string[];
  readonly walls: BoxBounds;
  /** Options of the search, with `constraints`. */
  readonly options: object;
  /** Transforms residuals, for a scale of the robust loss, so that the sum of their squares is the loss. */
  readonly robust: (r: Tensor, scale: TensorLike) => Tensor;
  readonly jacobianOf: typeof jacobianOf;
  readonly scaleOf: typeof scaleOf;
}

/**
 * Prepares `fitCurve` with the option `constraints`. The result continues a fit without constraints from where it ended, and
 * from the start values, if all are given. It returns the new end, and further fields of the result of `fitCurve`.
 */
export type PrepareConstrainedCurve = (
  task: ConstrainedCurveTask,
) => (
  problem: FitProblem,
  fit: FitSearchResult,
) => Generator<void, { readonly end: FitSearchResult; readonly fields: object }, void>;

/**
 * Prepares a function `violation` that returns the largest violation of the constraints by parameters, which may be
 * traced. Its second argument is `operands`, the tensors into which `args` are converted.
 */
export type ViolationFunction = (
  operation: string,
  constraints: readonly Constraint[],
  args: readonly unknown[],
) => {
  readonly operands: readonly Tensor[];
  readonly violation: (params: unknown, operands: readonly Tensor[]) => Tensor;
};

/** Names of the options that need constraints. */
const constrainedOptions = ["constraintTolerance", "warmStart", "barrier"] as const;

/**
 * Returns the solver for the constraints in the options; `undefined` if there are no constraints.
 *
 * @throws DownhillError `option` for anything but a list of constraints, and for options that need constraints.
 */
export function solverOf(operation: string, options: object): ConstrainedSolvers | undefined {
  const given = (typeof options === "object" && options !== null ? options : {}) as Record<string, unknown>;
  const list = given["constraints"];
  if (list === undefined || (Array.isArray(list) && list.length === 0)) {
    const odd =
      given["method"] === "interior-point" || given["method"] === "sqp"
        ? `method: "${given["method"]}"`
        : constrainedOptions.find((name) => given[name] !== undefined);
    if (odd === undefined) return undefined;
    throw new DownhillError(
      "option",
      `${operation}: ${odd} needs constraints. Pass constraints: [atMost(f, high), …], or omit it.`,
    );
  }
  const wrong = Array.isArray(list) ? (list as readonly unknown[]).find((item) => !isConstraint(item)) : list;
  if (wrong === undefined) return (list as readonly Constraint[])[0]!.solvers;
  throw new DownhillError(
    "option",
    `${operation}: constraints must be a list of equality(f, target), atMost(f, high), atLeast(f, low) and between(f, low, high); ` +
      `got ${describe(wrong)}${Array.isArray(list) ? " in the list" : ""}.`,
  );
}

function isConstraint(item: unknown): item is Constraint {
  return typeof item === "object" && item !== null && typeof (item as Constraint).solvers === "object";
}

function describe(value: unknown): string {
  if (isConstraint(value)) return "one constraint that is not in a list";
  if (typeof value === "function") return "a function";
  return value === null ? "null" : typeof value === "object" ? "an object" : JSON.stringify(value);
}
