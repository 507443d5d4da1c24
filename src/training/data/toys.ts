import { cos, sin } from "../../numeric/array/elementwise.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { tensor } from "../../numeric/array/create.ts";
import { normalNow, uniformNow } from "../../numeric/random/at-once.ts";
import { foldIn, type KeyWords, key } from "../../numeric/random/index.ts";
import { checkSeed } from "./augment-keys.ts";
import type { Column } from "./column.ts";

/** Points of a plane (or space) with the class of each, generated from a seed. */
export interface ToyClasses {
  /** Points, float32 of shape `[n, 2]` (for `blobs`: `[n, dimensions]`). */
  readonly x: Column;
  /** Class of each point, int32 of shape `[n]`. Point `i` has class `i % classes`. */
  readonly y: Column;
  readonly classes: number;
}

/** Points of a curve, generated from a seed. */
export interface ToyCurve {
  /** Arguments, float32 of shape `[n, 1]`, in random order. */
  readonly x: Column;
  /** Values, float32 of shape `[n]`. */
  readonly y: Column;
}

/** Options of all generators. */
export interface ToyOptions {
  /** Number of points. Default 200. */
  readonly n?: number;
  /** Standard deviation of the added normal noise. Default 0 (for `blobs`: 1). */
  readonly noise?: number;
  /** Seed of the set, an integer. Default 0. Equal seeds produce equal points, bit by bit on every engine. */
  readonly seed?: number;
}

/** Options of `spirals`. */
export interface SpiralsOptions extends ToyOptions {
  /** Number of arms, one class each. Default 2. */
  readonly classes?: number;
  /** Turns of an arm from the centre to the rim. Default 1. */
  readonly turns?: number;
}

/**
 * Generates the arms of a spiral, one class each. The angle grows with the radius, which runs from 0 to 1.
 *
 * Point `j` of the `m` points of arm `c` has radius `r = (j + 1) / m` and angle `2π (turns · r + c / classes)`; noise
 * is added to both coordinates.
 *
 * @throws DownhillError `option` for options out of range, like all generators.
 * @example
 * const { x, y } = spirals({ n: 300, classes: 3, noise: 0.02, seed: 1 });
 * [x.shape, y.shape]; // [[300, 2], [300]]
 */
export function spirals(options: SpiralsOptions = {}): ToyClasses {
  if (arguments.length > 1) refuseExtra("spirals", arguments, 1);
  const { n, noise, root } = checked("spirals", options, ["classes", "turns"]);
  const { classes = 2, turns = 1 } = options;
  checkCount("spirals", "classes", classes, 1, n);
  checkNumber("spirals", "turns", turns, -Infinity);
  const place = (i: number): readonly [radius: number, class_: number] => {
    const c = i % classes;
    const members = Math.ceil((n - c) / classes);
    return [(Math.floor(i / classes) + 1) / members, c];
  };
  return planar(n, classes, noise, root, (i) => {
    const [radius, c] = place(i);
    return { radius, angle: turns * radius + c / classes };
  });
}

/** Options of `circles`. */
export interface CirclesOptions extends ToyOptions {
  /** Radius of the inner circle, class 1. The outer one, class 0, has radius 1. Default 0.5. */
  readonly factor?: number;
}

/**
 * Generates two concentric circles with evenly spaced points.
 *
 * @example
 * const { x, y } = circles({ n: 4 });
 * Array.from(x.data, (v) => v.toFixed(1)).join(" "); // 1.0 0.0 0.5 0.0 -1.0 0.0 -0.5 0.0
 * [...y.data]; // [0, 1, 0, 1]
 */
export function circles(options: CirclesOptions = {}): ToyClasses {
  if (arguments.length > 1) refuseExtra("circles", arguments, 1);
  const { n, noise, root } = checked("circles", options, ["factor"]);
  const { factor = 0.5 } = options;
  if (!(factor > 0 && factor < 1)) throw outOfRange("circles", "factor", "between 0 and 1", factor);
  return planar(n, 2, noise, root, (i) => ({
    radius: i % 2 === 0 ? 1 : factor,
    angle: Math.floor(i / 2) / Math.ceil((n - (i % 2)) / 2),
  }));
}

/**
 * Generates two interleaving half moons of radius 1. Class 0 is the upper half of the circle around (0, 0), class 1 the
 * lower half of the circle around (1, 0.5).
 *
 * @example
 * moons({ n: 100, noise: 0.1, seed: 3 }).x.shape; // [100, 2]
 */
export function moons(options: ToyOptions = {}): ToyClasses {
  if (arguments.length > 1) refuseExtra("moons", arguments, 1);
  const { n, noise, root } = checked("moons", options, []);
  return planar(n, 2, noise, root, (i) => {
    const members = Math.ceil((n - (i % 2)) / 2);
    const half = members === 1 ? 0 : Math.floor(i / 2) / (members - 1) / 2; // as a fraction of a turn
    return i % 2 === 0 ? { radius: 1, angle: half } : { radius: 1, angle: half + 0.5, centre: [1, 0.5] };
  });
}

/** Options of `blobs`. */
export interface BlobsOptions extends ToyOptions {
  /** Number of blobs, one class each. Default 3. */
  readonly classes?: number;
  /** Centre of each blob. Default: random, between −10 and 10 in each dimension. */
  readonly centres?: readonly (readonly number[])[];
  /** Number of coordinates of a point. Default 2, or that of the centres. */
  readonly dimensions?: number;
}

/**
 * Generates normally distributed points around the centre of each class, with the standard deviation `noise`.
 *
 * @example
 * const { x, y } = blobs({ n: 6, centres: [[0, 0], [100, 100]], seed: 2 });
 * [...y.data]; // [0, 1, 0, 1, 0, 1]
 * x.data[2] > 90; // true
 */
export function blobs(options: BlobsOptions = {}): ToyClasses {
  if (arguments.length > 1) refuseExtra("blobs", arguments, 1);
  const { n, noise, root } = checked("blobs", options, ["classes", "centres", "dimensions"], 1);
  const { centres } = options;
  const classes = options.classes ?? centres?.length ?? 3;
  const dimensions = options.dimensions ?? centres?.[0]?.length ?? 2;
  checkCount("blobs", "classes", classes, 1, n);
  checkCount("blobs", "dimensions", dimensions, 1);
  if (
    centres !== undefined &&
    !(centres.length === classes && centres.every((c) => c.length === dimensions))
  ) {
    throw new DownhillError(
      "option",
      `blobs: centres must be ${classes} lists of ${dimensions} numbers, one per class.`,
    );
  }
  const middles =
    centres?.flat() ?? uniformNow(foldIn(root, 1), classes * dimensions, { minval: -10, maxval: 10 });
  const spread = normalNow(foldIn(root, 0), n * dimensions);
  const x = Float32Array.from(spread, (z, at) => {
    const c = Math.floor(at / dimensions) % classes;
    return middles[c * dimensions + (at % dimensions)]! + noise * z;
  });
  return { x: { shape: [n, dimensions], dtype: "float32", data: x }, y: labels(n, classes), classes };
}

/** Options of `polynomial`. */
export interface PolynomialOptions extends ToyOptions {
  /** Coefficients, beginning with the constant: `[1, 0, 3]` is `1 + 3x²`. Default `[0, -1, 0, 2]`. */
  readonly coefficients?: readonly number[];
  /** Lower end of the range of `x`. Default −1. */
  readonly from?: number;
  /** Upper end of the range of `x`. Default 1. */
  readonly to?: number;
}

/**
 * Generates points of a polynomial at `x` drawn uniformly from `from` to `to`, with noise in `y`.
 *
 * @example
 * const { x, y } = polynomial({ n: 5, coefficients: [1, 0, 3], seed: 1 });
 * Math.abs(1 + 3 * x.data[0] ** 2 - y.data[0]) < 1e-6; // true
 */
export function polynomial(options: PolynomialOptions = {}): ToyCurve {
  if (arguments.length > 1) refuseExtra("polynomial", arguments, 1);
  const common = checked("polynomial", options, ["coefficients", "from", "to"]);
  const { coefficients = [0, -1, 0, 2], from = -1, to = 1 } = options;
  if (coefficients.length === 0)
    throw outOfRange("polynomial", "coefficients", "a list of numbers", "an empty list");
  for (const c of coefficients) checkNumber("polynomial", "a coefficient", c, -Infinity);
  return curve("polynomial", common, from, to, (x) =>
    x.map((at) => coefficients.reduceRight((sum, c) => sum * at + c, 0)),
  );
}

/** Options of `sine`. */
export interface SineOptions extends ToyOptions {
  /** Amplitude of the wave. Default 1. */
  readonly amplitude?: number;
  /** Periods per unit of `x`. Default 1. */
  readonly frequency?: number;
  /** Phase at `x = 0`, in radians. Default 0. */
  readonly phase?: number;
  /** Lower end of the range of `x`. Default 0. */
  readonly from?: number;
  /** Upper end of the range of `x`. Default 1. */
  readonly to?: number;
}

/**
 * Generates points of a sine wave, `y = amplitude · sin(2π · frequency · x + phase)`, at `x` drawn uniformly from
 * `from` to `to`, with noise in `y`.
 *
 * @example
 * const { x, y } = sine({ n: 100, frequency: 2, noise: 0.1, seed: 4 });
 * [x.shape, y.shape]; // [[100, 1], [100]]
 */
export function sine(options: SineOptions = {}): ToyCurve {
  if (arguments.length > 1) refuseExtra("sine", arguments, 1);
  const common = checked("sine", options, ["amplitude", "frequency", "phase", "from", "to"]);
  const { amplitude = 1, frequency = 1, phase = 0, from = 0, to = 1 } = options;
  for (const [name, value] of Object.entries({ amplitude, frequency, phase })) {
    checkNumber("sine", name, value, -Infinity);
  }
  return curve("sine", common, from, to, (x) =>
    Float64Array.from(
      sin(tensor(x.map((at) => 2 * Math.PI * frequency * at + phase))).data(),
      (s) => amplitude * s,
    ),
  );
}

/** A point of a plane in polar coordinates around a centre. */
interface Polar {
  readonly radius: number;
  /** Angle in turns, anticlockwise from the first axis. */
  readonly angle: number;
  readonly centre?: readonly [number, number];
}

/** Generates points of a plane with noise; classes alternate. */
function planar(
  n: number,
  classes: number,
  noise: number,
  root: KeyWords,
  at: (i: number) => Polar,
): ToyClasses {
  const points = Array.from({ length: n }, (_, i) => at(i));
  // downhill's sine and cosine, which have the same bits on every engine
  const angles = tensor(Float64Array.from(points, ({ angle }) => 2 * Math.PI * angle));
  const [across, up] = [cos(angles).data(), sin(angles).data()];
  const spread = noise === 0 ? undefined : normalNow(foldIn(root, 0), 2 * n);
  const data = new Float32Array(2 * n);
  points.forEach(({ radius, centre = [0, 0] }, i) => {
    data[2 * i] = centre[0] + radius * across[i]! + noise * (spread?.[2 * i] ?? 0);
    data[2 * i + 1] = centre[1] + radius * up[i]! + noise * (spread?.[2 * i + 1] ?? 0);
  });
  return { x: { shape: [n, 2], dtype: "float32", data }, y: labels(n, classes), classes };
}

function labels(n: number, classes: number): Column {
  return { shape: [n], dtype: "int32", data: Int32Array.from({ length: n }, (_, i) => i % classes) };
}

/** Generates points of a curve with noise. `f` receives the arguments rounded to float32, as in batches. */
function curve(
  operation: string,
  { n, noise, root }: ToySettings,
  from: number,
  to: number,
  f: (x: Float64Array) => Float64Array,
): ToyCurve {
  checkNumber(operation, "from", from, -Infinity);
  if (!(to > from && to < Infinity)) throw outOfRange(operation, "to", `above from, ${from}`, to);
  const x = uniformNow(foldIn(root, 1), n, { dtype: "float32", minval: from, maxval: to });
  const spread = noise === 0 ? undefined : normalNow(foldIn(root, 0), n);
  const y = Float32Array.from(f(Float64Array.from(x)), (value, i) => value + noise * (spread?.[i] ?? 0));
  return {
    x: { shape: [n, 1], dtype: "float32", data: x },
    y: { shape: [n], dtype: "float32", data: y },
  };
}

interface ToySettings {
  readonly n: number;
  readonly noise: number;
  readonly root: KeyWords;
}

function checked(
  operation: string,
  options: ToyOptions,
  more: readonly string[],
  usualNoise: number = 0,
): ToySettings {
  checkOptions(operation, options, ["n", "noise", "seed", ...more]);
  const { n = 200, noise = usualNoise, seed = 0 } = options;
  checkCount(operation, "n", n, 1);
  checkNumber(operation, "noise", noise, 0);
  return { n, noise, root: key(checkSeed(operation, seed)) };
}

function checkCount(operation: string, name: string, value: unknown, least: number, most = 2 ** 32): void {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return;
  const range =
    most === 2 ** 32
      ? `an integer of ${least} or more`
      : `an integer from ${least} to ${most}, the number of points`;
  throw outOfRange(operation, name, range, value);
}

function checkNumber(operation: string, name: string, value: unknown, least: number): void {
  if (typeof value === "number" && Number.isFinite(value) && value >= least) return;
  throw outOfRange(operation, name, least === 0 ? "a number of 0 or more" : "a finite number", value);
}

function outOfRange(operation: string, name: string, range: string, value: unknown): DownhillError {
  return new DownhillError("option", `${operation}: ${name} must be ${range}, got ${String(value)}.`);
}
