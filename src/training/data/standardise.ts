import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showShape } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { asColumn, type ColumnLike, type FloatColumn } from "./column.ts";

/** Scaling of features to mean 0 and standard deviation 1. Plain data, so that it can be saved with the parameters. */
export interface Standardiser {
  readonly mean: readonly number[];
  /** Standard deviations with divisor `n`; 1 for constant features, which become 0. */
  readonly std: readonly number[];
  /** Indices of the constant features, which carry no information. */
  readonly constant: readonly number[];
}

/** Options of `fitStandardiser`. */
export interface FitStandardiserOptions {
  /**
   * Rows to learn from, such as those of the training part, so that nothing is learnt from the test part. Default: all.
   */
  readonly rows?: ArrayLike<number>;
  /** Names of the features, for messages. */
  readonly names?: readonly string[];
}

/**
 * Computes mean and standard deviation of each feature: of each column of `x` of shape `[n, features]`, or of `x` of
 * shape `[n]`.
 *
 * @throws DownhillError `shape` for other shapes; `data` for no rows, NaN and infinities, naming row and feature.
 * @example
 * const x = [[1, 10], [3, 30], [9, 90]];
 * const scale = fitStandardiser(x, { rows: [0, 1] }); // learns from the first two rows only
 * [...standardise(x, scale).data]; // [ -1, -1, 1, 1, 7, 7 ]
 */
export function fitStandardiser(x: ColumnLike, options: FitStandardiserOptions = {}): Standardiser {
  if (arguments.length > 2) refuseExtra("fitStandardiser", arguments, 2);
  checkOptions("fitStandardiser", options, ["rows", "names"]);
  const { data, count, features } = matrixOf("fitStandardiser", x);
  const rows = options.rows ?? Array.from({ length: count }, (_, i) => i);
  if (rows.length === 0) throw new DownhillError("data", "fitStandardiser: there are no rows to learn from.");

  const mean: number[] = [];
  const std: number[] = [];
  const constant: number[] = [];
  for (let feature = 0; feature < features; feature++) {
    const values = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) {
      const value = data[rows[i]! * features + feature];
      if (value === undefined || !Number.isFinite(value))
        throw strangeValue(rows[i]!, options.names?.[feature] ?? feature, value);
      values[i] = value;
    }
    const moments = momentsOf(values);
    mean.push(moments.mean);
    std.push(moments.std === 0 ? 1 : moments.std);
    if (moments.std === 0) constant.push(feature);
  }
  return { mean, std, constant };
}

function strangeValue(row: number, feature: string | number, value: number | undefined): DownhillError {
  const where = `row ${row}, feature ${typeof feature === "number" ? feature : JSON.stringify(feature)}`;
  return new DownhillError(
    "data",
    `fitStandardiser: ${where} is ${value === undefined ? "not there" : value}. Correct or leave out that row.`,
  );
}

/** Computes `(x − mean) / std` for each feature, in the floating-point dtype of `x` (float64 for integers). */
export function standardise(x: ColumnLike, by: Standardiser): FloatColumn {
  if (arguments.length > 2) refuseExtra("standardise", arguments, 2);
  return scaled("standardise", x, by, standardised);
}

/** Computes `(value − mean) / std` without overflow of the difference. */
export function standardised(value: number, mean: number, std: number): number {
  const from = value - mean;
  return Number.isFinite(from) ? from / std : value / std - mean / std;
}

/** Inverts `standardise`: computes `x · std + mean` for each feature. */
export function unstandardise(x: ColumnLike, by: Standardiser): FloatColumn {
  if (arguments.length > 2) refuseExtra("unstandardise", arguments, 2);
  return scaled("unstandardise", x, by, (value, mean, std) => value * std + mean);
}

/**
 * Computes mean and standard deviation in two passes. If all values are equal, the mean is exactly that value and the
 * deviation is 0. Neither sums nor squares overflow or underflow, even for values around 1e200 or 1e-200.
 */
export function momentsOf(values: Float64Array): { readonly mean: number; readonly std: number } {
  const first = values[0]!;
  if (values.every((value) => value === first)) return { mean: first, std: 0 };
  const size = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // A power of two, so that scaling is exact; applied in two steps, because 2^1074 overflows.
  const exponent = size > 1e-100 && size < 1e100 ? 0 : Math.floor(Math.log2(size));
  const [down, half] = [2 ** -Math.trunc(exponent / 2), 2 ** -(exponent - Math.trunc(exponent / 2))];
  const unit = (value: number): number => value * down * half;
  const start = unit(first);
  let sum = 0; // sum of differences from the first value, which reduces rounding if all values are far from 0
  for (const value of values) sum += unit(value) - start;
  const mean = start + sum / values.length;
  let squares = 0;
  for (const value of values) squares += (unit(value) - mean) ** 2;
  return { mean: mean / down / half, std: Math.sqrt(squares / values.length) / down / half };
}

function scaled(
  operation: string,
  x: ColumnLike,
  by: Standardiser,
  f: (value: number, mean: number, std: number) => number,
): FloatColumn {
  const { shape, data, features, dtype } = matrixOf(operation, x);
  if (!Array.isArray((by as Partial<Standardiser> | null | undefined)?.mean)) {
    throw new DownhillError(
      "option",
      `${operation}: needs the result of fitStandardiser, as in ${operation}(x, fitStandardiser(x)).`,
    );
  }
  if (features !== by.mean.length) {
    throw new DownhillError(
      "shape",
      `${operation}: x of shape ${showShape(shape)} has ${features} features, but the standardiser has ${by.mean.length}.`,
    );
  }
  const out = dtype === "float32" ? new Float32Array(data.length) : new Float64Array(data.length);
  for (let i = 0; i < data.length; i++) out[i] = f(data[i]!, by.mean[i % features]!, by.std[i % features]!);
  return { shape, dtype, data: out };
}

interface FeatureMatrix {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
  readonly count: number;
  readonly features: number;
  readonly dtype: "float64" | "float32";
}

function matrixOf(operation: string, x: ColumnLike): FeatureMatrix {
  const { shape, data, dtype } = asColumn(x, operation);
  const [count, features = 1] = shape;
  if (count === undefined || shape.length > 2) {
    throw new DownhillError(
      "shape",
      `${operation}: expected x of shape [n, features] or [n], got ${showShape(shape)}.`,
    );
  }
  return { shape, data, count, features, dtype: dtype === "float32" ? "float32" : "float64" };
}
