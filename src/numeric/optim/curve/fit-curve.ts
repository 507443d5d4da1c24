import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { plainOf, requireCompiled } from "../../../engine/transforms/plain.ts";
import { vmap } from "../../../engine/transforms/index.ts";
import type { OnlyPlain } from "../../../engine/tree/index.ts";
import { checkOptions } from "../../../engine/errors/options.ts";
import { treeKey, unflatten } from "../../../engine/tree/index.ts";
import { makeLru } from "../../../engine/util/lru.ts";
import { didYouMean } from "../../../engine/util/suggest.ts";
import { pick } from "../minimize/problem.ts";
import type { WithConstraints } from "../minimize/minimize.ts";
import { robustResiduals } from "../minimize/robust.ts";
import { finish, finishSoon } from "../minimize/stop.ts";
import { refuseTraced } from "../minimize/traced-captures.ts";
import { solverOf } from "../constrained/constraint.ts";
import { defined, type FitSearchResult, jacobianOf, scaleOf, search } from "./follow.ts";
import { type CurveModel, curveModel } from "./model.ts";
import {
  operation,
  ruleNames,
  readChoices,
  readNames,
  perName,
  readBound,
  readData,
  type CurveCallOptions,
  type CurveFitterOptions,
  type CurveData,
  type FitCurveOptions,
} from "./options.ts";
import {
  type ConstrainedCurveFit,
  type CurveFit,
  describe,
  inNumbers,
  type PlainColumns,
  type PlainConstrainedCurveFit,
  type PlainCurveFit,
} from "./result.ts";

/** One scalar tensor per parameter name. */
export type CurveParameters<K extends string> = Readonly<Record<K, Tensor>>;

/**
 * Fits the parameters of a curve to data by `leastSquares`, from starts that it finds itself.
 *
 * The search works as follows. Parameters in which the model is linear are recognised by second derivatives and solved
 * for. The roles of the other parameters (rate, width, position, exponent, phase, frequency) follow from symmetries of
 * the model and determine values to try, which are taken from the data. All combinations of these are compared. If
 * there are more than 4,000, a sample is compared, and in its best candidates each parameter is then varied alone. The
 * best candidates are followed to their minima. A model that is linear in all its parameters needs no search. Computes
 * in float64.
 *
 * With `constraints` a second search continues from that result, and the errors respect the active constraints.
 *
 * SciPy's `curve_fit` starts from ones; `sigma` and `absoluteSigma` mean the same there.
 *
 * @throws DownhillError `option`, `range`, `shape` for arguments that do not fit; `data` if there are fewer rows than
 * parameters, or if the model is not finite at any start.
 * @see Golub, Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems whose variables
 * separate, 1973.
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
  options: FitCurveOptions<K, CurveParameters<K>> & WithConstraints<CurveParameters<K>, []>,
): ConstrainedCurveFit<K>;
export function fitCurve<const K extends string, X extends Readonly<Record<string, Tensor>>>(
  model: (x: X, params: CurveParameters<K>) => Tensor,
  x: { readonly [name in keyof X]: TensorLike },
  y: TensorLike,
  options: FitCurveOptions<K, CurveParameters<K>> & WithConstraints<CurveParameters<K>, []>,
): ConstrainedCurveFit<K, X>;
export function fitCurve<const K extends string, X extends number | Readonly<Record<string, number>>>(
  model: ((x: X, params: Readonly<Record<K, number>>) => number) & OnlyPlain<X>,
  x: PlainColumns<X>,
  y: TensorLike,
  options: FitCurveOptions<K, Readonly<Record<K, number>>> & WithConstraints<Readonly<Record<K, number>>, []>,
): PlainConstrainedCurveFit<K, X>;
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
export function fitCurve<const K extends string, X extends number | Readonly<Record<string, number>>>(
  model: ((x: X, params: Readonly<Record<K, number>>) => number) & OnlyPlain<X>,
  x: PlainColumns<X>,
  y: TensorLike,
  options: FitCurveOptions<K>,
): PlainCurveFit<K, X>;
export function fitCurve(
  model: (x: never, params: never) => unknown,
  x: unknown,
  y: TensorLike,
  options: FitCurveOptions<string, never>,
): AnyCurveFit {
  if (arguments.length > 4) refuseExtra("fitCurve", arguments, 4);
  return finish(fitOnce(model, x, y, options));
}

/**
 * Asynchronous `fitCurve`: it yields to other tasks of the page or server, and a signal can abort it at any time. The
 * result is then the best point so far, with the reason `aborted`.
 *
 * @throws DownhillError as `fitCurve`.
 */
export async function fitCurveAsync<const K extends string>(
  model: (x: Tensor, params: CurveParameters<K>) => Tensor,
  x: TensorLike,
  y: TensorLike,
  options: FitCurveOptions<K, CurveParameters<K>> & WithConstraints<CurveParameters<K>, []>,
): Promise<ConstrainedCurveFit<K>>;
export async function fitCurveAsync<const K extends string, X extends Readonly<Record<string, Tensor>>>(
  model: (x: X, params: CurveParameters<K>) => Tensor,
  x: { readonly [name in keyof X]: TensorLike },
  y: TensorLike,
  options: FitCurveOptions<K, CurveParameters<K>> & WithConstraints<CurveParameters<K>, []>,
): Promise<ConstrainedCurveFit<K, X>>;
export async function fitCurveAsync<
  const K extends string,
  X extends number | Readonly<Record<string, number>>,
>(
  model: ((x: X, params: Readonly<Record<K, number>>) => number) & OnlyPlain<X>,
  x: PlainColumns<X>,
  y: TensorLike,
  options: FitCurveOptions<K, Readonly<Record<K, number>>> & WithConstraints<Readonly<Record<K, number>>, []>,
): Promise<PlainConstrainedCurveFit<K, X>>;
export async function fitCurveAsync<const K extends string>(
  model: (x: Tensor, params: CurveParameters<K>) => Tensor,
  x: TensorLike,
  y: TensorLike,
  options: FitCurveOptions<K>,
): Promise<CurveFit<K>>;
export async function fitCurveAsync<const K extends string, X extends Readonly<Record<string, Tensor>>>(
  model: (x: X, params: CurveParameters<K>) => Tensor,
  x: { readonly [name in keyof X]: TensorLike },
  y: TensorLike,
  options: FitCurveOptions<K>,
): Promise<CurveFit<K, X>>;
export async function fitCurveAsync<
  const K extends string,
  X extends number | Readonly<Record<string, number>>,
>(
  model: ((x: X, params: Readonly<Record<K, number>>) => number) & OnlyPlain<X>,
  x: PlainColumns<X>,
  y: TensorLike,
  options: FitCurveOptions<K>,
): Promise<PlainCurveFit<K, X>>;
export async function fitCurveAsync(
  model: (x: never, params: never) => unknown,
  x: unknown,
  y: TensorLike,
  options: FitCurveOptions<string, never>,
): Promise<AnyCurveFit> {
  if (arguments.length > 4) refuseExtra("fitCurveAsync", arguments, 4);
  return finishSoon(fitOnce(model, x, y, options));
}

function fitOnce(
  model: (x: never, params: never) => unknown,
  x: unknown,
  y: TensorLike,
  options: FitCurveOptions<string, never>,
): CurveRun {
  requireCompiled(operation, model, example);
  readChoices(options, ["sigma", "weights"]); // first, because this call recognises a misspelt "parameters"
  const { sigma, weights, ...others } = options;
  return prepare(model, others)(x, y, { ...defined({ sigma, weights }) });
}

/**
 * Prepares `fitCurve` for repeated use. Returns a function `(x, y, { sigma, weights, start })` that traces and compiles
 * the model once per number of rows, and analyses its structure only once.
 *
 * @throws DownhillError as `fitCurve`; errors about the data are thrown when the function is called.
 * @example
 * const decay = (x, { a, b }) => a.mul(exp(b.mul(x).neg()));
 * const fit = curveFitter(decay, { parameters: ["a", "b"], start: { a: 1, b: 1 } });
 * const x = [0, 1, 2];
 * [[4, 2, 1], [9, 3, 1]].map((y) => fit(x, y).params.b.toFixed(4)); // ["0.6931", "1.0986"]
 */
export function curveFitter<const K extends string>(
  model: (x: Tensor, params: CurveParameters<K>) => Tensor,
  options: CurveFitterOptions<K, CurveParameters<K>> & WithConstraints<CurveParameters<K>, []>,
): (x: TensorLike, y: TensorLike, rows?: CurveCallOptions<K>) => ConstrainedCurveFit<K>;
export function curveFitter<const K extends string, X extends Readonly<Record<string, Tensor>>>(
  model: (x: X, params: CurveParameters<K>) => Tensor,
  options: CurveFitterOptions<K, CurveParameters<K>> & WithConstraints<CurveParameters<K>, []>,
): (
  x: { readonly [name in keyof X]: TensorLike },
  y: TensorLike,
  rows?: CurveCallOptions<K>,
) => ConstrainedCurveFit<K, X>;
export function curveFitter<const K extends string, X extends number | Readonly<Record<string, number>>>(
  model: ((x: X, params: Readonly<Record<K, number>>) => number) & OnlyPlain<X>,
  options: CurveFitterOptions<K, Readonly<Record<K, number>>> &
    WithConstraints<Readonly<Record<K, number>>, []>,
): (x: PlainColumns<X>, y: TensorLike, rows?: CurveCallOptions<K>) => PlainConstrainedCurveFit<K, X>;
export function curveFitter<const K extends string>(
  model: (x: Tensor, params: CurveParameters<K>) => Tensor,
  options: CurveFitterOptions<K>,
): (x: TensorLike, y: TensorLike, rows?: CurveCallOptions<K>) => CurveFit<K>;
export function curveFitter<const K extends string, X extends Readonly<Record<string, Tensor>>>(
  model: (x: X, params: CurveParameters<K>) => Tensor,
  options: CurveFitterOptions<K>,
): (
  x: { readonly [name in keyof X]: TensorLike },
  y: TensorLike,
  rows?: CurveCallOptions<K>,
) => CurveFit<K, X>;
export function curveFitter<const K extends string, X extends number | Readonly<Record<string, number>>>(
  model: ((x: X, params: Readonly<Record<K, number>>) => number) & OnlyPlain<X>,
  options: CurveFitterOptions<K>,
): (x: PlainColumns<X>, y: TensorLike, rows?: CurveCallOptions<K>) => PlainCurveFit<K, X>;
export function curveFitter(
  model: (x: never, params: never) => unknown,
  options: CurveFitterOptions<string, never>,
): (x: never, y: TensorLike, rows?: CurveCallOptions) => AnyCurveFit {
  if (arguments.length > 2) refuseExtra("curveFitter", arguments, 2);
  requireCompiled("curveFitter", model, `curveFitter((x, params) => …, { parameters: ["a", "b"] })`);
  const run = prepare(model, options);
  return (x, y, rows) => finish(run(x, y, rows));
}

const example = `${operation}((x, params) => …, x, y, { parameters: ["a", "b"] })`;
/** Number of column structures for which a fitter caches its compiled models. */
const structuresKept = 16;

type AnyCurveFit =
  | CurveFit<string, never>
  | PlainCurveFit<string, never>
  | ConstrainedCurveFit<string, never>
  | PlainConstrainedCurveFit<string, never>;

/** A fit that yields between iterations. */
type CurveRun = Generator<void, AnyCurveFit, void>;

function prepare(
  model: (x: never, params: never) => unknown,
  options: CurveFitterOptions<string, never>,
): (x: unknown, y: TensorLike, rows?: CurveCallOptions) => CurveRun {
  const choices = readChoices(options);
  const names = readNames(options);
  const walls = {
    low: readBound(names, "low", options.low, -Infinity),
    high: readBound(names, "high", options.high, Infinity),
  };
  const rules = pick(options, ruleNames);
  const constrained = solverOf(operation, options)?.fitCurve({
    operation,
    names,
    walls,
    options: { ...rules, ...pick(options, ["constraints", "constraintTolerance", "jit"]) },
    robust: robustResiduals[choices.loss],
    jacobianOf,
    scaleOf,
  });
  const wrong = names.findIndex((_, i) => !(walls.low[i]! <= walls.high[i]!));
  if (wrong >= 0) {
    throw new DownhillError(
      "range",
      `fitCurve: low must be at most high, got ${walls.low[wrong]!} and ${walls.high[wrong]!} for ${names[wrong]!}.`,
    );
  }
  const within = (start: unknown): Float64Array =>
    perName(names, "start", start, Number.NaN).map((p, i) =>
      Math.min(Math.max(p, walls.low[i]!), walls.high[i]!),
    );
  const prepared = within(options.start);
  const plain = plainOf(model);
  // a plain model computes one row
  const onRows =
    plain === undefined
      ? model
      : vmap(plain.overTensors as (...row: Tensor[]) => Tensor, { inAxes: [0, null] });
  const curves = makeLru<string, CurveModel>(structuresKept);
  const curveOf = ({ def, rows }: CurveData): CurveModel => {
    const key = treeKey(def);
    const before = curves.get(key);
    if (before !== undefined) return before;
    const curve = curveModel(
      operation,
      names.length,
      (columns, theta) => {
        const { params, unknown } = named(names, theta);
        try {
          return onRows(unflatten(def, columns) as never, params as never);
        } catch (error) {
          throw unknown.length === 0 ? error : asksFor(unknown[0]!, names, error);
        }
      },
      choices.jit,
    );
    curve.values(new Float64Array(names.length).fill(1), rows); // reports a model of another shape before any work
    curves.set(key, curve);
    return curve;
  };
  return function* (x, y, rows = {}) {
    checkOptions(operation, rows, ["sigma", "weights", "start"]);
    refuseTraced(
      operation,
      undefined,
      x,
      [y, rows],
      "minimize works there, except in jit, for the sum of squares of the residuals.",
    );
    const given = rows.start === undefined ? prepared : within(rows.start);
    const data = readData(x, y, rows, choices.absoluteSigma);
    const counted = data.weights.filter((w) => w > 0).length;
    if (counted < names.length && constrained === undefined) {
      throw new DownhillError(
        "data",
        `fitCurve: ${counted} ${counted === 1 ? "row" : "rows"} cannot determine ${names.length} parameters (${names.join(", ")}). ` +
          "Give more data, or a model with fewer parameters.",
      );
    }
    const curve = curveOf(data);
    const problem = { curve, ...data, walls, given, choices, rules };
    const fit = yield* search(problem);
    const show = (end: FitSearchResult): AnyCurveFit => {
      const found = describe(names, curve, { ...data, walls }, choices, end);
      return (plain === undefined ? found : inNumbers(found)) as AnyCurveFit;
    };
    if (constrained === undefined) return show(fit);
    const { end, fields } = yield* constrained(problem, fit);
    return Object.assign(show(end), fields);
  };
}

/** Returns the parameters by name, and a list that grows by each unknown name that the model reads. */
function named(
  names: readonly string[],
  theta: readonly Tensor[],
): { readonly params: object; readonly unknown: readonly string[] } {
  const unknown: string[] = [];
  const params = new Proxy(Object.fromEntries(names.map((name, i) => [name, theta[i]!])), {
    get(own, name): unknown {
      if (typeof name === "string" && !(name in own)) unknown.push(name);
      return Reflect.get(own, name);
    },
  });
  return { params, unknown };
}

/** Error for a model that failed after reading an unknown parameter name, which is the likely cause. */
function asksFor(name: string, names: readonly string[], cause: unknown): DownhillError {
  return new DownhillError(
    "option",
    `fitCurve: the model reads the parameter "${name}", but the parameters are ${names.join(", ")}.${didYouMean(name, names)}`,
    { cause },
  );
}
