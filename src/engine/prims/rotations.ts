// Plane (Givens) rotations for eigenvalue and singular value iterations.
import type { LowerContext, WriteView } from "../ir/primitive.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { MatrixView, VectorView } from "./matrix-loops.ts";
import { readAt, writeAt } from "./matrix-loops.ts";

export type NameGenerator = LowerContext["fresh"];

/**
 * True if the off-diagonal element `beside` is negligible compared with `size`, the magnitude of the neighbouring
 * diagonal elements.
 */
export function isConverged(beside: Expr, size: Expr): Expr {
  return k.eq(k.add(k.abs(beside), size), size);
}

/** Returns the length r of the vector (f, g), and sets `sine` to f / r and `cosine` to g / r unless r is 0. */
export function makeRotation(
  block: Block,
  fresh: NameGenerator,
  f: Expr,
  g: Expr,
  sine: Expr,
  cosine: Expr,
): Expr {
  const r = block.let(fresh("r"), k.sqrt(k.mulAdd(f, f, k.mul(g, g))));
  block.if(k.ne(r, k.constant(r.type, 0)), (then) => {
    then.set(sine, k.div(f, r));
    then.set(cosine, k.div(g, r));
  });
  return r;
}

/** Rotations of neighbouring rows: rotation i replaces rows x and y (i and i + 1) by `c x + s y` and `c y − s x`. */
export interface Rotations {
  readonly cosines: VectorView;
  readonly sines: VectorView;
}

/**
 * Applies rotations `from` to `to` − 1 to the rows of a matrix, in ascending order. Each row passes through registers
 * once, for several columns.
 */
export function applyRotations(
  block: Block,
  fresh: NameGenerator,
  rows: MatrixView<WriteView>,
  columns: number,
  { cosines, sines }: Rotations,
  from: Expr,
  to: Expr,
): void {
  block.forEach(fresh("j"), k.i32(0), k.i32(columns), (loop, j) => {
    const carried = loop.let(fresh("carried"), readAt(rows, from, j));
    loop.for(fresh("i"), from, to, (inner, i) => {
      const y = inner.let(fresh("y"), readAt(rows, k.add(i, k.i32(1)), j));
      const [c, s] = [cosines.read(i), sines.read(i)];
      writeAt(inner, rows, i, j, k.mulAdd(c, carried, k.mul(s, y)));
      inner.set(carried, k.mulAdd(c, y, k.neg(k.mul(s, carried))));
    });
    writeAt(loop, rows, to, j, carried);
  });
}

/** Applies the inverse rotations in descending order, `to` − 1 to `from`: `c x − s y` and `c y + s x`. */
export function applyReversed(
  block: Block,
  fresh: NameGenerator,
  rows: MatrixView<WriteView>,
  columns: number,
  { cosines, sines }: Rotations,
  from: Expr,
  to: Expr,
): void {
  block.forEach(fresh("j"), k.i32(0), k.i32(columns), (loop, j) => {
    const carried = loop.let(fresh("carried"), readAt(rows, to, j));
    loop.for(
      fresh("i"),
      from,
      to,
      (inner, i) => {
        const x = inner.let(fresh("x"), readAt(rows, i, j));
        const [c, s] = [cosines.read(i), sines.read(i)];
        writeAt(inner, rows, k.add(i, k.i32(1)), j, k.mulAdd(s, x, k.mul(c, carried)));
        inner.set(carried, k.mulAdd(c, x, k.neg(k.mul(s, carried))));
      },
      true,
    );
    writeAt(loop, rows, from, j, carried);
  });
}

/** Sorts values in ascending or descending order, and stores the original index of each in `order`. */
export function orderOf(
  block: Block,
  fresh: NameGenerator,
  n: number,
  values: VectorView,
  order: VectorView,
  descending: boolean,
): void {
  block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) => order.write(loop, i, i));
  block.for(fresh("i"), k.i32(1), k.i32(n), (loop, i) => {
    const [x, place] = [loop.let(fresh("x"), values.read(i)), loop.let(fresh("place"), order.read(i))];
    const to = loop.let(fresh("to"), i);
    const isOpen = loop.let(fresh("isOpen"), k.bool(true));
    loop.while(k.and(isOpen, k.lt(k.i32(0), to)), (inner) => {
      const before = inner.let(fresh("before"), k.sub(to, k.i32(1)));
      const other = inner.let(fresh("other"), values.read(before));
      inner.if(
        descending ? k.lt(other, x) : k.lt(x, other),
        (then) => {
          values.write(then, to, other);
          order.write(then, to, order.read(before));
          then.set(to, before);
        },
        (otherwise) => otherwise.set(isOpen, k.bool(false)),
      );
    });
    values.write(loop, to, x);
    order.write(loop, to, place);
  });
}
