import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { assertNever } from "../../engine/util/assert-never.ts";
import { range } from "../../engine/util/shape.ts";
import { asFloating, normalizeAxis } from "../array/promote.ts";
import type { Complex } from "./complex.ts";
import { isReal, product } from "./complex.ts";
import { fft, irfft, rfft, type FourierNorm } from "./fft.ts";

/** Type of a cosine transform, with the numbers of SciPy. */
export type CosineType = 1 | 2 | 3 | 4;

/** Options of `dct` and `idct`, with the meanings and defaults of SciPy. */
export interface CosineOptions {
  /** Type of the transform. Default 2. */
  readonly type?: CosineType;
  /** Number of elements to transform: x is padded with zeros or truncated to it. Default all. */
  readonly n?: number;
  /** Axis to transform along. Default the last. */
  readonly axis?: number;
  /** Normalisation: the factor 1/N is in the inverse (`"backward"`, the default), the transform, or half in each. */
  readonly norm?: FourierNorm;
}

/**
 * Discrete cosine transform along an axis, of real numbers and any length n:
 *
 * ```text
 * type 1: y_k = x_0 + (−1)^k x_{n−1} + 2 Σ_{0<j<n−1} x_j cos(π j k / (n − 1))   N = 2(n − 1)
 * type 2: y_k = 2 Σ_j x_j cos(π k (2j + 1) / 2n)                                N = 2n
 * type 3: y_k = x_0 + 2 Σ_{j>0} x_j cos(π j (2k + 1) / 2n)                      N = 2n
 * type 4: y_k = 2 Σ_j x_j cos(π (2j + 1) (2k + 1) / 4n)                         N = 2n
 * ```
 *
 * The norm `"forward"` divides by N. `"ortho"` divides by √N and makes the transform orthogonal. For this,
 * types 1 and 3 multiply x_0 by √2, and types 1 and 2 divide y_0 by √2. Type 1 does so with the last elements too. SciPy's `scipy.fft.dct`.
 *
 * @throws DownhillError `shape` for a scalar, or fewer than two elements with type 1; `option` for an unknown type.
 * @see Makhoul, A fast cosine transform in one and two dimensions, IEEE Trans. ASSP 28 (1980), for types 2 and 3.
 * @example
 * dct([1, 2, 3, 4]).tolist(); // [20, -6.308644…, 0, -0.448341…]
 * idct([20, 0, 0, 0]).tolist(); // [2.5, 2.5, 2.5, 2.5]
 */
export function dct(x: TensorLike, options: CosineOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("dct", arguments, 2);
  checkOptions("dct", options, optionNames);
  const { type = 2, norm = "backward" } = options;
  return cosineTransform("dct", x, options, type, norm);
}

const optionNames = ["type", "n", "axis", "norm"] as const;
const inverseTypes: Readonly<Record<CosineType, CosineType>> = { 1: 1, 2: 3, 3: 2, 4: 4 };

/** Inverse of `dct` with equal options. */
export function idct(x: TensorLike, options: CosineOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("idct", arguments, 2);
  checkOptions("idct", options, optionNames);
  const { type = 2, norm = "backward" } = options;
  const opposite = norm === "backward" ? "forward" : norm === "forward" ? "backward" : norm;
  return cosineTransform("idct", x, options, inverseTypes[type], opposite);
}

/** The transform of the given type. `options` are those of the caller, whose type may be that of the inverse. */
function cosineTransform(
  operation: string,
  x: TensorLike,
  options: CosineOptions,
  type: CosineType,
  norm: FourierNorm,
): Tensor {
  checkChoice(operation, "norm", options.norm ?? "backward", ["backward", "ortho", "forward"]);
  const named = options.type ?? 2;
  if (![1, 2, 3, 4].includes(named))
    throw new DownhillError("option", `${operation}: type must be 1, 2, 3 or 4, got ${String(named)}.`);
  if (!isReal(x)) throw new DownhillError("dtype", `${operation}: takes real numbers.`);
  const t = asFloating(x, operation);
  if (t.ndim === 0)
    throw new DownhillError("shape", `${operation}: ${showType(t.type)} has no axis to transform along.`);
  const given = normalizeAxis(operation, options.axis ?? -1, t.type);
  const rows = resized(p.moveAxis(t, given, t.ndim - 1), options.n ?? t.shape[given]!, operation);
  const n = rows.shape.at(-1)!;
  if (n < (type === 1 ? 2 : 1)) {
    throw new DownhillError(
      "shape",
      `${operation}: type ${named} needs at least ${type === 1 ? "two elements" : "one element"} along the axis, got ${n}.`,
    );
  }
  const length = type === 1 ? 2 * (n - 1) : 2 * n;
  const factor = norm === "ortho" ? Math.sqrt(1 / length) : norm === "forward" ? 1 / length : 1;
  const isOrtho = norm === "ortho";
  const ins = isOrtho && (type === 1 || type === 3) ? withEnds(rows, Math.SQRT2, type === 1) : rows;
  const sums = cosineSums(ins, type);
  const outs = isOrtho && type <= 2 ? withEnds(sums, Math.SQRT1_2, type === 1) : sums;
  return p.moveAxis(factor === 1 ? outs : p.scale(outs, factor), t.ndim - 1, given);
}

/** x with its last axis padded by zeros or truncated to n elements. */
function resized(x: Tensor, n: number, operation: string): Tensor {
  const size = x.shape.at(-1)!;
  if (n === size) return x;
  checkInteger(operation, "n", n, { from: 1 });
  return n < size ? p.part(x, x.ndim - 1, 0, n) : padded(x, n - size);
}

/** x with zeros added at the end of its last axis. */
function padded(x: Tensor, count: number): Tensor {
  const widths = (high: number): number[] => x.shape.map((_, a) => (a === x.ndim - 1 ? high : 0));
  return p.pad(x, { low: widths(0), high: widths(count), interior: widths(0) });
}

/** Multiplies the first element along the last axis, and also the last one with `both`. */
function withEnds(x: Tensor, factor: number, both: boolean): Tensor {
  const n = x.shape.at(-1)!;
  return p.mul(x, alongLast(x, range(0, n).map((i) => (i === 0 || (both && i === n - 1) ? factor : 1)))); // prettier-ignore
}

/** Numbers along the last axis, repeated to the shape of x. */
function alongLast(x: Tensor, numbers: readonly number[]): Tensor {
  return p.broadcast(p.fromFlat(arrayType(x.dtype, [numbers.length]), numbers), x.shape, [x.ndim - 1]);
}

/** Elements along the last axis at constant indices. */
function takeLast(x: Tensor, indices: readonly number[]): Tensor {
  return p.take(x, p.fromFlat(arrayType("int32", [indices.length]), indices), x.ndim - 1);
}

/** e^(−2πij/n) for the multiples j, along the last axis of x. */
function turnsAlong(x: Tensor, n: number, multiples: readonly number[]): Complex {
  const [cos, sin] = p.turns(arrayType(x.dtype, [multiples.length]), n, multiples.map((j) => -j)); // prettier-ignore
  const spread = (t: Tensor): Tensor => p.broadcast(t, x.shape, [x.ndim - 1]);
  return { re: spread(cos), im: spread(sin) };
}

/** The transform along the last axis without normalisation. */
function cosineSums(x: Tensor, type: CosineType): Tensor {
  const n = x.shape.at(-1)!;
  switch (type) {
    case 1: {
      const mirrored = takeLast(x, [...range(0, n), ...range(1, n - 1).reverse()]);
      return rfft(mirrored).re;
    }
    case 2: {
      // even elements, then odd ones backward
      const spectrum = rfft(takeLast(x, evenThenOdd(n)));
      const turned = product(spectrum, turnsAlong(spectrum.re, 4 * n, range(0, spectrum.re.shape.at(-1)!)));
      const high = takeLast(turned.im, range(1, Math.ceil(n / 2)).reverse());
      return p.scale(p.concatenate([turned.re, p.neg(high)], x.ndim - 1), 2);
    }
    case 3: {
      const half = range(0, Math.floor(n / 2) + 1);
      const re = takeLast(x, half);
      const im = p.neg(takeLast(padded(x, 1), half.map((k) => n - k))); // prettier-ignore
      const back = turnsAlong(re, 4 * n, half.map((k) => -k)); // prettier-ignore
      const values = irfft(product({ re, im }, back), { n, norm: "forward" });
      const orders = range(0, n).map((j) => (j % 2 === 0 ? j / 2 : n - 1 - (j - 1) / 2)); // undoes evenThenOdd
      return takeLast(values, orders);
    }
    case 4: {
      // (2j + 1)(2k + 1) / 4n is jk / n + j / 2n + (2k + 1) / 4n, of which jk / n is that of a transform of 2n elements
      const turned = turnsAlong(x, 4 * n, range(0, n));
      const parts = [p.mul(x, turned.re), p.mul(x, turned.im)].map((part) => padded(part, n));
      const spectrum = fft({ re: parts[0]!, im: parts[1]! });
      const low = { re: takeLast(spectrum.re, range(0, n)), im: takeLast(spectrum.im, range(0, n)) };
      return p.scale(product(low, turnsAlong(x, 8 * n, range(0, n).map((k) => 2 * k + 1))).re, 2); // prettier-ignore
    }
    default:
      return assertNever(type, "cosineSums");
  }
}

/** Indices of the even elements, then of the odd ones from the last to the first. */
function evenThenOdd(n: number): readonly number[] {
  const all = range(0, n);
  return [...all.filter((j) => j % 2 === 0), ...all.filter((j) => j % 2 === 1).reverse()];
}
