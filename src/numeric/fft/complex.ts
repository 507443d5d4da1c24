import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { TensorLike } from "../../engine/ir/tensor.ts";
import * as p from "../../engine/prims/index.ts";
import { broadcastShapes, sameShape } from "../../engine/util/shape.ts";
import { hypot } from "../array/arithmetic.ts";
import { asFloating, expandTo, promoteTypes } from "../array/promote.ts";

/**
 * An array of complex numbers: real and imaginary parts of equal shape and floating dtype. A tree node, like any
 * object.
 */
export interface Complex {
  readonly re: Tensor;
  readonly im: Tensor;
}

/** Argument type for complex numbers, including real ones. */
export type ComplexLike = { readonly re: TensorLike; readonly im: TensorLike } | TensorLike;

function isPair(x: ComplexLike): x is { readonly re: TensorLike; readonly im: TensorLike } {
  return typeof x === "object" && !(x instanceof Tensor) && "re" in x && "im" in x;
}

/** The real and imaginary part of an operand, converted to one dtype. The imaginary part of a real operand is zero. */
export function partsOf(operation: string, x: ComplexLike): Complex {
  if (!isPair(x)) {
    const re = asFloating(x, operation);
    return { re, im: p.zeros(re.type) };
  }
  const [a, b] = [asFloating(x.re, operation), asFloating(x.im, operation)];
  const { dtype, weak } = promoteTypes(a.type, b.type);
  if (!sameShape(a.type.shape, b.type.shape)) {
    throw new DownhillError(
      "shape",
      `${operation}: the real part is ${showType(a.type)} and the imaginary part ${showType(b.type)}; they must have the same shape.`,
    );
  }
  return { re: p.convert(a, dtype, weak), im: p.convert(b, dtype, weak) };
}

/** True if an operand is real, that is, not a pair of parts. */
export function isReal(x: ComplexLike): x is TensorLike {
  return !isPair(x);
}

/** Two operands converted to one dtype and broadcast to one shape. */
function match(operation: string, x: ComplexLike, y: ComplexLike): readonly [Complex, Complex] {
  const [a, b] = [partsOf(operation, x), partsOf(operation, y)];
  const shape = broadcastShapes(a.re.type.shape, b.re.type.shape);
  if (shape === undefined) {
    throw new DownhillError(
      "shape",
      `${operation}: shapes are incompatible: ${showType(a.re.type)} and ${showType(b.re.type)}.`,
    );
  }
  const { dtype, weak } = promoteTypes(a.re.type, b.re.type);
  const fit = (t: Tensor): Tensor => expandTo(p.convert(t, dtype, weak), shape);
  return [
    { re: fit(a.re), im: fit(a.im) },
    { re: fit(b.re), im: fit(b.im) },
  ];
}

/** Builds complex numbers from real and imaginary parts. */
export function of(re: TensorLike, im: TensorLike = 0): Complex {
  if (arguments.length > 2) refuseExtra("complex.of", arguments, 2);
  const [a, b] = match("complex.of", re, im);
  return { re: a.re, im: b.re };
}

/** x + y. */
export function add(x: ComplexLike, y: ComplexLike): Complex {
  if (arguments.length > 2) refuseExtra("complex.add", arguments, 2);
  const [a, b] = match("complex.add", x, y);
  return { re: p.add(a.re, b.re), im: p.add(a.im, b.im) };
}

/** x − y. */
export function sub(x: ComplexLike, y: ComplexLike): Complex {
  if (arguments.length > 2) refuseExtra("complex.sub", arguments, 2);
  const [a, b] = match("complex.sub", x, y);
  return { re: p.sub(a.re, b.re), im: p.sub(a.im, b.im) };
}

/** x · y. */
export function mul(x: ComplexLike, y: ComplexLike): Complex {
  if (arguments.length > 2) refuseExtra("complex.mul", arguments, 2);
  return product(...match("complex.mul", x, y));
}

/** Product of two complex arrays of equal type. */
export function product(x: Complex, y: Complex): Complex {
  return {
    re: p.sub(p.mul(x.re, y.re), p.mul(x.im, y.im)),
    im: p.add(p.mul(x.re, y.im), p.mul(x.im, y.re)),
  };
}

/**
 * x / y. Divides by the larger part of y first, so that intermediate results do not overflow.
 *
 * @see R. L. Smith, Algorithm 116: Complex division, Communications of the ACM 5, 1962.
 */
export function div(x: ComplexLike, y: ComplexLike): Complex {
  if (arguments.length > 2) refuseExtra("complex.div", arguments, 2);
  const [a, b] = match("complex.div", x, y);
  const isFlat = p.lessEqual(p.abs(b.im), p.abs(b.re));
  const [long, short] = [p.where(isFlat, b.re, b.im), p.where(isFlat, b.im, b.re)];
  const ratio = p.div(short, long);
  const size = p.add(long, p.mul(short, ratio));
  const [u, v] = [p.where(isFlat, a.re, a.im), p.where(isFlat, a.im, a.re)];
  const im = p.div(p.sub(v, p.mul(u, ratio)), size);
  return { re: p.div(p.add(u, p.mul(v, ratio)), size), im: p.where(isFlat, im, p.neg(im)) };
}

/** |x| without overflow; its derivative at 0 is 0. */
export function abs(x: ComplexLike): Tensor {
  if (arguments.length > 1) refuseExtra("complex.abs", arguments, 1);
  const { re, im } = partsOf("complex.abs", x);
  return hypot(re, im);
}

/** Argument of x in radians, from −π to π. */
export function angle(x: ComplexLike): Tensor {
  if (arguments.length > 1) refuseExtra("complex.angle", arguments, 1);
  const { re, im } = partsOf("complex.angle", x);
  return p.atan2(im, re);
}

/** e^x. */
export function exp(x: ComplexLike): Complex {
  if (arguments.length > 1) refuseExtra("complex.exp", arguments, 1);
  const { re, im } = partsOf("complex.exp", x);
  const size = p.exp(re);
  return { re: p.mul(size, p.cos(im)), im: p.mul(size, p.sin(im)) };
}

/** Complex conjugate of x. */
export function conj(x: ComplexLike): Complex {
  if (arguments.length > 1) refuseExtra("complex.conj", arguments, 1);
  const { re, im } = partsOf("complex.conj", x);
  return { re, im: p.neg(im) };
}
