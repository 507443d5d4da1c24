// Complex arithmetic in loops: pairs of expressions, and matrices whose parts are separate arrays.
import type { WriteView } from "../ir/primitive.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { Index, MatrixView } from "./matrix-loops.ts";
import { readAt, writeAt } from "./matrix-loops.ts";
import type { NameGenerator } from "./rotations.ts";

/** A complex number as two expressions. */
export interface ComplexExpr {
  readonly re: Expr;
  readonly im: Expr;
}

/** A complex matrix: its real and imaginary parts, of equal size. */
export interface ComplexMatrix {
  readonly re: MatrixView<WriteView>;
  readonly im: MatrixView<WriteView>;
}

export const conjugate = ({ re, im }: ComplexExpr): ComplexExpr => ({ re, im: k.neg(im) });

export const sumOf = (x: ComplexExpr, y: ComplexExpr): ComplexExpr => ({
  re: k.add(x.re, y.re),
  im: k.add(x.im, y.im),
});

export const differenceOf = (x: ComplexExpr, y: ComplexExpr): ComplexExpr => ({
  re: k.sub(x.re, y.re),
  im: k.sub(x.im, y.im),
});

export const productOf = (x: ComplexExpr, y: ComplexExpr): ComplexExpr => ({
  re: k.sub(k.mul(x.re, y.re), k.mul(x.im, y.im)),
  im: k.add(k.mul(x.re, y.im), k.mul(x.im, y.re)),
});

/** Product of a complex number and a real factor. */
export const multipleOf = (x: ComplexExpr, factor: Expr): ComplexExpr => ({
  re: k.mul(x.re, factor),
  im: k.mul(x.im, factor),
});

/** max(|re x|, |im x|), a measure of size that is cheaper than the absolute value. */
export const sizeOfParts = ({ re, im }: ComplexExpr): Expr => k.max(k.abs(re), k.abs(im));

/** Declares two locals that hold the real and the imaginary part of a number, and returns the number read from them. */
export function letComplex(
  block: Block,
  fresh: NameGenerator,
  name: string,
  { re, im }: ComplexExpr,
): ComplexExpr {
  return { re: block.let(fresh(name), re), im: block.let(fresh(name), im) };
}

export function setComplex(block: Block, target: ComplexExpr, { re, im }: ComplexExpr): void {
  block.set(target.re, re);
  block.set(target.im, im);
}

export function readComplex({ re, im }: ComplexMatrix, i: Index, j: Index): ComplexExpr {
  return { re: readAt(re, i, j), im: readAt(im, i, j) };
}

export function writeComplex(block: Block, to: ComplexMatrix, i: Index, j: Index, x: ComplexExpr): void {
  writeAt(block, to.re, i, j, x.re);
  writeAt(block, to.im, i, j, x.im);
}

/** Sum of the complex numbers `term(l)` for l from `from` to `to` (exclusive). */
export function sumOver(
  block: Block,
  fresh: NameGenerator,
  type: Expr["type"],
  from: Expr,
  to: Expr,
  term: (l: Expr) => ComplexExpr,
): ComplexExpr {
  const zero = k.constant(type, 0);
  return {
    re: block.reduce(fresh("sum"), "add", zero, fresh("l"), from, to, (_, l) => term(l).re),
    im: block.reduce(fresh("sum"), "add", zero, fresh("l"), from, to, (_, l) => term(l).im),
  };
}

/** x / y. Divides by the larger part of y first, so that no square overflows; not finite if y is 0. */
export function quotientOf(block: Block, fresh: NameGenerator, x: ComplexExpr, y: ComplexExpr): ComplexExpr {
  const isFlat = block.let(fresh("isFlat"), k.le(k.abs(y.im), k.abs(y.re)));
  const long = block.let(fresh("long"), k.select(isFlat, y.re, y.im));
  const short = block.let(fresh("short"), k.select(isFlat, y.im, y.re));
  const ratio = block.let(fresh("ratio"), k.div(short, long));
  const size = block.let(fresh("size"), k.add(long, k.mul(short, ratio)));
  const u = block.let(fresh("u"), k.select(isFlat, x.re, x.im));
  const v = block.let(fresh("v"), k.select(isFlat, x.im, x.re));
  const im = block.let(fresh("im"), k.div(k.sub(v, k.mul(u, ratio)), size));
  return {
    re: block.let(fresh("re"), k.div(k.add(u, k.mul(v, ratio)), size)),
    im: k.select(isFlat, im, k.neg(im)),
  };
}

/** Length of the vector of two real numbers, without overflow. */
export function lengthOf(block: Block, fresh: NameGenerator, x: Expr, y: Expr): Expr {
  const [a, b] = [block.let(fresh("a"), k.abs(x)), block.let(fresh("b"), k.abs(y))];
  const long = block.let(fresh("long"), k.max(a, b));
  const one = k.constant(long.type, 1);
  const ratio = k.div(k.min(a, b), k.select(k.eq(long, k.constant(long.type, 0)), one, long));
  const t = block.let(fresh("t"), ratio);
  return block.let(fresh("length"), k.mul(long, k.sqrt(k.mulAdd(t, t, one))));
}

/** Principal square root, in the right half-plane; i √|x| for a negative real x. */
export function rootOf(block: Block, fresh: NameGenerator, x: ComplexExpr): ComplexExpr {
  const { type } = x.re;
  const [zero, half] = [k.constant(type, 0), k.constant(type, 0.5)];
  const length = lengthOf(block, fresh, x.re, x.im);
  // halves are added, so that the sum does not overflow
  const sum = k.add(k.mul(half, length), k.mul(half, k.abs(x.re)));
  const main = block.let(fresh("main"), k.sqrt(sum));
  const other = block.let(
    fresh("other"),
    k.div(k.mul(half, k.abs(x.im)), k.select(k.eq(main, zero), k.constant(type, 1), main)),
  );
  const isRight = block.let(fresh("isRight"), k.le(zero, x.re));
  const size = k.select(isRight, other, main);
  return {
    re: block.let(fresh("re"), k.select(isRight, main, other)),
    im: block.let(fresh("im"), k.select(k.lt(x.im, zero), k.neg(size), size)),
  };
}
