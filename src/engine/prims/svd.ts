import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive, Scratch, WriteView } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind } from "../trace/bind.ts";
import { range, sizeOf } from "../util/shape.ts";
import { mul, scale } from "./arithmetic.ts";
import type { SpectrumParams } from "./eigh.ts";
import {
  diagonalOf,
  inverseGaps,
  isFinite,
  largestOf,
  nextOrder,
  reciprocalOrZero,
  scaleOf,
  separate,
} from "./eigh.ts";
import { formRows, panelsOf, reflectionOf, reflectionScratch } from "./householder.ts";
import { add, sub, where, zeros } from "./linear.ts";
import { diagonalPlaces, product, requireMatrices, swapped } from "./matrices.ts";
import type { MatrixView, VectorView } from "./matrix-loops.ts";
import { countOf, eachMatrix, matrixOf, readAt, sidesOf, vectorOf, writeAt } from "./matrix-loops.ts";
import type { Rotations } from "./rotations.ts";
import { applyRotations, isConverged, makeRotation, orderOf } from "./rotations.ts";
import { broadcast } from "./shape.ts";

const svdPrim: Primitive<SpectrumParams> = /* @__PURE__ */ builtIn<SpectrumParams>({
  name: "svd",
  typeOf([a]) {
    const { dtype, shape } = requireMatrices("svd", a!);
    const [m, n] = sidesOf(shape);
    if (m < n) throw new DownhillError("shape", `svd: ${showType(a!)} has more columns than rows.`);
    const lead = shape.slice(0, -2);
    return [arrayType(dtype, shape), arrayType(dtype, [...lead, n]), arrayType(dtype, [...lead, n, n])];
  },
  derivative: {
    kind: "smooth",
    jvp: ([da], _, [u, s, vh]) =>
      da === undefined ? [undefined, undefined, undefined] : changeOfSingular(da, u!, s!, vh!),
    underDerivative: nextOrder,
  },
  batch: ([a], _, __, params) => ({ outs: bind(svdPrim, [a!], params), batched: [true, true, true] }),
  lowering: { kind: "loops", scratch: (_, [a]) => scratchOf(a!), emit: emitSvd },
  cost: "high",
});

/**
 * Singular value decomposition A = U diag(s) Vᴴ of matrices `[…, m, n]`. The singular values are in descending order.
 * With k = min(m, n), U has the shape `[…, m, k]` and Vᴴ `[…, k, n]`. For a positive `order` of derivatives, close
 * values are moved apart; see `SpectrumParams`.
 */
export function svd(a: Tensor, order = 0): readonly [u: Tensor, s: Tensor, vh: Tensor] {
  const [m, n] = sidesOf(a.type.shape);
  if (m >= n) return bind(svdPrim, [a], { order }) as readonly [Tensor, Tensor, Tensor];
  const [v, s, uh] = svd(swapped(a), order);
  return [swapped(uh), s, swapped(v)];
}

/**
 * Tangents of U, s and Vᴴ. With `dU = U X + (a part orthogonal to U)` and `dV = V Y`, where X and Y are antisymmetric,
 * the tangent dA satisfies `Uᵀ dA V = X S + dS − S Y`.
 */
function changeOfSingular(da: Tensor, u: Tensor, s: Tensor, vh: Tensor): readonly [Tensor, Tensor, Tensor] {
  const [m, n] = sidesOf(da.type.shape);
  const moved = product(da, vh, { y: true }); // dA V
  const change = product(u, moved, { x: true });
  const turned = swapped(change);
  const { shape } = change.type;
  const along = (axis: number): Tensor => broadcast(s, shape, [...range(0, shape.length - 2), axis]);
  const common = mul(add(change, turned), inverseGaps(s, change));
  // without the diagonal, whose terms cancel: a tiny s would amplify their rounding errors by 1 / 2s
  const sums = add(along(shape.length - 1), along(shape.length - 2));
  const beside = where(diagonalPlaces(change.type), zeros(change.type), sums);
  const opposite = mul(sub(change, turned), reciprocalOrZero(beside));
  const x = scale(add(common, opposite), 0.5);
  const y = scale(sub(common, opposite), 0.5);
  let du = product(u, x);
  if (m > n) {
    const wide = broadcast(reciprocalOrZero(s), moved.type.shape, [
      ...range(0, shape.length - 2),
      shape.length - 1,
    ]);
    du = add(du, mul(sub(moved, product(u, change)), wide));
  }
  return [du, diagonalOf(change), product(y, vh, { x: true })];
}

function scratchOf(a: ArrayType): readonly Scratch[] {
  const [m, n] = sidesOf(a.shape);
  if (sizeOf(a.shape) === 0) return [];
  const shapes: readonly (readonly [name: string, ...shape: number[]])[] = [
    ["work", m, n],
    ["leftVectors", n, m],
    ["leftRows", n, m],
    ["rightVectors", n, n],
    ["rightRows", n, n],
    ["beside", n],
    ["cosines", n],
    ["sines", n],
    ["cosinesLeft", n],
    ["sinesLeft", n],
  ];
  return [
    { name: "order", type: arrayType("int32", [n]) },
    ...shapes.map(([name, ...shape]) => ({ name, type: arrayType(a.dtype, shape) })),
    ...reflectionScratch(a.dtype, n),
    ...reflectionScratch(a.dtype, n),
  ];
}

function emitSvd(context: LowerContext, { order: ofDerivative }: SpectrumParams): void {
  const { fresh, ins, outs, scratch } = context;
  const [a, u, s, vh] = [ins[0]!, outs[0]!, outs[1]!, outs[2]!];
  const { shape, dtype } = a.type;
  if (sizeOf(shape) === 0) return;
  const [m, n] = sidesOf(shape);
  const type = scalarTypeOf(dtype);
  const [work, leftVectors, leftRows, rightVectors, rightRows] = scratch.slice(1, 6).map((view) => matrixOf(view, 0)) as [MatrixView<WriteView>, MatrixView<WriteView>, MatrixView<WriteView>, MatrixView<WriteView>, MatrixView<WriteView>]; // prettier-ignore
  const [beside, cosines, sines, cosinesLeft, sinesLeft] = scratch.slice(6, 11).map((view) => vectorOf(view, 0, n)) as [VectorView, VectorView, VectorView, VectorView, VectorView]; // prettier-ignore
  const order = vectorOf(scratch[0]!, 0, n);
  const rest = scratch.slice(11);
  const left = panelsOf(leftVectors, rest.slice(0, rest.length / 2), n, m);
  const right = panelsOf(rightVectors, rest.slice(rest.length / 2), n, n);
  eachMatrix(context, countOf(shape), false, (block, item) => {
    const [given, values] = [matrixOf(a, item), vectorOf(s, item, n)];
    const largest = largestOf(block, fresh, given, m, () => k.i32(n));
    const factor = block.let(fresh("scale"), scaleOf(largest));
    block.forEach(fresh("i"), k.i32(0), k.i32(m), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) =>
        writeAt(inner, work, i, j, k.div(readAt(given, i, j), factor)),
      ),
    );
    bidiagonalise(block, fresh, [m, n], {
      work,
      leftVectors,
      rightVectors,
      setLeft: left.setTau,
      setRight: right.setTau,
      diagonal: values,
      beside,
      along: cosines,
    });
    formRows(block, fresh, leftRows, n, m, left);
    formRows(block, fresh, rightRows, n, n, right);
    diagonalise(block, fresh, n, {
      values,
      beside,
      left: { rows: leftRows, columns: m, rotations: { cosines: cosinesLeft, sines: sinesLeft } },
      right: { rows: rightRows, columns: n, rotations: { cosines, sines } },
      isFinite: isFinite(largest),
    });
    orderOf(block, fresh, n, values, order, true);
    // the part orthogonal to U is divided by the singular values
    separate(block, fresh, n, values, { order: ofDerivative, descending: true, awayFromZero: m > n });
    block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      values.write(loop, i, k.mul(values.read(i), factor)),
    );
    const known = (i: Expr, x: Expr): Expr =>
      k.select(k.eq(values.read(i), values.read(i)), x, k.constant(type, Number.NaN));
    const [columns, lines] = [matrixOf(u, item), matrixOf(vh, item)];
    block.forEach(fresh("i"), k.i32(0), k.i32(m), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) => {
        const from = inner.let(fresh("from"), order.read(j));
        writeAt(inner, columns, i, j, known(j, readAt(leftRows, from, i)));
      }),
    );
    block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
      const from = loop.let(fresh("from"), order.read(i));
      loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) =>
        writeAt(inner, lines, i, j, known(i, readAt(rightRows, from, j))),
      );
    });
  });
}

interface BidiagonalForm {
  readonly work: MatrixView<WriteView>;
  readonly leftVectors: MatrixView<WriteView>;
  readonly rightVectors: MatrixView<WriteView>;
  setLeft(block: Block, c: Expr, tau: Expr): void;
  setRight(block: Block, c: Expr, tau: Expr): void;
  readonly diagonal: VectorView;
  readonly beside: VectorView;
  /** Scratch memory for the elements of one row. */
  readonly along: VectorView;
}

/**
 * Reduces a matrix to bidiagonal form by reflections of its columns and rows in turn (Golub & Van Loan, Matrix
 * Computations, 5.4.8).
 */
function bidiagonalise(
  block: Block,
  fresh: LowerContext["fresh"],
  [m, n]: readonly [rows: number, columns: number],
  { work, leftVectors, rightVectors, setLeft, setRight, diagonal, beside, along }: BidiagonalForm,
): void {
  const type = scalarTypeOf(work.view.type.dtype);
  const zero = k.constant(type, 0);
  const [rows, columns] = [k.i32(m), k.i32(n)];
  block.for(fresh("c"), k.i32(0), columns, (loop, c) => {
    const next = loop.let(fresh("next"), k.add(c, k.i32(1)));
    const eachColumn = (each: (inner: Block, j: Expr) => void): void =>
      loop.forEach(fresh("j"), next, columns, each);
    loop.forEach(fresh("i"), c, rows, (inner, i) => writeAt(inner, leftVectors, c, i, readAt(work, i, c)));
    loop.forEach(fresh("i"), k.i32(0), c, (inner, i) => writeAt(inner, leftVectors, c, i, zero));
    const left = reflectionOf(loop, fresh, { of: leftVectors, row: c, from: c, to: m });
    setLeft(loop, c, left.tau);
    diagonal.write(loop, c, left.first);
    // −τ uᵀ A, whose row c is needed first
    eachColumn((inner, j) => along.write(inner, j, zero));
    loop.for(fresh("i"), c, rows, (inner, i) => {
      const x = inner.let(fresh("x"), k.neg(k.mul(left.tau, readAt(leftVectors, c, i))));
      inner.forEach(fresh("j"), next, columns, (each, j) =>
        along.write(each, j, k.mulAdd(x, readAt(work, i, j), along.read(j))),
      );
    });
    loop.forEach(fresh("j"), k.i32(0), next, (inner, j) => writeAt(inner, rightVectors, c, j, zero));
    eachColumn((inner, j) => writeAt(inner, rightVectors, c, j, k.add(readAt(work, c, j), along.read(j))));
    const right = { tau: loop.let(fresh("tau"), zero), first: loop.let(fresh("first"), zero) };
    loop.if(k.lt(next, columns), (then) => {
      const made = reflectionOf(then, fresh, { of: rightVectors, row: c, from: next, to: n });
      then.set(right.tau, made.tau);
      then.set(right.first, made.first);
    });
    setRight(loop, c, right.tau);
    beside.write(loop, c, right.first);
    loop.for(fresh("i"), next, rows, (inner, i) => {
      const own = inner.let(fresh("own"), readAt(leftVectors, c, i));
      inner.forEach(fresh("j"), next, columns, (each, j) =>
        writeAt(each, work, i, j, k.mulAdd(own, along.read(j), readAt(work, i, j))),
      );
      const dot = inner.reduce(fresh("dot"), "add", zero, fresh("j"), next, columns, (_, j) =>
        k.mul(readAt(work, i, j), readAt(rightVectors, c, j)),
      );
      const x = inner.let(fresh("x"), k.neg(k.mul(right.tau, dot)));
      inner.forEach(fresh("j"), next, columns, (each, j) =>
        writeAt(each, work, i, j, k.mulAdd(x, readAt(rightVectors, c, j), readAt(work, i, j))),
      );
    });
  });
}

interface SingularVectors {
  readonly rows: MatrixView<WriteView>;
  readonly columns: number;
  readonly rotations: Rotations;
}

interface SvdState {
  /** The diagonal of the matrix; the singular values replace it. */
  readonly values: VectorView;
  readonly beside: VectorView;
  readonly left: SingularVectors;
  readonly right: SingularVectors;
  readonly isFinite: Expr;
}

/** Maximum number of steps per singular value; two or three are usual. */
const mostSteps = 60;

/**
 * Diagonalises an upper bidiagonal matrix by rotations, and makes all values nonnegative (Golub & Van Loan, 8.6.2). If
 * the iteration does not converge, all values become NaN.
 */
function diagonalise(block: Block, fresh: LowerContext["fresh"], n: number, state: SvdState): void {
  const { values, beside, left, right, isFinite: isWhole } = state;
  const { type } = values.read(0);
  const zero = k.constant(type, 0);
  const size = block.reduce(fresh("size"), "max", zero, fresh("i"), k.i32(0), k.i32(n), (_, i) =>
    k.max(k.abs(values.read(i)), k.abs(beside.read(i))),
  );
  const last = block.let(fresh("last"), k.i32(n - 1));
  const steps = block.let(fresh("steps"), k.i32(0));
  const limit = k.i32(mostSteps * n);
  const isLost = k.or(k.lt(limit, steps), k.not(isWhole));
  block.while(k.and(k.lt(k.i32(0), last), k.not(isLost)), (step) => {
    const before = (i: Expr): Expr => k.sub(i, k.i32(1));
    step.if(
      isConverged(beside.read(before(last)), size),
      (then) => then.set(last, before(last)),
      (otherwise) => {
        otherwise.set(steps, k.add(steps, k.i32(1)));
        const first = otherwise.let(fresh("first"), before(last));
        const isOpen = otherwise.let(fresh("isOpen"), k.bool(true));
        otherwise.while(k.and(isOpen, k.lt(k.i32(0), first)), (search) =>
          search.if(
            isConverged(beside.read(before(first)), size),
            (then) => then.set(isOpen, k.bool(false)),
            (on) => on.set(first, before(first)),
          ),
        );
        chase(otherwise, fresh, state, first, last, size);
        applyRotations(otherwise, fresh, right.rows, right.columns, right.rotations, first, last);
        applyRotations(otherwise, fresh, left.rows, left.columns, left.rotations, first, last);
      },
    );
  });
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    loop.if(k.lt(values.read(i), zero), (then) => {
      values.write(then, i, k.neg(values.read(i)));
      then.forEach(fresh("j"), k.i32(0), k.i32(right.columns), (inner, j) =>
        writeAt(inner, right.rows, i, j, k.neg(readAt(right.rows, i, j))),
      );
    });
    // values that do not converge become NaN
    loop.if(isLost, (lost) => values.write(lost, i, k.constant(type, Number.NaN)));
  });
}

/**
 * One implicit QR step on the rows and columns `first` to `last` (inclusive), with a shift close to a singular value.
 * Without a shift if a diagonal element is negligible.
 */
function chase(
  block: Block,
  fresh: LowerContext["fresh"],
  { values, beside, left, right }: SvdState,
  first: Expr,
  last: Expr,
  size: Expr,
): void {
  const { type } = size;
  const [zero, half] = [k.constant(type, 0), k.constant(type, 0.5)];
  const before = block.let(fresh("before"), k.sub(last, k.i32(1)));
  const hasZero = block.let(fresh("hasZero"), k.bool(false));
  block.for(fresh("i"), first, k.add(last, k.i32(1)), (loop, i) =>
    loop.if(isConverged(values.read(i), size), (then) => then.set(hasZero, k.bool(true))),
  );
  const y = block.let(fresh("y"), values.read(first));
  const z = block.let(fresh("z"), beside.read(first));
  block.if(k.not(hasZero), (then) => {
    const [d, e] = [then.let(fresh("d"), values.read(before)), then.let(fresh("e"), beside.read(before))];
    const above = then.let(fresh("above"), zero);
    then.if(k.lt(first, before), (inner) => inner.set(above, beside.read(k.sub(before, k.i32(1)))));
    const upper = then.let(fresh("upper"), k.mulAdd(d, d, k.mul(above, above)));
    const lower = then.let(fresh("lower"), k.mulAdd(e, e, k.mul(values.read(last), values.read(last))));
    const off = then.let(fresh("off"), k.mul(d, e));
    const gap = then.let(fresh("gap"), k.mul(half, k.sub(upper, lower)));
    const length = then.let(fresh("length"), k.sqrt(k.mulAdd(gap, gap, k.mul(off, off))));
    const divisor = then.let(fresh("divisor"), k.add(gap, k.select(k.lt(gap, zero), k.neg(length), length)));
    const moved = k.sub(lower, k.div(k.mul(off, off), divisor));
    const shift = then.let(fresh("shift"), k.select(k.eq(divisor, zero), lower, moved));
    then.set(y, k.sub(y, k.div(shift, y)));
  });
  const [c, s] = [block.let(fresh("c"), zero), block.let(fresh("s"), zero)];
  const rotate = (loop: Block, { cosines, sines }: Rotations, i: Expr): Expr => {
    loop.set(c, k.constant(type, 1));
    loop.set(s, zero);
    const r = makeRotation(loop, fresh, z, y, s, c);
    cosines.write(loop, i, c);
    sines.write(loop, i, s);
    return r;
  };
  block.for(fresh("i"), first, last, (loop, i) => {
    const next = loop.let(fresh("next"), k.add(i, k.i32(1)));
    const r = rotate(loop, right.rotations, i);
    loop.if(k.lt(first, i), (then) => beside.write(then, k.sub(i, k.i32(1)), r));
    const [d, e, below] = [values.read(i), beside.read(i), values.read(next)].map((x) => loop.let(fresh("x"), x)) as [Expr, Expr, Expr]; // prettier-ignore
    loop.set(y, k.mulAdd(c, d, k.mul(s, e)));
    const rest = loop.let(fresh("rest"), k.mulAdd(c, e, k.neg(k.mul(s, d))));
    loop.set(z, k.mul(s, below));
    const moved = loop.let(fresh("moved"), k.mul(c, below));
    values.write(loop, i, rotate(loop, left.rotations, i));
    loop.set(y, k.mulAdd(c, rest, k.mul(s, moved)));
    values.write(loop, next, k.mulAdd(c, moved, k.neg(k.mul(s, rest))));
    loop.if(k.lt(next, last), (then) => {
      const behind = then.let(fresh("behind"), beside.read(next));
      then.set(z, k.mul(s, behind));
      beside.write(then, next, k.mul(c, behind));
    });
  });
  beside.write(block, before, y);
}
