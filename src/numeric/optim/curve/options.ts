import { astype } from "../../array/elementwise.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { checkNeededOptions } from "../../../engine/errors/options.ts";
import { Tensor, type TensorLike } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { flatten, leafPaths } from "../../../engine/tree/index.ts";
import { didYouMean } from "../../../engine/util/suggest.ts";
import { pick } from "../minimize/problem.ts";
import { type RobustLoss, robustLosses } from "../minimize/robust.ts";
import type { Constraint } from "../constrained/constraint.ts";
import type { StopRules } from "../minimize/stop.ts";
import { count, fixed, flag, oneOf, readOptions } from "../options.ts";
import { numbers, type DataColumns } from "./model.ts";

/** Weights of the rows of data, given directly or as standard errors. */
export interface RowWeights {
  /** Standard error σ of each y, above 0; the weight is `1/σ²`. Cannot be combined with `weights`. */
  readonly sigma?: TensorLike;
  /** Weight of each y, 0 or more. Default 1. */
  readonly weights?: TensorLike;
}

/** Options of a call of a prepared fitter. */
export interface CurveCallOptions<K extends string = string> extends RowWeights {
  /** Start values of this search, which replace the values with which the fitter was prepared. */
  readonly start?: { readonly [name in NoInfer<K>]?: number };
}

/** Options of `fitCurve`. */
export interface FitCurveOptions<K extends string = string, P = Readonly<Record<K, Tensor>>>
  extends CurveFitterOptions<K, P>, RowWeights {}

/** A bound of the parameters of a curve: one number for all, one per parameter in their order, or numbers by name. */
export type CurveBound<K extends string = string> =
  number | Tensor | ArrayLike<number> | { readonly [name in K]?: number };

/** Options of `curveFitter`, and of `fitCurve` except for the row weights. */
export interface CurveFitterOptions<
  K extends string = string,
  P = Readonly<Record<K, Tensor>>,
> extends StopRules {
  /** Names of the parameters, each a scalar, in the order of the covariance. */
  readonly parameters: readonly K[];
  /**
   * Start values. Parameters without one are searched. Default: all are searched. If all values are given, the search
   * runs from them, and again from them with the linear parameters solved for; the better result counts.
   */
  readonly start?: { readonly [name in K]?: number };
  /**
   * Lower bounds of the parameters: numbers by name, one number for all, or an array or tensor of one number per
   * parameter in the order of `parameters`. Default −∞.
   */
  readonly low?: CurveBound<K>;
  /** Upper bounds of the parameters, in the forms of `low`. Default ∞. */
  readonly high?: CurveBound<K>;
  /**
   * Constraints that the parameters must satisfy: those of `equality`, `atMost`, `atLeast` and `between`, functions of the
   * parameters by name. The search without constraints comes first, and the search with them starts from its result and
   * from the start values, if all are given. Default: none.
   */
  readonly constraints?: readonly Constraint<P, []>[];
  /** Largest violation of a constraint at a solution, absolute and unscaled; 0 or more. Default 1e-8. */
  readonly constraintTolerance?: number;
  /**
   * True if `sigma` has the unit of y, so that errors of parameters follow from σ alone and not from the residuals;
   * needs `sigma`. Default false.
   */
  readonly absoluteSigma?: boolean;
  /** Loss of a residual, as in `leastSquares`. Default `squares`. */
  readonly loss?: RobustLoss;
  /**
   * Size of a residual (times √weight) above which a robust loss reduces its weight. Default: 1.4826 times the median
   * size of the residuals of the fit, which estimates their standard deviation if they are normal.
   */
  readonly lossScale?: number;
  /** Number of promising starts that are followed, 1 or more. Default 12. */
  readonly starts?: number;
  /** Probability that a confidence interval contains the true value, between 0 and 1. Default 0.95. */
  readonly level?: number;
  /** True to compile the model. Default true. */
  readonly jit?: boolean;
}

/** Name of the operation at the beginning of error messages. */
export const operation = "fitCurve";
/** Names of the options that end a search. They have the same meaning as in `leastSquares`. */
export const ruleNames = [
  "maxIterations",
  "maxEvaluations",
  "gradientTolerance",
  "valueTolerance",
  "stepTolerance",
  "signal",
] as const;

/** Options of a fit that do not depend on the data, checked and with defaults. */
export interface CurveSettings {
  readonly absoluteSigma: boolean;
  readonly loss: RobustLoss;
  readonly lossScale: number | undefined;
  readonly starts: number;
  readonly level: number;
  readonly jit: boolean;
}

/** Reads and checks the options that do not depend on the data. `others` are further option names that are allowed. */
export function readChoices(
  options: CurveFitterOptions<string, never>,
  others: readonly string[] = [],
): CurveSettings {
  const own = ["absoluteSigma", "loss", "lossScale", "starts", "level", "jit"] as const;
  const shared = ["parameters", "start", "low", "high", "constraints", "constraintTolerance"] as const;
  checkNeededOptions(operation, options, [...own, ...shared, ...others, ...ruleNames]);
  const read = readOptions<Pick<CurveFitterOptions<string, never>, (typeof own)[number]>>(
    operation,
    pick(options, own),
    {
      absoluteSigma: flag(false),
      loss: oneOf("squares", robustLosses),
      lossScale: fixed(1, { from: 0, above: true }),
      starts: count(12, { from: 1 }),
      level: fixed(0.95, { from: 0, to: 1, above: true, below: true }),
      jit: flag(true),
    },
  );
  return { ...read, lossScale: options.lossScale };
}

/** Reads and checks the names of the parameters. */
export function readNames(options: CurveFitterOptions<string, never>): readonly string[] {
  const parameters: unknown = options.parameters;
  if (!isListOfNames(parameters)) {
    throw new DownhillError(
      "option",
      `fitCurve: parameters must list the names of the parameters, as in parameters: ["a", "b"].`,
    );
  }
  const twice = parameters.find((name, i) => parameters.indexOf(name) !== i);
  if (twice === undefined) return parameters;
  throw new DownhillError("option", `fitCurve: parameters names ${JSON.stringify(twice)} twice.`);
}

function isListOfNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string" && name !== "")
  );
}

/** Returns one number per name from an object, and `otherwise` for names that the object omits. */
export function perName(
  names: readonly string[],
  option: string,
  given: unknown,
  otherwise: number,
): Float64Array {
  if (given !== undefined && (typeof given !== "object" || given === null)) {
    throw new DownhillError(
      "option",
      `fitCurve: ${option} must be an object of numbers, as in ${option}: { ${names[0]!}: 1 }.`,
    );
  }
  const values = (given ?? {}) as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(values)) {
    if (!names.includes(name)) {
      throw new DownhillError(
        "option",
        `fitCurve: ${option} has ${JSON.stringify(name)}, which is not a parameter.${didYouMean(name, names)}`,
      );
    }
    const isFine =
      typeof value === "number" && (option === "start" ? Number.isFinite(value) : !Number.isNaN(value));
    if (value !== undefined && !isFine) {
      throw new DownhillError(
        "range",
        `fitCurve: ${option}.${name} must be a number, got ${typeof value === "number" ? String(value) : typeof value}.`,
      );
    }
  }
  return Float64Array.from(names, (name) => (values[name] as number | undefined) ?? otherwise);
}

/** Reads a bound as one number per parameter. */
export function readBound(
  names: readonly string[],
  option: "low" | "high",
  given: CurveBound | undefined,
  otherwise: number,
): Float64Array {
  const isList = Array.isArray(given) || ArrayBuffer.isView(given) || given instanceof Tensor;
  if (typeof given !== "number" && !isList) return perName(names, option, given, otherwise);
  const x = astype(asTensor(given as TensorLike, operation), "float64");
  if (x.ndim !== 0 && !(x.ndim === 1 && x.shape[0] === names.length)) {
    throw new DownhillError(
      "shape",
      `fitCurve: ${option} is ${showType(x.type)} for the ${names.length} parameters ${names.join(", ")}. ` +
        `Give one number, one for each parameter in this order, or numbers by name, as in ${option}: { ${names[0]!}: 1 }.`,
    );
  }
  const bounds = [...x.data()];
  return Float64Array.from(names, (name, i) => {
    const bound = bounds[x.ndim === 0 ? 0 : i]!;
    if (!Number.isNaN(bound)) return bound;
    throw new DownhillError("range", `fitCurve: ${option} must be a number, got NaN for ${name}.`);
  });
}

/** Checked data of a fit. */
export interface CurveData {
  readonly def: ReturnType<typeof flatten>["def"];
  readonly rows: DataColumns;
  readonly y: Float64Array;
  readonly weights: Float64Array;
}

/** Reads and checks the columns, y and weights. */
export function readData(x: unknown, y: TensorLike, counts: RowWeights, absolute: boolean): CurveData {
  const { leaves, def } = flatten(x, operation);
  const paths = leafPaths(def, "x");
  if (leaves.length === 0) throw new DownhillError("tree", "fitCurve: x holds no column.");
  const target = oneAxis("y", y);
  const columns = leaves.map((leaf, i) => oneAxis(paths[i]!, leaf, target.shape[0]));
  const { sigma, weights } = counts;
  if (sigma !== undefined && weights !== undefined) {
    throw new DownhillError("option", "fitCurve: give sigma or weights, not both: sigma is weights of 1/σ².");
  }
  if (absolute && sigma === undefined) {
    throw new DownhillError("option", "fitCurve: absoluteSigma needs sigma, the standard errors of y.");
  }
  const n = target.shape[0]!;
  const check = (
    name: string,
    given: TensorLike,
    isRight: (w: number) => boolean,
    what: string,
  ): Float64Array => {
    const values = numbers(oneAxis(name, given, n));
    const at = values.findIndex((w) => !isRight(w));
    if (at < 0) return values;
    throw new DownhillError("range", `fitCurve: ${name} must be ${what}, got ${values[at]!} for row ${at}.`);
  };
  const read =
    sigma !== undefined
      ? check("sigma", sigma, (s) => s > 0 && s < Infinity, "finite numbers above 0").map((s) => s ** -2)
      : weights !== undefined
        ? check("weights", weights, (w) => w >= 0 && w < Infinity, "finite numbers of 0 or more")
        : new Float64Array(n).fill(1);
  return { def, rows: { count: n, columns }, y: numbers(target), weights: read };
}

/**
 * Converts the option `name` to a float64 vector of finite numbers. If `rows` is given, it must have this length.
 *
 * @throws DownhillError `shape` for other shapes and for an empty vector, `range` for numbers that are not finite.
 */
export function oneAxis(name: string, value: unknown, rows?: number): Tensor {
  const x = astype(asTensor(value, operation), "float64");
  if (x.ndim !== 1 || x.shape[0] === 0) {
    throw new DownhillError(
      "shape",
      `fitCurve: ${name} must be a vector of numbers, got ${showType(x.type)}.`,
    );
  }
  if (rows !== undefined && x.shape[0] !== rows) {
    throw new DownhillError("shape", `fitCurve: ${name} has ${x.shape[0]!} rows, but y has ${rows}.`);
  }
  const at = x.data().findIndex((xi) => !Number.isFinite(xi));
  if (at < 0) return x;
  throw new DownhillError("range", `fitCurve: ${name} must be finite, got ${x.data()[at]!} for row ${at}.`);
}
