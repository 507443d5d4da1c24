import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { compileText } from "../../numeric/syntax/index.ts";
import { isFinitePoint } from "./numbers.ts";

/** A point of a landscape: one number per coordinate. */
export type Point = readonly number[];

/** An interval of one coordinate, from the lower end to the higher. */
export type Interval = readonly [from: number, to: number];

/** A function of a few numbers for comparing optimisers. */
export interface Landscape {
  /** Name on the command line: `rosenbrock`. */
  readonly name: string;
  /** The function in mathematical notation: `(1 − x)² + 100(y − x²)²`. */
  readonly formula: string;
  /** One sentence about its difficulty. */
  readonly about: string;
  /** Names of the coordinates. */
  readonly coordinates: readonly string[];
  /** The function itself. Takes a float64 vector with one element per coordinate and returns a scalar. */
  readonly value: (point: Tensor) => Tensor;
  /** Start of the runs. */
  readonly start: Point;
  /** Region to draw, one interval per coordinate. Undefined: the region that contains the runs. */
  readonly domain: readonly Interval[] | undefined;
  /** Known minima, the lowest first. */
  readonly minima: readonly Point[];
  /** Known stationary points that are not minima. */
  readonly saddles: readonly Point[];
  /** Infimum of the function: −∞ if unbounded below, undefined if unknown. */
  readonly lowest: number | undefined;
  /** Source of the function and of its starting point. */
  readonly source: string;
}

/** Options of `defineLandscape`. */
export interface LandscapeOptions {
  /** Name. Default: the text, or the name of the function (`f` if it has none). */
  readonly name?: string;
  /** Formula in mathematical notation. Default: the text, or the name of the function (`f` if it has none). */
  readonly formula?: string;
  /** One sentence about the landscape. Default: empty. */
  readonly about?: string;
  /** Names of the coordinates. Default: those of the text, else `x`, `y` or `x1`, `x2`, … */
  readonly coordinates?: readonly string[];
  /** Start of the runs. Default: −1.5, 1, −1.5, … */
  readonly start?: Point;
  /** Region to draw. Default: the region that contains the runs. */
  readonly domain?: readonly Interval[];
  /** Known minima, the lowest first. Default: none. */
  readonly minima?: readonly Point[];
  /** Known stationary points that are not minima. Default: none. */
  readonly saddles?: readonly Point[];
  /** Infimum of the function. Default: unknown. */
  readonly lowest?: number;
  /** Source of the function. Default: empty. */
  readonly source?: string;
}

/** The names of the options in `LandscapeOptions`. */
export const landscapeOptionNames: readonly string[] = [
  "name",
  "formula",
  "about",
  "coordinates",
  "start",
  "domain",
  "minima",
  "saddles",
  "lowest",
  "source",
];
const usualStart = [-1.5, 1]; // off the axes of symmetry

/**
 * Defines a landscape from a text (`"x^4 - 2*x^2 + y^2"`) or a function. A function of several arguments (`(x, y) =>
 * …`) receives one scalar per coordinate. A function of one argument receives all coordinates as a vector, unless
 * `start` (or, without it, `coordinates`) has exactly one element; then it receives a scalar.
 *
 * @throws DownhillError `syntax` for an invalid text, `shape` for a start, domain or minimum with a wrong number of
 * coordinates. `range` for an invalid interval or point, `option` for other invalid arguments.
 * @example
 * const wells = defineLandscape("x^4 - 2*x^2 + y^2", { start: [0.1, 1] });
 * wells.coordinates; // ["x", "y"]
 * wells.value(tensor([1, 0])).item(); // -1
 */
export function defineLandscape(
  source: string | ((...coordinates: Tensor[]) => Tensor),
  options: LandscapeOptions = {},
): Landscape {
  if (arguments.length > 2) refuseExtra("defineLandscape", arguments, 2);
  const operation = "defineLandscape";
  checkOptions(operation, options, landscapeOptionNames);
  if (typeof source !== "string" && typeof source !== "function") {
    throw new DownhillError(
      "option",
      `${operation}: expects a text such as "x^4 - 2*x^2 + y^2" or a function of tensors.`,
    );
  }
  const { value, names, text } = typeof source === "string" ? ofText(source) : ofFunction(source, options);
  const coordinates = options.coordinates ?? names;
  const n = coordinates.length;
  if (n === 0) {
    throw new DownhillError(
      "option",
      `${operation}: ${text} has no inputs; a landscape needs at least one coordinate.`,
    );
  }
  if (n !== names.length) throw misfit(`coordinates has ${n} names`, names.length);
  const start = options.start ?? coordinates.map((_, i) => usualStart[i % 2]!);
  checkPoint(operation, "start", start, n);
  for (const name of ["minima", "saddles"] as const) {
    options[name]?.forEach((point) => checkPoint(operation, name, point, n));
  }
  const { domain, lowest } = options;
  if (domain !== undefined) checkDomain(operation, domain, coordinates);
  if (lowest !== undefined && typeof lowest !== "number") {
    throw new DownhillError("option", `${operation}: lowest must be a number.`);
  }
  return {
    name: options.name ?? text,
    formula: options.formula ?? text,
    about: options.about ?? "",
    coordinates,
    value,
    start,
    domain,
    minima: options.minima ?? [],
    saddles: options.saddles ?? [],
    lowest,
    source: options.source ?? "",
  };
}

interface LandscapeFunction {
  readonly value: Landscape["value"];
  readonly names: readonly string[];
  readonly text: string;
}

function ofText(text: string): LandscapeFunction {
  const { inputs, evaluate } = compileText(text);
  return { value: (point) => evaluate(inputs.map((_, i) => point.at(i))), names: inputs, text: text.trim() };
}

function ofFunction(
  f: (...coordinates: Tensor[]) => Tensor,
  { start, coordinates }: LandscapeOptions,
): LandscapeFunction {
  const text = f.name === "" ? "f" : f.name;
  const isOfVector = f.length <= 1 && (start ?? coordinates ?? usualStart).length !== 1;
  const n = isOfVector ? (start ?? coordinates ?? usualStart).length : Math.max(1, f.length);
  const names = n <= 2 ? ["x", "y"].slice(0, n) : Array.from({ length: n }, (_, i) => `x${i + 1}`);
  const value = (point: Tensor): Tensor =>
    requireScalar(text, isOfVector ? f(point) : f(...names.map((_, i) => point.at(i))));
  return { value, names, text };
}

function requireScalar(name: string, result: unknown): Tensor {
  if (result instanceof Tensor && result.ndim === 0) return result;
  const got = result instanceof Tensor ? showType(result.type) : result === null ? "null" : typeof result;
  throw new DownhillError(
    "shape",
    `${name}: a landscape must return a scalar tensor, got ${got}. A function of one argument receives all coordinates as a vector.`,
  );
}

/**
 * Checks that a point is an array of `n` finite numbers. `what` names it in messages.
 *
 * @throws DownhillError `shape` for a point of another number of coordinates, `range` for one that is not finite.
 */
export function checkPoint(operation: string, what: string, point: unknown, n: number): void {
  if (!Array.isArray(point)) {
    throw new DownhillError("shape", `${operation}: ${what} must be an array of ${n} numbers.`);
  }
  if (point.length !== n) throw misfit(`${what} has ${point.length} numbers`, n, operation);
  if (isFinitePoint(point as Point)) return;
  throw new DownhillError(
    "range",
    `${operation}: ${what} must be finite numbers, got [${point.join(", ")}].`,
  );
}

/**
 * Checks that a domain has one valid interval per coordinate.
 *
 * @throws DownhillError `shape` for another number of intervals, `range` for an interval that is not two finite
 * numbers, the lower first.
 */
function checkDomain(operation: string, domain: unknown, coordinates: readonly string[]): void {
  if (!Array.isArray(domain) || domain.length !== coordinates.length) {
    throw new DownhillError(
      "shape",
      `${operation}: domain must have an interval for each of ${coordinates.join(", ")}, as in [${coordinates.map(() => "[-2, 2]").join(", ")}].`,
    );
  }
  (domain as readonly unknown[]).forEach((interval, i) => {
    const [from, to] = Array.isArray(interval) ? (interval as readonly unknown[]) : [];
    if (typeof from === "number" && typeof to === "number" && isFinitePoint([from, to]) && from < to) return;
    throw new DownhillError(
      "range",
      `${operation}: the domain of ${coordinates[i]!} must be two finite numbers, the lower first; got ${JSON.stringify(interval)}.`,
    );
  });
}

function misfit(got: string, n: number, operation = "defineLandscape"): DownhillError {
  return new DownhillError("shape", `${operation}: ${got}, and the function takes ${n}.`);
}
