// Loops of `eig`: eigenvalues and eigenvectors of real matrices by their Schur form.
import type { LowerContext, WriteView } from "../ir/primitive.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { sizeOf } from "../util/shape.ts";
import { balance } from "./balance.ts";
import type { ComplexExpr, ComplexMatrix } from "./complex-loops.ts";
import {
  conjugate,
  differenceOf,
  lengthOf,
  letComplex,
  multipleOf,
  productOf,
  quotientOf,
  readComplex,
  setComplex,
  sizeOfParts,
  sumOf,
  sumOver,
  writeComplex,
} from "./complex-loops.ts";
import { apartOf, isFinite, largestOf, roundingOf, scaleOf } from "./eigh.ts";
import type { Index, MatrixView, VectorView } from "./matrix-loops.ts";
import { countOf, eachMatrix, matrixOf, readAt, vectorOf, writeAt } from "./matrix-loops.ts";
import type { NameGenerator } from "./rotations.ts";
import { complexSchur, realSchur } from "./schur.ts";

/** Views of one matrix during its decomposition. */
interface EigState {
  readonly n: number;
  readonly triangle: ComplexMatrix;
  /** Columns of Q as rows. */
  readonly rows: ComplexMatrix;
  /** Eigenvectors of the triangle, as rows. */
  readonly vectors: ComplexMatrix;
  /** Inverse of the matrix of these eigenvectors, row by row. */
  readonly inverse: ComplexMatrix;
  readonly values: ComplexVector;
  readonly factors: VectorView;
  readonly order: VectorView;
  /** Scratch memory for one vector. */
  readonly line: ComplexVector;
  readonly isKnown: Expr;
}

interface ComplexVector {
  readonly re: VectorView;
  readonly im: VectorView;
}

const readOf = ({ re, im }: ComplexVector, i: Index): ComplexExpr => ({ re: re.read(i), im: im.read(i) });

function writeTo(block: Block, { re, im }: ComplexVector, i: Index, x: ComplexExpr): void {
  re.write(block, i, x.re);
  im.write(block, i, x.im);
}

/** Writes the decomposition of each matrix of a batch. `order` is that of `SpectrumParams`. */
export function emitEig(context: LowerContext, order: number): void {
  const { fresh, ins, outs, scratch } = context;
  const a = ins[0]!;
  const { shape, dtype } = a.type;
  const n = shape.at(-1)!;
  if (sizeOf(shape) === 0) return;
  const type = scalarTypeOf(dtype);
  const matrices = scratch.slice(0, 8).map((view): MatrixView<WriteView> => matrixOf(view, 0));
  const [triangle, rows, vectors, inverse] = [0, 2, 4, 6].map((i) => ({ re: matrices[i]!, im: matrices[i + 1]! })) as [ComplexMatrix, ComplexMatrix, ComplexMatrix, ComplexMatrix]; // prettier-ignore
  const [along, factors, re, im, places] = scratch.slice(8).map((view) => vectorOf(view, 0, n)) as [VectorView, VectorView, VectorView, VectorView, VectorView]; // prettier-ignore
  eachMatrix(context, countOf(shape), false, (block, item) => {
    const given = matrixOf(a, item);
    const largest = largestOf(block, fresh, given, n, () => k.i32(n));
    const isKnown = block.let(fresh("isKnown"), isFinite(largest));
    const scale = block.let(fresh("scale"), k.select(isKnown, scaleOf(largest), k.constant(type, 1)));
    const zero = k.constant(type, 0);
    block.forEach(fresh("i"), k.i32(0), k.i32(n + 1), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(0), k.i32(n + 1), (inner, j) => writeAt(inner, triangle.re, i, j, zero)),
    );
    block.if(isKnown, (then) =>
      then.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
        loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) =>
          writeAt(inner, triangle.re, i, j, k.div(readAt(given, i, j), scale)),
        ),
      ),
    );
    balance(block, fresh, { n, matrix: triangle.re, order: places, factors });
    realSchur(
      block,
      fresh,
      { n, matrix: triangle.re, rows: rows.re, isKnown },
      { vectors: vectors.re, along },
    );
    complexSchur(block, fresh, { n, triangle, rows });
    const values = { re: vectorOf(outs[0]!, item, n), im: vectorOf(outs[1]!, item, n) };
    block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      writeTo(loop, values, i, readComplex(triangle, i, i)),
    );
    const state = { n, triangle, rows, vectors, inverse, values, factors, order: places, line: { re, im }, isKnown }; // prettier-ignore
    if (order >= 0) writeVectors(block, fresh, state, outs, item, order);
    else clearVectors(block, fresh, n, outs.slice(2), item);
    block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
      const x = multipleOf(readOf(values, i), scale);
      const nan = k.constant(type, Number.NaN);
      writeTo(loop, values, i, { re: k.select(isKnown, x.re, nan), im: k.select(isKnown, x.im, nan) });
    });
  });
}

/** Sets results that are not computed to 0. */
function clearVectors(
  block: Block,
  fresh: NameGenerator,
  n: number,
  outs: readonly WriteView[],
  item: Index,
): void {
  for (const view of outs) {
    const length = view.type.shape.length === outs[0]!.type.shape.length ? n * n : n;
    const to = vectorOf(view, item, length);
    const zero = k.constant(to.read(0).type, 0);
    block.forEach(fresh("i"), k.i32(0), k.i32(length), (loop, i) => to.write(loop, i, zero));
  }
}

function writeVectors(
  block: Block,
  fresh: NameGenerator,
  state: EigState,
  outs: readonly WriteView[],
  item: Index,
  order: number,
): void {
  const { n } = state;
  const [vr, vi, ur, ui] = outs.slice(2, 6).map((view) => matrixOf(view, item)) as [MatrixView<WriteView>, MatrixView<WriteView>, MatrixView<WriteView>, MatrixView<WriteView>]; // prettier-ignore
  const [pivots, trust] = [vectorOf(outs[6]!, item, n), vectorOf(outs[7]!, item, n)];
  solveForVectors(block, fresh, state);
  invertVectors(block, fresh, state);
  conditionsOf(block, fresh, state, trust);
  moveApart(block, fresh, state, trust, order);
  judge(block, fresh, state, trust, order);
  block.for(fresh("c"), k.i32(0), k.i32(n), (loop, c) => {
    writeColumn(loop, fresh, state, { re: vr, im: vi }, { re: ur, im: ui }, pivots, c);
  });
}

/** Absolute value of the largest eigenvalue, and 1 if all are 0. */
function largestValue(block: Block, fresh: NameGenerator, { n, values }: EigState): Expr {
  const { type } = values.re.read(0);
  const zero = k.constant(type, 0);
  const largest = block.reduce(fresh("largest"), "max", zero, fresh("i"), k.i32(0), k.i32(n), (_, i) =>
    sizeOfParts(readOf(values, i)),
  );
  return block.let(fresh("unit"), k.select(k.eq(largest, zero), k.constant(type, 1), largest));
}

/**
 * Computes the eigenvectors of the triangle by back substitution, as rows of length 1. A difference of eigenvalues that
 * is 0 up to rounding is replaced by its rounding error; vectors that grow are scaled down.
 */
function solveForVectors(block: Block, fresh: NameGenerator, { n, triangle, vectors }: EigState): void {
  const { type } = readAt(triangle.re, 0, 0);
  const number = (x: number): Expr => k.constant(type, x);
  const [zero, one] = [number(0), number(1)];
  const most = type === "f64" ? 2 ** 300 : 2 ** 40;
  block.for(fresh("c"), k.i32(0), k.i32(n), (each, c) => {
    each.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      writeComplex(loop, vectors, c, i, { re: k.convert(type, k.eq(i, c)), im: zero }),
    );
    const value = letComplex(each, fresh, "value", readComplex(triangle, c, c));
    const least = each.let(
      fresh("least"),
      k.max(
        k.mul(number(roundingOf(type)), sizeOfParts(value)),
        number(type === "f64" ? 2 ** -960 : 2 ** -90),
      ),
    );
    each.for(
      fresh("i"),
      k.i32(0),
      c,
      (loop, i) => {
        const sum = sumAlong(loop, fresh, triangle, i, vectors, c, k.add(i, k.i32(1)), k.add(c, k.i32(1)));
        const gap = letComplex(loop, fresh, "gap", differenceOf(value, readComplex(triangle, i, i)));
        loop.if(k.lt(sizeOfParts(gap), least), (then) => setComplex(then, gap, { re: least, im: zero }));
        const x = letComplex(loop, fresh, "x", quotientOf(loop, fresh, sum, gap));
        writeComplex(loop, vectors, c, i, x);
        const size = loop.let(fresh("size"), sizeOfParts(x));
        loop.if(k.lt(number(most), size), (then) =>
          then.forEach(fresh("j"), i, k.add(c, k.i32(1)), (inner, j) =>
            writeComplex(inner, vectors, c, j, multipleOf(readComplex(vectors, c, j), k.div(one, size))),
          ),
        );
      },
      true,
    );
    const squares = each.reduce(
      fresh("squares"),
      "add",
      zero,
      fresh("i"),
      k.i32(0),
      k.add(c, k.i32(1)),
      (_, i) => {
        const { re, im } = readComplex(vectors, c, i);
        return k.mulAdd(re, re, k.mul(im, im));
      },
    );
    const factor = each.let(fresh("factor"), k.div(one, k.sqrt(squares)));
    each.forEach(fresh("i"), k.i32(0), k.add(c, k.i32(1)), (loop, i) =>
      writeComplex(loop, vectors, c, i, multipleOf(readComplex(vectors, c, i), factor)),
    );
  });
}

/** Sum of the products of row i of x and row j of y, from column `from` to `to` (exclusive). */
function sumAlong(
  block: Block,
  fresh: NameGenerator,
  x: ComplexMatrix,
  i: Expr,
  y: ComplexMatrix,
  j: Expr,
  from: Expr,
  to: Expr,
): ComplexExpr {
  return sumOver(block, fresh, readAt(x.re, 0, 0).type, from, to, (l) =>
    productOf(readComplex(x, i, l), readComplex(y, j, l)),
  );
}

/** Inverts the triangular matrix X of eigenvectors, whose columns are the rows of `vectors`. */
function invertVectors(block: Block, fresh: NameGenerator, { n, vectors, inverse }: EigState): void {
  const { type } = readAt(vectors.re, 0, 0);
  const [zero, one] = [k.constant(type, 0), k.constant(type, 1)];
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    loop.forEach(fresh("j"), k.i32(0), i, (inner, j) =>
      writeComplex(inner, inverse, i, j, { re: zero, im: zero }),
    );
    // the diagonal of X is real
    writeComplex(loop, inverse, i, i, { re: k.div(one, readAt(vectors.re, i, i)), im: zero });
    loop.for(fresh("j"), k.add(i, k.i32(1)), k.i32(n), (inner, j) => {
      const sum = sumAlong(inner, fresh, inverse, i, vectors, j, i, j);
      const factor = inner.let(fresh("factor"), k.div(k.constant(type, -1), readAt(vectors.re, j, j)));
      writeComplex(inner, inverse, i, j, multipleOf(sum, factor));
    });
  });
}

/** Writes the condition numbers of the eigenvalues: the norms of the rows of the inverse. */
function conditionsOf(block: Block, fresh: NameGenerator, { n, inverse }: EigState, to: VectorView): void {
  const zero = k.constant(readAt(inverse.re, 0, 0).type, 0);
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    const norm = loop.let(fresh("norm"), zero);
    loop.for(fresh("j"), i, k.i32(n), (inner, j) => {
      const x = readComplex(inverse, i, j);
      inner.set(norm, lengthOf(inner, fresh, norm, lengthOf(inner, fresh, x.re, x.im)));
    });
    to.write(loop, i, norm);
  });
}

/**
 * Condition number up to which close eigenvalues may be moved apart for derivatives of order `order`: the matrix then
 * changes by at most 1/64 of its size.
 */
const mostMovable = (order: number, type: Expr["type"]): number =>
  order <= 0 ? 0 : Math.max(2, 1 / (64 * apartOf(order, type)));

/**
 * Moves well-conditioned eigenvalues apart, along the real axis, that are too close for derivatives of order `order`.
 * Conjugate pairs move together.
 */
function moveApart(
  block: Block,
  fresh: NameGenerator,
  state: EigState,
  conditions: VectorView,
  order: number,
): void {
  const { n, values } = state;
  const { type } = values.re.read(0);
  const apart = apartOf(order, type);
  if (apart === 0) return;
  const [zero, half] = [k.constant(type, 0), k.constant(type, 0.5)];
  const most = k.constant(type, mostMovable(order, type));
  const gap = block.let(fresh("gap"), k.mul(k.constant(type, apart), largestValue(block, fresh, state)));
  const near = block.let(fresh("near"), k.mul(half, gap));
  const isMovable = (i: Expr): Expr => k.le(conditions.read(i), most);
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    const x = letComplex(loop, fresh, "x", readOf(values, i));
    loop.if(
      k.lt(x.im, zero),
      (lower) => setComplex(lower, x, conjugate(readOf(values, k.max(k.sub(i, k.i32(1)), k.i32(0))))),
      (upper) => {
        const isPair = k.and(k.lt(zero, x.im), k.lt(x.im, near));
        upper.if(k.and(isPair, isMovable(i)), (then) => then.set(x.im, near));
        const isOpen = upper.let(fresh("isOpen"), isMovable(i));
        upper.while(isOpen, (again) => {
          again.set(isOpen, k.bool(false));
          again.for(fresh("j"), k.i32(0), i, (inner, j) => {
            const other = letComplex(inner, fresh, "other", readOf(values, j));
            const isClose = k.lt(sizeOfParts(differenceOf(x, other)), near);
            inner.if(k.and(isClose, isMovable(j)), (then) => {
              then.set(x.re, k.add(other.re, gap));
              then.set(isOpen, k.bool(true));
            });
          });
        });
      },
    );
    writeTo(loop, values, i, x);
  });
}

/**
 * Replaces the condition number of each eigenvalue by a factor of its derivatives, 1 or NaN. It is NaN if the
 * derivatives would have no correct digit. That is so if, up to rounding errors, the eigenvalue equals another one for
 * which the matrix has too few eigenvectors.
 */
function judge(
  block: Block,
  fresh: NameGenerator,
  state: EigState,
  conditions: VectorView,
  order: number,
): void {
  const { n, values, triangle } = state;
  const { type } = values.re.read(0);
  const number = (x: number): Expr => k.constant(type, x);
  const rounding = roundingOf(type);
  const limit = Math.min(1 / Math.sqrt(64 * rounding), order > 0 ? mostMovable(order, type) : Infinity);
  const size = block.let(fresh("size"), number(0));
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
    loop.for(fresh("j"), i, k.i32(n), (inner, j) => {
      const x = readComplex(triangle, i, j);
      inner.set(size, lengthOf(inner, fresh, size, lengthOf(inner, fresh, x.re, x.im)));
    }),
  );
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    const condition = loop.let(fresh("condition"), conditions.read(i));
    const error = loop.let(fresh("error"), k.mul(k.mul(number(64 * rounding), condition), size));
    const isIll = loop.let(fresh("isIll"), k.bool(false));
    loop.if(k.not(k.le(condition, number(limit))), (then) =>
      then.for(fresh("j"), k.i32(0), k.i32(n), (inner, j) => {
        const gap = inner.let(fresh("gap"), sizeOfParts(differenceOf(readOf(values, i), readOf(values, j))));
        inner.if(k.and(k.ne(i, j), k.not(k.lt(error, gap))), (found) => found.set(isIll, k.bool(true)));
      }),
    );
    conditions.write(loop, i, k.select(isIll, number(Number.NaN), number(1)));
  });
}

/**
 * Writes column c of V and row c of its inverse. Both are computed from those of the triangular matrix by multiplying
 * by Q and undoing the balancing; the column then gets length 1 and the phase of `phaseOf`. The second of a conjugate
 * pair is the conjugate of the first.
 */
function writeColumn(
  block: Block,
  fresh: NameGenerator,
  state: EigState,
  columns: ComplexMatrix,
  inverseRows: ComplexMatrix,
  pivots: VectorView,
  c: Expr,
): void {
  const { n, values, factors, order, line, isKnown } = state;
  const { type } = values.re.read(0);
  const number = (x: number): Expr => k.constant(type, x);
  const each = (inner: Block, body: (loop: Block, i: Expr) => void): void =>
    inner.forEach(fresh("i"), k.i32(0), k.i32(n), body);
  const im = block.let(fresh("im"), values.im.read(c));
  const before = block.let(fresh("before"), k.max(k.sub(c, k.i32(1)), k.i32(0)));
  block.if(
    k.lt(im, number(0)),
    (second) => {
      each(second, (loop, i) => {
        writeComplex(loop, columns, i, c, conjugate(readComplex(columns, i, before)));
        writeComplex(loop, inverseRows, c, i, conjugate(readComplex(inverseRows, before, i)));
      });
      pivots.write(second, c, pivots.read(before));
    },
    (first) => {
      const isReal = first.let(fresh("isReal"), k.eq(im, number(0)));
      const real = (x: ComplexExpr): ComplexExpr => ({ re: x.re, im: k.select(isReal, number(0), x.im) });
      const written = (x: ComplexExpr): ComplexExpr => {
        const nan = number(Number.NaN);
        return { re: k.select(isKnown, x.re, nan), im: k.select(isKnown, x.im, nan) };
      };
      combineRows(first, fresh, state, state.vectors, c, false);
      each(first, (loop, i) => writeTo(loop, line, i, multipleOf(readOf(line, i), factors.read(i))));
      const phase = phaseOf(first, fresh, state, c, pivots);
      const length = first.let(fresh("length"), number(0));
      first.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
        const turned = letComplex(loop, fresh, "x", productOf(readOf(line, i), conjugate(phase)));
        const isPivot = k.eq(order.read(i), pivots.read(c));
        const x = letComplex(
          loop,
          fresh,
          "x",
          real({ re: turned.re, im: k.select(isPivot, number(0), turned.im) }),
        );
        writeTo(loop, line, i, x);
        loop.set(length, lengthOf(loop, fresh, length, lengthOf(loop, fresh, x.re, x.im)));
      });
      each(first, (loop, i) => {
        const place = loop.let(fresh("place"), order.read(i));
        writeComplex(loop, columns, place, c, written(multipleOf(readOf(line, i), k.div(number(1), length))));
      });
      combineRows(first, fresh, state, state.inverse, c, true);
      each(first, (loop, i) => {
        const x = productOf(readOf(line, i), phase);
        const place = loop.let(fresh("place"), order.read(i));
        writeComplex(
          loop,
          inverseRows,
          c,
          place,
          written(real(multipleOf(x, k.div(length, factors.read(i))))),
        );
      });
    },
  );
}

/** Sets `line` to the product of row c of `from` and the rows of Qᵀ, or their conjugates. */
function combineRows(
  block: Block,
  fresh: NameGenerator,
  { n, rows, line }: EigState,
  from: ComplexMatrix,
  c: Expr,
  isConjugate: boolean,
): void {
  const zero = k.constant(readAt(rows.re, 0, 0).type, 0);
  block.forEach(fresh("j"), k.i32(0), k.i32(n), (loop, j) => writeTo(loop, line, j, { re: zero, im: zero }));
  // row c of the vectors is zero after column c, and row c of the inverse before it
  const [first, last] = isConjugate ? [c, k.i32(n)] : [k.i32(0), k.add(c, k.i32(1))];
  block.for(fresh("i"), first, last, (loop, i) => {
    const x = letComplex(loop, fresh, "x", readComplex(from, c, i));
    loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) => {
      const q = readComplex(rows, i, j);
      writeTo(inner, line, j, sumOf(readOf(line, j), productOf(x, isConjugate ? conjugate(q) : q)));
    });
  });
}

/**
 * Phase of the largest component of `line`, the first one among those that are equal up to rounding; its original index
 * becomes the pivot.
 */
function phaseOf(
  block: Block,
  fresh: NameGenerator,
  { n, line, order }: EigState,
  c: Expr,
  pivots: VectorView,
): ComplexExpr {
  const { type } = line.re.read(0);
  const zero = k.constant(type, 0);
  const sizeAt = (inner: Block, i: Expr): Expr => lengthOf(inner, fresh, line.re.read(i), line.im.read(i));
  const largest = block.let(fresh("largest"), zero);
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => loop.set(largest, k.max(largest, sizeAt(loop, i))));
  const enough = block.let(fresh("enough"), k.mul(largest, k.constant(type, 1 - 2 ** -10)));
  const pivot = block.let(fresh("pivot"), k.i32(n));
  const phase = letComplex(block, fresh, "phase", { re: k.constant(type, 1), im: zero });
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    const size = loop.let(fresh("size"), sizeAt(loop, i));
    const place = loop.let(fresh("place"), order.read(i));
    loop.if(k.and(k.le(enough, size), k.and(k.lt(place, pivot), k.lt(zero, size))), (then) => {
      then.set(pivot, place);
      const x = letComplex(then, fresh, "x", readOf(line, i));
      setComplex(then, phase, multipleOf(x, k.div(k.constant(type, 1), size)));
    });
  });
  pivots.write(block, c, k.min(pivot, k.i32(n - 1)));
  return phase;
}
