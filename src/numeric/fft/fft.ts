import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { range } from "../../engine/util/shape.ts";
import { roll } from "../array/arrange.ts";
import { asFloating, normalizeAxes, normalizeAxis } from "../array/promote.ts";
import type { Complex, ComplexLike } from "./complex.ts";
import { isReal, partsOf, product } from "./complex.ts";
import type { ExponentSign } from "./transform.ts";
import { transform } from "./transform.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";

/**
 * Normalisation: a factor 1/n in the inverse (`backward`), 1/√n in both directions (`ortho`), or 1/n in the transform
 * itself (`forward`).
 */
export type FourierNorm = "backward" | "ortho" | "forward";
const norms: readonly FourierNorm[] = ["backward", "ortho", "forward"];

/** Options of transforms along one axis. */
export interface FourierOptions {
  /** Number of elements to transform: x is padded with zeros or truncated to it. Default all. */
  readonly n?: number;
  /** Axis to transform along. Default the last. */
  readonly axis?: number;
  /** Normalisation. Default `"backward"`. */
  readonly norm?: FourierNorm;
}

/** Options of transforms along several axes. */
export interface FouriersOptions {
  /** Number of elements along each axis: x is padded with zeros or truncated to it. Default all. */
  readonly shape?: readonly number[];
  /** Axes to transform along. Default the last two; all for `fftn` and similar functions. */
  readonly axes?: readonly number[];
  /** Normalisation. Default `"backward"`. */
  readonly norm?: FourierNorm;
}

const both = (x: Complex, f: (part: Tensor) => Tensor): Complex => ({ re: f(x.re), im: f(x.im) });

/** Normalisation factor of a transform of n elements. */
function factorOf(norm: FourierNorm, sign: ExponentSign, n: number): number {
  if (norm === "ortho") return 1 / Math.sqrt(n);
  return (norm === "forward") === sign < 0 ? 1 / n : 1;
}

function scaled(x: Complex, factor: number): Complex {
  return factor === 1 ? x : both(x, (part) => p.scale(part, factor));
}

/** x padded or truncated to n elements along an axis. */
function fitted(operation: string, x: Tensor, axis: number, n: number): Tensor {
  checkInteger(operation, "n", n, { from: 1 });
  const size = x.type.shape[axis]!;
  if (size >= n) return size === n ? x : p.part(x, axis, 0, n);
  const widths = (high: number): number[] => range(0, x.ndim).map((i) => (i === axis ? high : 0));
  return p.pad(x, { low: widths(0), high: widths(n - size), interior: widths(0) });
}

interface FftPlan {
  readonly axis: number;
  readonly n: number | undefined;
  readonly norm: FourierNorm;
}

function planOf(operation: string, x: Tensor, options: FourierOptions): FftPlan {
  checkOptions(operation, options, ["n", "axis", "norm"]);
  const { axis = -1, n, norm = "backward" } = options;
  checkChoice(operation, "norm", norm, norms);
  if (x.ndim === 0)
    throw new DownhillError("shape", `${operation}: ${showType(x.type)} has no axis to transform along.`);
  return { axis: normalizeAxis(operation, axis, x.type), n, norm };
}

function complexAlong(
  operation: string,
  x: Complex,
  axis: number,
  n: number | undefined,
  norm: FourierNorm,
  sign: ExponentSign,
): Complex {
  const size = n ?? x.re.type.shape[axis]!;
  const cut = both(x, (part) => fitted(operation, part, axis, size));
  return scaled(transform(cut, axis, sign), factorOf(norm, sign, size));
}

/**
 * Discrete Fourier transform along an axis, `X_k = Σ x_j e^(−2πijk/n)`, of complex or real numbers, for any length.
 *
 * The cotangent of a complex number is `{ re: ∂L/∂re, im: ∂L/∂im }`, as in PyTorch (JAX uses the conjugate).
 *
 * @throws DownhillError `shape` for a scalar, `range` for an axis out of range.
 * @example
 * fft([1, 2, 3, 4]).re.tolist(); // [10, -2, -2, -2]
 * fft([1, 2, 3, 4]).im.tolist(); // [0, 2, 0, -2]
 */
export function fft(x: ComplexLike, options: FourierOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("fft", arguments, 2);
  const parts = partsOf("fft", x);
  const { axis, n, norm } = planOf("fft", parts.re, options);
  if (!isReal(x)) return complexAlong("fft", parts, axis, n, norm, -1);
  const size = n ?? parts.re.type.shape[axis]!;
  const half = halfSpectrum("fft", parts.re, axis, size, norm);
  // the other half are the conjugates in reverse order
  const rest = both(half, (part) => p.reverse(p.part(part, axis, 1, Math.ceil(size / 2)), [axis]));
  return {
    re: p.concatenate([half.re, rest.re], axis),
    im: p.concatenate([half.im, p.neg(rest.im)], axis),
  };
}

/** Inverse of `fft`: `x_j = Σ X_k e^(2πijk/n) / n`. */
export function ifft(x: ComplexLike, options: FourierOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("ifft", arguments, 2);
  const parts = partsOf("ifft", x);
  const { axis, n, norm } = planOf("ifft", parts.re, options);
  return complexAlong("ifft", parts, axis, n, norm, 1);
}

/** The first ⌊n / 2⌋ + 1 elements of the Fourier transform of real numbers; the rest are conjugates of these. */
function halfSpectrum(operation: string, x: Tensor, axis: number, n: number, norm: FourierNorm): Complex {
  const t = fitted(operation, x, axis, n);
  const factor = factorOf(norm, -1, n);
  const count = Math.floor(n / 2) + 1;
  if (n % 2 === 1) {
    const whole = transform({ re: t, im: p.zeros(t.type) }, axis, -1);
    return scaled(
      both(whole, (part) => p.part(part, axis, 0, count)),
      factor,
    );
  }
  // transforms half as many complex numbers, with even elements as real and odd ones as imaginary parts, and separates
  // the two spectra by symmetry
  const m = n / 2;
  const { shape } = t.type;
  const pairs = p.reshape(t, [...shape.slice(0, axis), m, 2, ...shape.slice(axis + 1)]);
  const [even, odd] = [0, 1].map((i) => p.reshape(p.part(pairs, axis + 1, i, i + 1), shape.with(axis, m)));
  const joined = transform({ re: even!, im: odd! }, axis, -1);
  const around = both(joined, (part) => p.concatenate([part, p.part(part, axis, 0, 1)], axis));
  const back = both(around, (part) => p.reverse(part, [axis]));
  const [sumRe, sumIm] = [p.add(around.re, back.re), p.sub(around.im, back.im)];
  const [differenceRe, differenceIm] = [p.sub(around.re, back.re), p.add(around.im, back.im)];
  const [cos, sin] = p.turns(arrayType(t.dtype, [count]), n, range(0, count).map((k) => -k)); // prettier-ignore
  const turns = both({ re: cos, im: sin }, (part) => p.broadcast(part, sumRe.type.shape, [axis]));
  const odds = product({ re: differenceIm, im: p.neg(differenceRe) }, turns);
  return scaled({ re: p.add(sumRe, odds.re), im: p.add(sumIm, odds.im) }, factor / 2);
}

/**
 * Transform of real numbers: its first `⌊n / 2⌋ + 1` elements; the rest are conjugates of these.
 *
 * @throws DownhillError `dtype` for complex numbers.
 * @example
 * rfft([1, 2, 3, 4]).re.tolist(); // [10, -2, -2]
 */
export function rfft(x: TensorLike, options: FourierOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("rfft", arguments, 2);
  if (!isReal(x)) throw new DownhillError("dtype", "rfft: takes real numbers. For complex numbers use fft.");
  const t = asFloating(x, "rfft");
  const { axis, n, norm } = planOf("rfft", t, options);
  return halfSpectrum("rfft", t, axis, n ?? t.type.shape[axis]!, norm);
}

/**
 * Inverse of `rfft`: n real numbers, by default `2 (elements − 1)`. The imaginary parts of the first element, and of
 * the last one for even n, are ignored.
 */
export function irfft(x: ComplexLike, options: FourierOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("irfft", arguments, 2);
  const parts = partsOf("irfft", x);
  const { axis, n = 2 * (parts.re.type.shape[axis]! - 1), norm } = planOf("irfft", parts.re, options);
  return realAlong("irfft", parts, axis, n, norm, 1);
}

/**
 * The real inverse transform of a half spectrum: each element counts twice, for itself and for its conjugate, except
 * the first and, for even n, the last.
 */
function realAlong(
  operation: string,
  x: Complex,
  axis: number,
  n: number,
  norm: FourierNorm,
  sign: ExponentSign,
): Tensor {
  checkInteger(operation, "n", n, { from: 1 });
  const count = Math.floor(n / 2) + 1;
  const half = both(x, (part) => fitted(operation, part, axis, count));
  const weights = range(0, count).map((k) => (k === 0 || 2 * k === n ? 1 : 2));
  const weight = p.broadcast(p.fromFlat(arrayType(x.re.dtype, [count]), weights), half.re.type.shape, [axis]);
  const whole = both(half, (part) => fitted(operation, p.mul(part, weight), axis, n));
  return scaled(transform(whole, axis, sign), factorOf(norm, sign, n)).re;
}

/**
 * Transform of a Hermitian-symmetric signal, given by its first half; the result is real. `irfft` with the sign of
 * `fft`.
 */
export function hfft(x: ComplexLike, options: FourierOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("hfft", arguments, 2);
  const parts = partsOf("hfft", x);
  const { axis, n = 2 * (parts.re.type.shape[axis]! - 1), norm } = planOf("hfft", parts.re, options);
  return realAlong("hfft", parts, axis, n, norm, -1);
}

/** Inverse of `hfft`. */
export function ihfft(x: TensorLike, options: FourierOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("ihfft", arguments, 2);
  const t = asFloating(x, "ihfft");
  const { axis, n = t.type.shape[axis]!, norm } = planOf("ihfft", t, options);
  const opposite = norm === "backward" ? "forward" : norm === "forward" ? "backward" : norm;
  const { re, im } = halfSpectrum("ihfft", t, axis, n, opposite);
  return { re, im: p.neg(im) };
}

interface FftnPlan {
  readonly axes: readonly number[];
  readonly shape: readonly (number | undefined)[];
  readonly norm: FourierNorm;
}

function plansOf(operation: string, x: Tensor, options: FouriersOptions, last: number | undefined): FftnPlan {
  checkOptions(operation, options, ["shape", "axes", "norm"]);
  const { norm = "backward", shape } = options;
  checkChoice(operation, "norm", norm, norms);
  const count = last ?? shape?.length ?? x.ndim;
  if (options.axes === undefined && x.ndim < count) {
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(x.type)} has ${x.ndim} axes, but ${count} are to be transformed.`,
    );
  }
  const given = options.axes ?? range(x.ndim - count, x.ndim);
  normalizeAxes(operation, given, x.type); // checks that no axis is repeated
  const axes = given.map((axis) => normalizeAxis(operation, axis, x.type));
  if (shape !== undefined && shape.length !== axes.length) {
    throw new DownhillError(
      "shape",
      `${operation}: shape has ${shape.length} sizes, for ${axes.length} axes.`,
    );
  }
  return { axes, shape: shape ?? axes.map(() => undefined), norm };
}

function complexOver(
  operation: string,
  x: ComplexLike,
  options: FouriersOptions,
  last: number | undefined,
  sign: ExponentSign,
): Complex {
  const parts = partsOf(operation, x);
  const { axes, shape, norm } = plansOf(operation, parts.re, options, last);
  return axes.reduce((y, axis, i) => complexAlong(operation, y, axis, shape[i], norm, sign), parts);
}

function halfOver(
  operation: string,
  x: TensorLike,
  options: FouriersOptions,
  last: number | undefined,
): Complex {
  if (!isReal(x))
    throw new DownhillError("dtype", `${operation}: takes real numbers. For complex numbers use fftn.`);
  const t = asFloating(x, operation);
  const { axes, shape, norm } = plansOf(operation, t, options, last);
  const final = axes.at(-1);
  if (final === undefined) return { re: t, im: p.zeros(t.type) };
  const half = halfSpectrum(operation, t, final, shape.at(-1) ?? t.type.shape[final]!, norm);
  return axes.slice(0, -1).reduce((y, axis, i) => complexAlong(operation, y, axis, shape[i], norm, -1), half); // prettier-ignore
}

function realOver(
  operation: string,
  x: ComplexLike,
  options: FouriersOptions,
  last: number | undefined,
): Tensor {
  const parts = partsOf(operation, x);
  const { axes, shape, norm } = plansOf(operation, parts.re, options, last);
  const final = axes.at(-1);
  if (final === undefined) return parts.re;
  const others = axes.slice(0, -1).reduce((y, axis, i) => complexAlong(operation, y, axis, shape[i], norm, 1), parts); // prettier-ignore
  return realAlong(operation, others, final, shape.at(-1) ?? 2 * (parts.re.type.shape[final]! - 1), norm, 1);
}

/** `fft` along two axes, by default the last ones. */
export function fft2(x: ComplexLike, options: FouriersOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("fft2", arguments, 2);
  return complexOver("fft2", x, options, 2, -1);
}

/** Inverse of `fft2`. */
export function ifft2(x: ComplexLike, options: FouriersOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("ifft2", arguments, 2);
  return complexOver("ifft2", x, options, 2, 1);
}

/** `fft` along several axes, by default all. */
export function fftn(x: ComplexLike, options: FouriersOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("fftn", arguments, 2);
  return complexOver("fftn", x, options, undefined, -1);
}

/** Inverse of `fftn`. */
export function ifftn(x: ComplexLike, options: FouriersOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("ifftn", arguments, 2);
  return complexOver("ifftn", x, options, undefined, 1);
}

/** `rfft` along the last of two axes, and `fft` along the other one. */
export function rfft2(x: TensorLike, options: FouriersOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("rfft2", arguments, 2);
  return halfOver("rfft2", x, options, 2);
}

/** Inverse of `rfft2`. */
export function irfft2(x: ComplexLike, options: FouriersOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("irfft2", arguments, 2);
  return realOver("irfft2", x, options, 2);
}

/** `rfft` along the last of several axes, and `fft` along the other axes. */
export function rfftn(x: TensorLike, options: FouriersOptions = {}): Complex {
  if (arguments.length > 2) refuseExtra("rfftn", arguments, 2);
  return halfOver("rfftn", x, options, undefined);
}

/** Inverse of `rfftn`. */
export function irfftn(x: ComplexLike, options: FouriersOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("irfftn", arguments, 2);
  return realOver("irfftn", x, options, undefined);
}

/** Options of `fftfreq` and `rfftfreq`. */
export interface FrequencyOptions {
  /** Distance between samples. Default 1. */
  readonly d?: number;
  /** Dtype of the result. Default float64. */
  readonly dtype?: "float64" | "float32";
}

function frequencies(
  operation: string,
  n: number,
  places: readonly number[],
  options: FrequencyOptions,
): Tensor {
  checkOptions(operation, options, ["d", "dtype"]);
  const { d = 1, dtype = "float64" } = options;
  checkChoice(operation, "dtype", dtype, ["float64", "float32"]);
  return p.fromFlat(arrayType(dtype, [places.length]), places.map((k) => k / (n * d))); // prettier-ignore
}

/**
 * Frequencies of the elements of a transform of n samples, in cycles per unit of the sample distance: non-negative ones
 * in ascending order, then the negative ones.
 *
 * @example
 * fftfreq(4); // f64[4] [0, 0.25, -0.5, -0.25]
 */
export function fftfreq(n: number, options: FrequencyOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("fftfreq", arguments, 2);
  checkInteger("fftfreq", "n", n, { from: 1 });
  return frequencies("fftfreq", n, range(0, n).map((k) => (2 * k < n ? k : k - n)), options); // prettier-ignore
}

/** Frequencies of the elements of `rfft`, in ascending order from 0. */
export function rfftfreq(n: number, options: FrequencyOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("rfftfreq", arguments, 2);
  checkInteger("rfftfreq", "n", n, { from: 1 });
  return frequencies("rfftfreq", n, range(0, Math.floor(n / 2) + 1), options);
}

/** Options of `fftshift` and `ifftshift`. */
export interface ShiftOptions {
  /** Axes to shift. Default all. */
  readonly axes?: number | readonly number[];
}

/** x rolled along axes by `by(n)`, where n is the size of the axis. */
function rolledBy<X extends ComplexLike>(
  operation: string,
  x: X,
  options: ShiftOptions,
  by: (n: number) => number,
): X extends TensorLike ? Tensor : Complex {
  checkOptions(operation, options, ["axes"]);
  const shifted = (t: Tensor): Tensor => {
    const axes = normalizeAxes(operation, options.axes, t.type);
    return axes.reduce((y, axis) => roll(y, by(t.type.shape[axis]!), { axis }), t);
  };
  const out = isReal(x) ? shifted(p.asTensor(x, operation)) : both(partsOf(operation, x), shifted);
  return out as X extends TensorLike ? Tensor : Complex;
}

/**
 * Moves the frequency 0 to the middle: the second half of each axis comes first.
 *
 * @example
 * fftshift([0, 1, 2, -2, -1]); // f64[5] [-2, -1, 0, 1, 2]
 */
export function fftshift<X extends ComplexLike>(
  x: X,
  options: ShiftOptions = {},
): X extends TensorLike ? Tensor : Complex {
  if (arguments.length > 2) refuseExtra("fftshift", arguments, 2);
  return rolledBy("fftshift", x, options, (n) => Math.floor(n / 2));
}

/** Inverse of `fftshift`. */
export function ifftshift<X extends ComplexLike>(
  x: X,
  options: ShiftOptions = {},
): X extends TensorLike ? Tensor : Complex {
  if (arguments.length > 2) refuseExtra("ifftshift", arguments, 2);
  return rolledBy("ifftshift", x, options, (n) => -Math.floor(n / 2));
}
