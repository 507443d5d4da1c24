import { tensor } from "../../array/create.ts";
import { astype, sub } from "../../array/elementwise.ts";
import { DownhillError, showType } from "../../errors/index.ts";
import { checkOptions } from "../../errors/options.ts";
import type { Tensor, TensorLike } from "../../ir/tensor.ts";
import { asTensor } from "../../prims/lift.ts";
import { requireFunction } from "../../transforms/arguments.ts";
import { flatten, leafPaths, unflatten } from "../../tree/index.ts";
import { didYouMean } from "../../util/suggest.ts";
import type { LeastSquaresResult } from "../minimize/least-squares.ts";
import { leastSquares } from "../minimize/least-squares.ts";
import { pick } from "../minimize/problem.ts";
import { type RobustLoss, robustLosses } from "../minimize/robust.ts";
import type { StopReason, StopRules } from "../minimize/stop.ts";
import { count, fixed, flag, oneOf, readOptions } from "../options.ts";
import { undeterminedColumns } from "./determined.ts";
import { findStarts, givenStarts } from "./find-start.ts";
import { type CurveModel, curveModel, numbers, type Rows, takeRows } from "./model.ts";
import { studentQuantile } from "./student.ts";

/** Options of `fitCurve`. */
export interface FitCurveOptions<K extends string = string> extends StopRules {
  /** The names of the parameters, each one number, in the order of the covariance. */
  readonly parameters: readonly K[];
  /**
   * Where to start; parameters that are left out are looked for. Default: all are. A start for all is followed as it is, and
   * once more with the linear parameters solved for, and the better end counts.
   */
  readonly start?: { readonly [name in K]?: number };
  /** The least that a parameter may be. Default −∞. */
  readonly low?: { readonly [name in K]?: number };
  /** The most that a parameter may be. Default ∞. */
  readonly high?: { readonly [name in K]?: number };
  /** The standard error of each y, above 0: it counts by `1/σ²`. Not beside `weights`. */
  readonly sigma?: TensorLike;
  /** σ has the unit of y, so errors of parameters come from σ alone and not from the residuals. Default false. */
  readonly absoluteSigma?: boolean;
  /** How much each y counts, 0 or more. Default 1. */
  readonly weights?: TensorLike;
  /** How much a residual counts, as in `leastSquares`. Default `squares`. */
  readonly loss?: RobustLoss;
  /**
   * The size of a residual (times √weight) above which a robust loss counts it less. Default: 1.4826 times the median size
   * of the residuals of the fit, which is the standard error of normal ones.
   */
  readonly lossScale?: number;
  /** How many promising starts are followed, 1 or more. Default 12. */
  readonly starts?: number;
  /** The probability with which intervals hold the true values, above 0 and below 1. Default 0.95. */
  readonly level?: number;
  /** Compile the model. Default true. */
  readonly jit?: boolean;
}

/** A curve at some places, with its confidence interval. */
export interface CurveBand {
  readonly value: Tensor;
  readonly low: Tensor;
  readonly high: Tensor;
}

/** What `fitCurve` found. */
export interface CurveFit<K extends string = string, X = Tensor> {
  readonly params: Readonly<Record<K, number>>;
  /** NaN for a parameter at a bound, and for all where the data do not tell them apart or leave no degree of freedom. */
  readonly standardErrors: Readonly<Record<K, number>>;
  /** Confidence intervals, by Student's t. */
  readonly intervals: Readonly<Record<K, readonly [low: number, high: number]>>;
  /** Of the parameters in the order of `parameters`: n × n. */
  readonly covariance: Tensor;
  /** The covariance in units of the standard errors. */
  readonly correlation: Tensor;
  /** The curve at the rows, and y less it. */
  readonly fitted: Tensor;
  readonly residuals: Tensor;
  /** `Σ w r²`; with a robust loss `Σ ρ(√w r)`. */
  readonly sumOfSquares: number;
  /** Rows with a weight above 0 less parameters that could move. */
  readonly degreesOfFreedom: number;
  /** `sumOfSquares/degreesOfFreedom`: about 1 where `sigma` are the errors of the data and the model is right. */
  readonly reducedChiSquared: number;
  /** `1 − Σ w r²/Σ w (y − ȳ)²`, ȳ being the weighted mean. */
  readonly rSquared: number;
  /** The scale of a robust loss; `null` for `squares`. */
  readonly lossScale: number | null;
  /** Parameters that can be changed together without changing the curve at any row. */
  readonly undetermined: readonly K[];
  /** Parameters that stand at a bound. */
  readonly atBound: readonly K[];
  /** Where the search for this fit began. */
  readonly start: Readonly<Record<K, number>>;
  /** How many starts were followed, and how many of them led here. */
  readonly starts: { readonly followed: number; readonly agreed: number };
  readonly reason: StopReason;
  readonly converged: boolean;
  readonly message: string;
  /** Of all starts together. */
  readonly iterations: number;
  readonly evaluations: number;
  /** The curve elsewhere, with its confidence band: `f(x) ± t √(gᵀCg)`, g being the gradient in the parameters. */
  readonly predict: (x: LikeColumns<X>) => CurveBand;
}

type LikeColumns<X> = X extends Tensor ? TensorLike : { readonly [name in keyof X]: TensorLike };

/** One scalar for each name. */
export type CurveParameters<K extends string> = Readonly<Record<K, Tensor>>;

/**
 * The parameters of a curve for which it comes nearest to the data, by `leastSquares` from starts that it finds by itself.
 *
 * The search: parameters in which the model is linear are recognised by its second derivatives and solved for; the units of
 * the others (rate, width, place, exponent, phase, frequency) follow from symmetries of the model, so that values to try can
 * be taken from the data. All combinations (12,000 at most) are compared with the linear parameters solved for, and the best
 * are followed to their minima. A model that is linear in all its parameters needs no search. Computes in float64.
 *
 * SciPy's `curve_fit` starts from ones; `sigma` and `absoluteSigma` are as there.
 *
 * @throws DownhillError `option`, `range`, `shape` for what does not fit; `data` where there are fewer rows than parameters, or
 * where the model is not finite at any start.
 * @see Golub, Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate,
 * 1973.
 * @example
 * const x = [0, 1, 2, 3, 4, 5];
 * const y = [5.02, 3.82, 2.97, 2.41, 1.95, 1.65];
 * const decay = (x, { a, b, c }) => a.mul(exp(b.mul(x).neg())).add(c);
 * const { params, rSquared } = fitCurve(decay, x, y, { parameters: ["a", "b", "c"] });
 * [params.a.toFixed(2), params.b.toFixed(2), params.c.toFixed(2), rSquared.toFixed(4)]; // ["4.10", "0.34", "0.91", "0.9999"]
 */
export function fitCurve<const K extends string>(
  model: (x: Tensor, params: CurveParameters<K>) => Tensor,
  x: TensorLike,
  y: TensorLike,
  options: FitCurveOptions<K>,
): CurveFit<K>;
export function fitCurve<const K extends string, X extends Readonly<Record<string, Tensor>>>(
  model: (x: X, params: CurveParameters<K>) => Tensor,
  x: { readonly [name in keyof X]: TensorLike },
  y: TensorLike,
  options: FitCurveOptions<K>,
): CurveFit<K, X>;
export function fitCurve(
  model: (x: never, params: never) => unknown,
  x: unknown,
  y: TensorLike,
  options: FitCurveOptions,
): CurveFit<string, never> {
  requireFunction(operation, model);
  const names = readNames(options);
  const choices = readChoices(options);
  const data = readData(x, y, options, choices.absoluteSigma);
  const walls = {
    low: perName(names, "low", options.low, -Infinity),
    high: perName(names, "high", options.high, Infinity),
  };
  const wrong = names.findIndex((_, i) => !(walls.low[i]! <= walls.high[i]!));
  if (wrong >= 0) {
    throw new DownhillError(
      "range",
      `fitCurve: low must be at most high, got ${walls.low[wrong]!} and ${walls.high[wrong]!} for ${names[wrong]!}.`,
    );
  }
  const counted = data.weights.filter((w) => w > 0).length;
  if (counted < names.length) {
    throw new DownhillError(
      "data",
      `fitCurve: ${counted} ${counted === 1 ? "row" : "rows"} cannot determine ${names.length} parameters (${names.join(", ")}). ` +
        "Give more data, or a model with fewer parameters.",
    );
  }
  const curve = curveModel(
    operation,
    names.length,
    (columns, theta) =>
      model(
        unflatten(data.def, columns) as never,
        Object.fromEntries(names.map((name, i) => [name, theta[i]!])) as never,
      ),
    choices.jit,
  );
  curve.values(new Float64Array(names.length).fill(1), data.rows); // a model of another shape is named before any work
  const given = perName(names, "start", options.start, Number.NaN).map((p, i) =>
    Math.min(Math.max(p, walls.low[i]!), walls.high[i]!),
  );
  const fit = search({ curve, ...data, walls, given, choices, rules: pick(options, ruleNames) });
  return describe(names, curve, { ...data, walls }, choices, fit);
}

const operation = "fitCurve";
const ruleNames = [
  "maxIterations",
  "maxEvaluations",
  "gradientTolerance",
  "valueTolerance",
  "stepTolerance",
  "signal",
] as const;

type Choices = Omit<ReturnType<typeof readChoices>, "never">;

function readChoices(options: FitCurveOptions): {
  readonly absoluteSigma: boolean;
  readonly loss: RobustLoss;
  readonly lossScale: number | undefined;
  readonly starts: number;
  readonly level: number;
  readonly jit: boolean;
} {
  const own = ["absoluteSigma", "loss", "lossScale", "starts", "level", "jit"] as const;
  const others = ["parameters", "start", "low", "high", "sigma", "weights"] as const;
  checkOptions(operation, options, [...own, ...others, ...ruleNames]);
  const read = readOptions<Pick<FitCurveOptions, (typeof own)[number]>>(operation, pick(options, own), {
    absoluteSigma: flag(false),
    loss: oneOf("squares", robustLosses),
    lossScale: fixed(1, { from: 0, above: true }),
    starts: count(12, { from: 1 }),
    level: fixed(0.95, { from: 0, to: 1, above: true, below: true }),
    jit: flag(true),
  });
  return { ...read, lossScale: options.lossScale };
}

function readNames(options: FitCurveOptions): readonly string[] {
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

/** A number for each name, from an object that may leave some out. */
function perName(names: readonly string[], option: string, given: unknown, otherwise: number): Float64Array {
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
        `fitCurve: ${option} has ${JSON.stringify(name)}, which is no parameter.${didYouMean(name, names)}`,
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

interface Data {
  readonly def: ReturnType<typeof flatten>["def"];
  readonly rows: Rows;
  readonly y: Float64Array;
  readonly weights: Float64Array;
}

function readData(x: unknown, y: TensorLike, options: FitCurveOptions, absolute: boolean): Data {
  const { leaves, def } = flatten(x, operation);
  const paths = leafPaths(def, "x");
  if (leaves.length === 0) throw new DownhillError("tree", "fitCurve: x holds no column.");
  const target = oneAxis("y", y);
  const columns = leaves.map((leaf, i) => oneAxis(paths[i]!, leaf, target.shape[0]));
  const { sigma, weights } = options;
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

function oneAxis(name: string, value: unknown, rows?: number): Tensor {
  const x = astype(asTensor(value, operation), "float64");
  if (x.ndim !== 1 || x.shape[0] === 0) {
    throw new DownhillError(
      "shape",
      `fitCurve: ${name} must be one axis of numbers, got ${showType(x.type)}.`,
    );
  }
  if (rows !== undefined && x.shape[0] !== rows) {
    throw new DownhillError("shape", `fitCurve: ${name} has ${x.shape[0]!} rows, but y has ${rows}.`);
  }
  const at = x.data().findIndex((value) => !Number.isFinite(value));
  if (at < 0) return x;
  throw new DownhillError("range", `fitCurve: ${name} must be finite, got ${x.data()[at]!} for row ${at}.`);
}

interface Task extends Data {
  readonly curve: CurveModel;
  readonly walls: { readonly low: Float64Array; readonly high: Float64Array };
  readonly given: Float64Array;
  readonly choices: Choices;
  readonly rules: Pick<FitCurveOptions, (typeof ruleNames)[number]>;
}

interface Found {
  readonly result: LeastSquaresResult<Tensor>;
  readonly start: Float64Array;
  readonly lossScale: number | null;
  readonly followed: number;
  readonly agreed: number;
  readonly iterations: number;
  readonly evaluations: number;
}

const mostRows = 1000; // that starts are followed on

/** Follows the starts, and from the best of them fits all rows. */
function search(task: Task): Found {
  const { curve, rows, y, weights, walls, given, choices, rules } = task;
  const isRobust = choices.loss !== "squares";
  const isGiven = given.every((p) => !Number.isNaN(p));
  const roots = weights.map(Math.sqrt);
  const looking = { model: curve, rows, y, roots, ...walls, given, isRobust, count: choices.starts };
  const found = isGiven ? undefined : findStarts(looking);
  const starts = found?.starts ?? givenStarts(looking);
  if (starts.length === 0) throw notFinite();
  const scaleAt = (theta: Float64Array): number => {
    const fitted = curve.values(theta, rows);
    return medianSize(y.map((yi, r) => (yi - fitted[r]!) * roots[r]!).filter((_, r) => weights[r]! > 0));
  };
  const follow = (
    theta: Float64Array,
    part: Pick<Task, "rows" | "y" | "weights">,
    loss: RobustLoss,
    lossScale: number,
    limits: Task["rules"],
  ): LeastSquaresResult<Tensor> =>
    leastSquares((p: Tensor) => sub(curve.curve(p, part.rows), tensor(part.y)), tensor(theta), {
      low: tensor(walls.low),
      high: tensor(walls.high),
      loss,
      lossScale,
      weights: tensor(part.weights),
      jit: choices.jit,
      ...defined(limits),
    });

  let counts = { iterations: 0, evaluations: 0 };
  const add = (result: LeastSquaresResult<Tensor>): LeastSquaresResult<Tensor> => {
    counts = {
      iterations: counts.iterations + result.iterations,
      evaluations: counts.evaluations + result.evaluations,
    };
    return result;
  };
  let scale = choices.lossScale ?? (isRobust ? scaleAt(starts[0]!) : 1);
  let best = { theta: starts[0]!, start: starts[0]! };
  let agreed = 1;
  if (starts.length > 1) {
    const part = everyFew(task);
    // soft-l1 pulls from everywhere, where cauchy and arctan are flat far from the data
    const ends = starts.map((start) => {
      const limits = { ...rules, maxIterations: Math.min(100, rules.maxIterations ?? 100) };
      const { params, sumOfSquares } = add(
        follow(start, part, isRobust ? "soft-l1" : "squares", scale, limits),
      );
      return { theta: numbers(params), start, sum: sumOfSquares };
    });
    const finite = ends.filter(({ sum }) => Number.isFinite(sum)).sort((a, b) => a.sum - b.sum);
    if (finite.length === 0) throw notFinite();
    const least = finite[0]!;
    best = least;
    agreed = finite.filter(({ sum }) => sum <= least.sum * (1 + 1e-6)).length;
  }
  // what has bounds or was given stays on its side
  const isKept = (i: number): boolean =>
    walls.low[i]! > -Infinity || walls.high[i]! < Infinity || !Number.isNaN(given[i]!);
  const from = found === undefined ? best.theta : found.plainest(best.theta, isKept);
  let result = add(follow(from, task, choices.loss, scale, rules));
  // the scale belongs to the fit that it leads to
  const rounds = isRobust && choices.lossScale === undefined ? 5 : 0;
  for (let round = 0; round < rounds; round++) {
    const next = scaleAt(numbers(result.params));
    if (Math.abs(next - scale) <= 0.01 * scale) break;
    scale = next;
    result = add(follow(numbers(result.params), task, choices.loss, scale, rules));
  }
  if (result.reason === "not-finite") throw notFinite();
  const { start } = best;
  return { result, start, lossScale: isRobust ? scale : null, followed: starts.length, agreed, ...counts };
}

function notFinite(): DownhillError {
  return new DownhillError(
    "data",
    "fitCurve: the model is not finite at all rows for any start that was tried. Give start values, or bounds that keep " +
      "it finite.",
  );
}

/** Evenly spread rows, where there are very many. */
function everyFew({ rows, y, weights }: Task): Pick<Task, "rows" | "y" | "weights"> {
  if (rows.count <= mostRows) return { rows, y, weights };
  const chosen = Array.from({ length: mostRows }, (_, i) => Math.floor((i * rows.count) / mostRows));
  return {
    rows: takeRows(rows, chosen),
    y: Float64Array.from(chosen, (r) => y[r]!),
    weights: Float64Array.from(chosen, (r) => weights[r]!),
  };
}

/** 1.4826 times the median of the sizes: the standard deviation of normal numbers. */
function medianSize(r: Float64Array): number {
  const sizes = r.map(Math.abs).sort();
  const median = (sizes[(sizes.length - 1) >> 1]! + sizes[sizes.length >> 1]!) / 2;
  return 1.4826 * median || sizes.at(-1)! || 1;
}

function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/** What the fit tells. */
function describe(
  names: readonly string[],
  curve: CurveModel,
  { rows, y, weights, walls }: Data & Pick<Task, "walls">,
  { absoluteSigma, level }: Choices,
  { result, start, lossScale, followed, agreed, iterations, evaluations }: Found,
): CurveFit<string, never> {
  const n = names.length;
  const theta = numbers(result.params);
  const { degreesOfFreedom, sumOfSquares, standardErrors: errorsOfFit, reason, converged, message } = result;
  const reducedChiSquared = degreesOfFreedom > 0 ? sumOfSquares / degreesOfFreedom : Number.NaN;
  const variance = absoluteSigma ? 1 / reducedChiSquared : 1;
  const covariance = numbers(result.covariance).map((c) => c * variance);
  const errors = numbers(errorsOfFit).map((_, i) => Math.sqrt(covariance[i * n + i]!));
  const t = studentQuantile(level, degreesOfFreedom);
  const byName = <T>(value: (i: number) => T): Record<string, T> =>
    Object.fromEntries(names.map((name, i) => [name, value(i)]));
  const fitted = curve.values(theta, rows);
  const slopes = curve.slopes(theta, rows);
  const isAtBound = names.map((_, i) => theta[i] === walls.low[i] || theta[i] === walls.high[i]);
  const free = names.flatMap((_, i) => (isAtBound[i]! ? [] : [i]));
  const elements = Float64Array.from({ length: rows.count * free.length }, (_, at) => {
    const row = Math.floor(at / free.length);
    return Math.sqrt(weights[row]!) * slopes[free[at % free.length]!]![row]!;
  });
  const undetermined = undeterminedColumns({ rows: rows.count, columns: free.length, elements });
  return {
    params: byName((i) => theta[i]!),
    standardErrors: byName((i) => errors[i]!),
    intervals: byName((i) => [theta[i]! - t * errors[i]!, theta[i]! + t * errors[i]!] as const),
    covariance: tensor(covariance, { shape: [n, n] }),
    correlation: tensor(
      covariance.map((c, at) => c / (errors[Math.floor(at / n)]! * errors[at % n]!)),
      { shape: [n, n] },
    ),
    fitted: tensor(fitted),
    residuals: tensor(y.map((yi, r) => yi - fitted[r]!)),
    sumOfSquares,
    degreesOfFreedom,
    reducedChiSquared,
    rSquared: determination(y, fitted, weights),
    lossScale,
    undetermined: undetermined.map((at) => names[free[at]!]!),
    atBound: names.filter((_, i) => isAtBound[i]!),
    start: byName((i) => start[i]!),
    starts: { followed, agreed },
    reason,
    converged,
    message,
    iterations,
    evaluations,
    predict(x) {
      const { leaves, def } = flatten(x, operation);
      const paths = leafPaths(def, "x");
      if (leaves.length !== rows.columns.length) {
        throw new DownhillError("tree", `fitCurve: predict needs ${paths.join(", ")}, as the fit had them.`);
      }
      const count = asTensor(leaves[0], operation).shape[0];
      const places = {
        count: count ?? 1,
        columns: leaves.map((leaf, i) => oneAxis(paths[i]!, leaf, count)),
      };
      const value = curve.values(theta, places);
      const gradients = curve.slopes(theta, places);
      // a parameter at a bound stands still
      const width = value.map((_, r) => {
        let total = 0;
        for (const i of free)
          for (const j of free) total += gradients[i]![r]! * covariance[i * n + j]! * gradients[j]![r]!;
        return t * Math.sqrt(Math.max(total, 0));
      });
      return {
        value: tensor(value),
        low: tensor(value.map((v, r) => v - width[r]!)),
        high: tensor(value.map((v, r) => v + width[r]!)),
      };
    },
  };
}

function determination(y: Float64Array, fitted: Float64Array, weights: Float64Array): number {
  let [total, mean] = [0, 0];
  weights.forEach((w, r) => {
    total += w;
    mean += w * y[r]!;
  });
  mean /= total;
  let [rest, spread] = [0, 0];
  weights.forEach((w, r) => {
    rest += w * (y[r]! - fitted[r]!) ** 2;
    spread += w * (y[r]! - mean) ** 2;
  });
  return 1 - rest / spread;
}
