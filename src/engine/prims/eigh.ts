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
import { div, equal, mul } from "./arithmetic.ts";
import { symmetric } from "./cholesky.ts";
import { formRows, panelsOf, reflectionOf, reflectionScratch } from "./householder.ts";
import { full, sub, where, zeros } from "./linear.ts";
import { diagonalPlaces, product, requireSquare } from "./matrices.ts";
import type { MatrixView, VectorView } from "./matrix-loops.ts";
import { countOf, eachMatrix, matrixOf, readAt, vectorOf, writeAt } from "./matrix-loops.ts";
import { applyReversed, isConverged, makeRotation, orderOf } from "./rotations.ts";
import { broadcast, sum } from "./shape.ts";

/** Parameters of eigenvalue and singular value decompositions. */
export interface SpectrumParams {
  /**
   * Highest order of the derivatives that the vectors enter. 0 if values and vectors are used as they are; −1 if the
   * vectors are unused, so that they first matter in second derivatives. Each differentiation adds one.
   */
  readonly order: number;
}

/** Returns the parameters for one more differentiation: the order is higher by one. */
export const nextOrder = ({ order }: SpectrumParams): SpectrumParams => ({ order: order + 1 });

/**
 * Minimum relative distance between values, so that derivatives of order `order` are accurate; 0 for orders up to 0.
 * The vectors of two close values contribute a difference divided by the gap, once per order. A relative rounding error
 * ε therefore leaves an error of `ε / apart^order`. Moving the values apart changes results by `apart`. `ε^(1 / (order
 * + 1))` balances the two errors.
 */
export function apartOf(order: number, type: Expr["type"]): number {
  return order <= 0 ? 0 : roundingOf(type) ** (1 / (order + 1));
}

/** Assumed relative rounding error of computed eigenvalues or singular values. */
export const roundingOf = (type: Expr["type"]): number => (type === "f32" ? 2 ** -22 : 2 ** -52);

const eighPrim: Primitive<SpectrumParams> = /* @__PURE__ */ builtIn<SpectrumParams>({
  name: "eigh",
  typeOf([a]) {
    const { dtype, shape } = requireSquare("eigh", a!);
    return [arrayType(dtype, shape.slice(0, -1)), arrayType(dtype, shape)];
  },
  derivative: {
    kind: "smooth",
    jvp: ([da], _, [w, v]) => (da === undefined ? [undefined, undefined] : changeOfEigen(da, w!, v!)),
    underDerivative: nextOrder,
  },
  batch: ([a], _, __, params) => ({ outs: bind(eighPrim, [a!], params), batched: [true, true] }),
  lowering: { kind: "loops", scratch: (_, [a]) => scratchOf(a!), emit: emitEigh },
  cost: "high",
});

/**
 * Eigenvalues of symmetric matrices `[…, n, n]` in ascending order, and the eigenvectors as columns. Only the lower
 * triangle is read; the derivative assumes symmetric changes. For a positive `order` of derivatives, close eigenvalues
 * are moved apart; see `SpectrumParams`.
 */
export function eigh(a: Tensor, order = 0): readonly [w: Tensor, v: Tensor] {
  return bind(eighPrim, [a], { order }) as readonly [Tensor, Tensor];
}

/**
 * Tangents of eigenvalues and eigenvectors, given the tangent `da` of the matrix A. They follow from `Vᵀ dA V = X W − W
 * X + dW` with W = diag(w) and dV = V X, where X is antisymmetric.
 */
function changeOfEigen(da: Tensor, w: Tensor, v: Tensor): readonly [Tensor, Tensor] {
  const change = product(v, product(symmetric(da), v), { x: true });
  return [diagonalOf(change), product(v, mul(change, inverseGaps(w, change)))];
}

/** Diagonals of square matrices. */
export function diagonalOf(x: Tensor): Tensor {
  const rank = x.type.shape.length;
  return sum(where(diagonalPlaces(x.type), x, zeros(x.type)), [rank - 2]);
}

/** `1 / (wⱼ − wᵢ)` in row i and column j, 0 on the diagonal and for equal values. The shape is that of `like`. */
export function inverseGaps(w: Tensor, like: Tensor): Tensor {
  const { shape } = like.type;
  const rank = shape.length;
  const along = (axis: number): Tensor => broadcast(w, shape, [...range(0, rank - 2), axis]);
  return reciprocalOrZero(sub(along(rank - 1), along(rank - 2)));
}

/** 1 / x, and 0 for 0. */
export function reciprocalOrZero(x: Tensor): Tensor {
  const [zero, one] = [zeros(x.type), full(x.type, 1)];
  const isZero = equal(x, zero);
  return where(isZero, zero, div(one, where(isZero, one, x)));
}

function scratchOf(a: ArrayType): readonly Scratch[] {
  const n = a.shape.at(-1)!;
  const floats = (name: string, shape: readonly number[]): Scratch => ({
    name,
    type: arrayType(a.dtype, shape),
  });
  return [
    floats("vectors", [n, n]),
    floats("rows", [n, n]),
    floats("beside", [n]),
    floats("cosines", [n]),
    floats("sines", [n]),
    { name: "order", type: arrayType("int32", [n]) },
    ...reflectionScratch(a.dtype, n),
  ];
}

function emitEigh(context: LowerContext, { order: ofDerivative }: SpectrumParams): void {
  const { fresh, ins, outs, scratch } = context;
  const [a, w, v] = [ins[0]!, outs[0]!, outs[1]!];
  const { shape, dtype } = a.type;
  const n = shape.at(-1)!;
  if (sizeOf(shape) === 0) return;
  const type = scalarTypeOf(dtype);
  const [vectors, rows] = scratch.map((view) => matrixOf(view, 0)) as [
    MatrixView<WriteView>,
    MatrixView<WriteView>,
  ];
  const [beside, cosines, sines, order] = scratch.slice(2, 6).map((view) => vectorOf(view, 0, n)) as [VectorView, VectorView, VectorView, VectorView]; // prettier-ignore
  const reflections = panelsOf(vectors, scratch.slice(6), n, n);
  eachMatrix(context, countOf(shape), false, (block, item) => {
    const [given, values, columns] = [matrixOf(a, item), vectorOf(w, item, n), matrixOf(v, item)];
    const largest = largestOf(block, fresh, given, n, (i) => k.add(i, k.i32(1)));
    const scale = block.let(fresh("scale"), scaleOf(largest));
    block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(0), k.add(i, k.i32(1)), (inner, j) =>
        writeAt(inner, vectors, j, i, k.div(readAt(given, i, j), scale)),
      ),
    );
    tridiagonalise(block, fresh, n, vectors, reflections.setTau, values, beside, cosines);
    formRows(block, fresh, rows, n, n, reflections);
    diagonalise(block, fresh, n, { values, beside, cosines, sines, rows, isFinite: isFinite(largest) }); // prettier-ignore
    orderOf(block, fresh, n, values, order, false);
    separate(block, fresh, n, values, { order: ofDerivative });
    block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      values.write(loop, i, k.mul(values.read(i), scale)),
    );
    block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(0), k.i32(n), (inner, j) => {
        const from = inner.let(fresh("from"), order.read(j));
        const isKnown = k.eq(values.read(j), values.read(j));
        writeAt(inner, columns, i, j, k.select(isKnown, readAt(rows, from, i), k.constant(type, Number.NaN)));
      }),
    );
  });
}

/**
 * Largest absolute value in a matrix of n rows, or NaN if the matrix contains a NaN. Only the first `elementsOf(row)`
 * elements of each row count.
 */
export function largestOf(
  block: Block,
  fresh: LowerContext["fresh"],
  a: MatrixView,
  n: number,
  elementsOf: (row: Expr) => Expr,
): Expr {
  const zero = k.constant(readAt(a, 0, 0).type, 0);
  const largest = block.let(fresh("largest"), zero);
  block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
    const inRow = loop.reduce(fresh("inRow"), "max", zero, fresh("j"), k.i32(0), elementsOf(i), (_, j) =>
      k.abs(readAt(a, i, j)),
    );
    loop.set(largest, k.max(largest, inRow));
  });
  return largest;
}

/** Condition that a number is finite. */
export function isFinite(x: Expr): Expr {
  return k.eq(k.sub(x, x), k.constant(x.type, 0));
}

/**
 * Divisor for a matrix whose largest absolute element is `largest`, so that squares of its elements neither overflow
 * nor underflow. It is `largest` if that is very large or very small, otherwise 1.
 */
export function scaleOf(largest: Expr): Expr {
  const { type } = largest;
  const bound = type === "f64" ? 2 ** 400 : 2 ** 50;
  const isFar = k.or(
    k.lt(k.constant(type, bound), largest),
    k.and(k.lt(largest, k.constant(type, 1 / bound)), k.lt(k.constant(type, 0), largest)),
  );
  return k.select(isFar, largest, k.constant(type, 1));
}

/**
 * Reduces a symmetric matrix, given by its upper triangle, to tridiagonal form by reflections. The vectors of the
 * reflections replace the rows of the matrix (Golub & Van Loan, Matrix Computations, 8.3.1). `moved` is a scratch
 * vector.
 */
function tridiagonalise(
  block: Block,
  fresh: LowerContext["fresh"],
  n: number,
  a: MatrixView<WriteView>,
  setTau: (block: Block, c: Expr, tau: Expr) => void,
  diagonal: VectorView,
  beside: VectorView,
  moved: VectorView,
): void {
  const type = scalarTypeOf(a.view.type.dtype);
  const [zero, end] = [k.constant(type, 0), k.i32(n)];
  block.for(fresh("c"), k.i32(0), k.i32(n - 1), (loop, c) => {
    const next = loop.let(fresh("next"), k.add(c, k.i32(1)));
    diagonal.write(loop, c, readAt(a, c, c));
    const { tau, first } = reflectionOf(loop, fresh, { of: a, row: c, from: next, to: n });
    beside.write(loop, c, first);
    setTau(loop, c, tau);
    loop.forEach(fresh("j"), k.i32(0), next, (inner, j) => writeAt(inner, a, c, j, zero));
    const vector = (i: Expr): Expr => readAt(a, c, i);
    const eachBehind = (each: (inner: Block, i: Expr) => void): void =>
      loop.forEach(fresh("i"), next, end, each);
    eachBehind((inner, i) => moved.write(inner, i, zero));
    // product with the remaining matrix; each element above the diagonal is used for its row and its column
    loop.for(fresh("i"), next, end, (inner, i) => {
      const behind = inner.let(fresh("behind"), k.add(i, k.i32(1)));
      const own = inner.let(fresh("own"), vector(i));
      const along = inner.reduce(fresh("along"), "add", zero, fresh("j"), behind, end, (_, j) =>
        k.mul(readAt(a, i, j), vector(j)),
      );
      moved.write(inner, i, k.add(moved.read(i), k.mulAdd(readAt(a, i, i), own, along)));
      inner.forEach(fresh("j"), behind, end, (each, j) =>
        moved.write(each, j, k.mulAdd(readAt(a, i, j), own, moved.read(j))),
      );
    });
    const along = loop.reduce(fresh("along"), "add", zero, fresh("i"), next, end, (_, i) => k.mul(moved.read(i), vector(i))); // prettier-ignore
    const half = loop.let(fresh("half"), k.mul(k.mul(tau, tau), k.mul(along, k.constant(type, -0.5))));
    eachBehind((inner, i) => moved.write(inner, i, k.mulAdd(tau, moved.read(i), k.mul(half, vector(i)))));
    loop.for(fresh("i"), next, end, (inner, i) => {
      const [x, y] = [inner.let(fresh("x"), k.neg(vector(i))), inner.let(fresh("y"), k.neg(moved.read(i)))];
      inner.forEach(fresh("j"), i, end, (each, j) =>
        writeAt(each, a, i, j, k.mulAdd(x, moved.read(j), k.mulAdd(y, vector(j), readAt(a, i, j)))),
      );
    });
  });
  diagonal.write(block, n - 1, readAt(a, n - 1, n - 1));
  // the last row has no reflection
  setTau(block, k.i32(n - 1), zero);
  block.forEach(fresh("j"), k.i32(0), end, (loop, j) => writeAt(loop, a, n - 1, j, zero));
}

interface TridiagonalForm {
  /** The diagonal of the matrix; the eigenvalues replace it. */
  readonly values: VectorView;
  readonly beside: VectorView;
  readonly cosines: VectorView;
  readonly sines: VectorView;
  /** Matrix to whose rows the rotations are applied as well; its rows become the eigenvectors. */
  readonly rows: MatrixView<WriteView>;
  readonly isFinite: Expr;
}

/**
 * Diagonalises a tridiagonal matrix by implicit QL steps (Golub & Van Loan, 8.3.3). An eigenvalue that does not
 * converge becomes NaN.
 */
function diagonalise(
  block: Block,
  fresh: LowerContext["fresh"],
  n: number,
  { values, beside, cosines, sines, rows, isFinite: areFinite }: TridiagonalForm,
): void {
  const { type } = values.read(0);
  const [zero, one, two] = [0, 1, 2].map((x) => k.constant(type, x)) as [Expr, Expr, Expr];
  block.for(fresh("l"), k.i32(0), k.i32(n), (each, l) => {
    const isOpen = each.let(fresh("isOpen"), k.bool(true));
    const steps = each.let(fresh("steps"), k.i32(0));
    each.while(isOpen, (step) => {
      const m = step.let(fresh("m"), l);
      const isCoupled = step.let(fresh("isCoupled"), k.bool(true));
      step.while(k.and(isCoupled, k.lt(m, k.i32(n - 1))), (search) => {
        const size = k.add(k.abs(values.read(m)), k.abs(values.read(k.add(m, k.i32(1)))));
        search.if(
          isConverged(beside.read(m), search.let(fresh("size"), size)),
          (then) => then.set(isCoupled, k.bool(false)),
          (otherwise) => otherwise.set(m, k.add(m, k.i32(1))),
        );
      });
      const isLost = k.or(k.lt(k.i32(mostSteps), steps), k.not(areFinite));
      step.if(
        k.or(k.eq(m, l), isLost),
        (then) => {
          // a safeguard: an eigenvalue that does not converge becomes NaN
          then.if(isLost, (lost) => values.write(lost, l, k.constant(type, Number.NaN)));
          then.set(isOpen, k.bool(false));
        },
        (otherwise) => {
          otherwise.set(steps, k.add(steps, k.i32(1)));
          const here = otherwise.let(fresh("here"), values.read(l));
          const off = otherwise.let(fresh("off"), beside.read(l));
          const slope = otherwise.let(fresh("slope"), k.div(k.sub(values.read(k.add(l, k.i32(1))), here), k.mul(two, off))); // prettier-ignore
          const length = otherwise.let(fresh("length"), k.sqrt(k.mulAdd(slope, slope, one)));
          const signed = k.select(k.lt(slope, zero), k.neg(length), length);
          const g = otherwise.let(fresh("g"), k.add(k.sub(values.read(m), here), k.div(off, k.add(slope, signed)))); // prettier-ignore
          const [s, c, shift] = [one, one, zero].map((x) => otherwise.let(fresh("x"), x)) as [
            Expr,
            Expr,
            Expr,
          ];
          const i = otherwise.let(fresh("i"), k.sub(m, k.i32(1)));
          const low = otherwise.let(fresh("low"), l);
          otherwise.while(k.le(low, i), (turn) => {
            const next = turn.let(fresh("next"), k.add(i, k.i32(1)));
            const f = turn.let(fresh("f"), k.mul(s, beside.read(i)));
            const b = turn.let(fresh("b"), k.mul(c, beside.read(i)));
            const r = turn.let(fresh("r"), makeRotation(turn, fresh, f, g, s, c));
            beside.write(turn, next, r);
            turn.if(
              k.eq(r, zero),
              (split) => {
                values.write(split, next, k.sub(values.read(next), shift));
                split.set(low, next);
                beside.write(split, m, zero);
              },
              (on) => {
                const rest = on.let(fresh("rest"), k.sub(values.read(next), shift));
                const t = on.let(
                  fresh("t"),
                  k.mulAdd(k.sub(values.read(i), rest), s, k.mul(two, k.mul(c, b))),
                );
                on.set(shift, k.mul(s, t));
                values.write(on, next, k.add(rest, shift));
                on.set(g, k.sub(k.mul(c, t), b));
                cosines.write(on, i, c);
                sines.write(on, i, s);
              },
            );
            turn.set(i, k.sub(i, k.i32(1)));
          });
          otherwise.if(k.eq(low, l), (whole) => {
            values.write(whole, l, k.sub(values.read(l), shift));
            beside.write(whole, l, g);
            beside.write(whole, m, zero);
          });
          applyReversed(otherwise, fresh, rows, n, { cosines, sines }, low, m);
        },
      );
    });
  });
}

/** Maximum number of QL steps per eigenvalue; two or three are usual. */
const mostSteps = 60;

/** Options of `separate`. */
export interface Separation {
  /** Order of the derivatives, as in `SpectrumParams`. */
  readonly order: number;
  readonly descending?: boolean;
  /** True if the derivative divides by the smallest value. A smallest value of 0 is then moved away from 0. */
  readonly awayFromZero?: boolean;
}

/**
 * Moves sorted values apart that are too close for derivatives of order `order`; orders up to 0 leave them unchanged.
 * The smallest value stays, unless it is 0 up to rounding and `awayFromZero` is set. The minimum distance is relative
 * to the largest value, or to 1 for a zero matrix, which has no scale.
 */
export function separate(
  block: Block,
  fresh: LowerContext["fresh"],
  n: number,
  values: VectorView,
  { order, descending = false, awayFromZero = false }: Separation,
): void {
  const { type } = values.read(0);
  const apart = apartOf(order, type);
  if (apart === 0) return;
  const [zero, one] = [k.constant(type, 0), k.constant(type, 1)];
  const largest = block.reduce(fresh("largest"), "max", zero, fresh("i"), k.i32(0), k.i32(n), (_, i) => k.abs(values.read(i))); // prettier-ignore
  const unit = block.let(fresh("unit"), k.select(k.eq(largest, zero), one, largest));
  const gap = block.let(fresh("gap"), k.mul(unit, k.constant(type, apart)));
  const [from, to, step] = descending ? [0, n - 1, 1] : [1, n, -1];
  if (awayFromZero) {
    const smallest = k.i32(descending ? n - 1 : 0);
    const isZero = k.le(values.read(smallest), k.mul(unit, k.constant(type, n * roundingOf(type))));
    block.if(isZero, (then) => values.write(then, smallest, gap));
  }
  block.for(
    fresh("i"),
    k.i32(from),
    k.i32(to),
    (loop, i) => values.write(loop, i, k.max(values.read(i), k.add(values.read(k.add(i, k.i32(step))), gap))),
    descending,
  );
}
