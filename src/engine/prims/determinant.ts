import type { Primitive, WriteView } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { log64 } from "../kernel/math/index.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind, bind1 } from "../trace/bind.ts";
import { range, sizeOf } from "../util/shape.ts";
import { mul, scale } from "./arithmetic.ts";
import { batchAlong, part, reverse } from "./index-ops.ts";
import { concatenate } from "./pieces.ts";
import { full, neg, stopGradient, sub, where, zeros } from "./linear.ts";
import { factoredSolve, lu, rowsInOrder } from "./lu.ts";
import { identityLike, product, requireSquare, swapped } from "./matrices.ts";
import type { Index, MatrixView, VectorView } from "./matrix-loops.ts";
import { countOf, eachMatrix, matrixOf, readAt, vectorOf, writeAt } from "./matrix-loops.ts";
import { broadcast, sum } from "./shape.ts";

/**
 * Defines a primitive that computes one number per matrix. Its operands are the matrices, their LU factors `packed`,
 * and a third array that depends on the primitive, such as the sign of the permutation.
 */
function defineByFactors(
  name: string,
  rules: {
    jvp(da: Tensor, ins: readonly Tensor[]): Tensor;
    /**
     * Writes the computation for one n × n matrix. `last` is the element of the third operand that belongs to this
     * matrix.
     */
    emit(block: Block, fresh: (hint: string) => string, n: number, packed: MatrixView, last: Expr): Expr;
  },
): Primitive<object> {
  const prim: Primitive<object> = builtIn<object>({
    name,
    typeOf: ([a]) => [arrayType(a!.dtype, requireSquare(name, a!).shape.slice(0, -2))],
    derivative: { kind: "smooth", jvp: ([da], ins) => [da && rules.jvp(da, ins)] },
    batch: (ins, batched, size) => ({
      outs: [bind1(prim, ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size))), {})], // prettier-ignore
      batched: [true],
    }),
    lowering: {
      kind: "loops",
      emit(context) {
        const { ins, outs, fresh } = context;
        const { shape } = ins[0]!.type;
        eachMatrix(context, countOf(shape), true, (block, item) => {
          const own = matrixOf(ins[1]!, item);
          const last = vectorOf(ins[2]!, item, 1).read(0);
          const result = rules.emit(block, fresh, shape.at(-1)!, own, last);
          // turns −0 into 0
          vectorOf(outs[0]!, item, 1).write(block, 0, k.add(result, k.constant(result.type, 0)));
        });
      },
    },
  });
  return prim;
}

const detPrim: Primitive<object> = /* @__PURE__ */ defineByFactors("det", {
  jvp: (da, [a]) => total(mul(cofactors(a!), da)),
  emit(block, fresh, n, packed, sign) {
    const result = block.let(fresh("det"), sign);
    block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      loop.set(result, k.mul(result, readAt(packed, i, i))),
    );
    return result;
  },
});

/**
 * Determinant of each matrix. Its derivative, the matrix of cofactors, needs no inverse, so it is also correct for
 * singular matrices.
 */
export function det(a: Tensor): Tensor {
  const [packed, , sign] = lu(stopGradient(a));
  return bind1(detPrim, [a, packed, sign], {});
}

const logDetPrim: Primitive<object> = /* @__PURE__ */ defineByFactors("logAbsDet", {
  // the trace of A⁻¹ dA
  jvp: (da, [a, packed, order]) => total(mul(identityLike(da.type), factoredSolve(a!, packed!, order!, da))),
  emit(block, fresh, n, packed) {
    const { type } = readAt(packed, 0, 0);
    const result = block.let(fresh("sum"), k.f64(0));
    block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      loop.set(result, k.add(result, k.call(log64, k.convert("f64", k.abs(readAt(packed, i, i)))))),
    );
    return k.convert(type, result);
  },
});

const signPrim: Primitive<object> = /* @__PURE__ */ defineByFactors("signOfDet", {
  jvp: (da) => zeros(arrayType(da.dtype, da.type.shape.slice(0, -2))),
  emit(block, fresh, n, packed, sign) {
    const { type } = sign;
    const [zero, one] = [k.constant(type, 0), k.constant(type, 1)];
    const result = block.let(fresh("sign"), sign);
    block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
      const x = loop.let(fresh("x"), readAt(packed, i, i));
      const own = k.select(k.lt(zero, x), one, k.select(k.lt(x, zero), k.constant(type, -1), x));
      loop.set(result, k.mul(result, own));
    });
    return result;
  },
});

/** Sign of the determinant and logarithm of its absolute value, for each matrix: 0 and −∞ if singular. */
export function slogdet(a: Tensor): readonly [sign: Tensor, logdet: Tensor] {
  const [packed, order, sign] = lu(stopGradient(a));
  return [bind1(signPrim, [stopGradient(a), packed, sign], {}), bind1(logDetPrim, [a, packed, order], {})];
}

/** Sum of the elements of each matrix. */
function total(x: Tensor): Tensor {
  const rank = x.type.shape.length;
  return sum(x, [rank - 2, rank - 1]);
}

const rowsOf = (x: Tensor, from: number, to: number): Tensor => part(x, x.type.shape.length - 2, from, to);
const columnsOf = (x: Tensor, from: number, to: number): Tensor => part(x, x.type.shape.length - 1, from, to);

/**
 * Size of the trailing block whose determinant is expanded as a polynomial. Matrices with a rank deficiency up to this
 * size have exact derivatives.
 */
const cornerSize = 3;

/**
 * Cofactors of each matrix: the derivatives of its determinant with respect to its elements. Full pivoting moves the
 * largest pivots first and yields `B = [[E, F], [G, H]]`. Its determinant is `det E · det S` with `S = H − G E⁻¹ F`.
 * The cofactors are polynomials of the elements of the small S. E is invertible unless the rank is so low that the
 * derivatives of the determinant up to order `cornerSize` are zero.
 */
export function cofactors(a: Tensor): Tensor {
  const n = a.type.shape.at(-1)!;
  if (n <= cornerSize) return smallCofactors(a);
  const m = n - cornerSize;
  const [rows, columns, sign, isSingular] = bind(pivotsPrim, [stopGradient(a)], {}) as readonly [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const b = swapped(rowsInOrder(swapped(rowsInOrder(a, rows)), columns));
  const [upper, lower] = [rowsOf(b, 0, m), rowsOf(b, m, n)];
  const [corner, f, g, h] = [
    columnsOf(upper, 0, m),
    columnsOf(upper, m, n),
    columnsOf(lower, 0, m),
    columnsOf(lower, m, n),
  ];
  const e = where(spreadTo(isSingular, corner), identityLike(corner.type), corner);
  const factors = lu(stopGradient(e));
  const solve = (x: Tensor, transpose = false): Tensor =>
    factoredSolve(e, factors[0], factors[1], x, transpose);
  const detE = where(isSingular, zeros(sign.type), bind1(detPrim, [e, factors[0], factors[2]], {}));
  const x = solve(f); // E⁻¹ F
  const y = swapped(solve(swapped(g), true)); // G E⁻¹
  const s = sub(h, product(g, x));
  const ofS = smallCofactors(s);
  const detS = scale(total(mul(s, ofS)), 1 / cornerSize);
  const lowerRight = mul(spreadTo(detE, ofS), ofS);
  const lowerLeft = neg(product(lowerRight, x, { y: true }));
  const upperRight = neg(product(y, lowerRight, { x: true }));
  const inverse = mul(spreadTo(mul(detE, detS), corner), swapped(solve(identityLike(corner.type))));
  const upperLeft = sub(inverse, product(upperRight, x, { y: true }));
  const rank = a.type.shape.length;
  const whole = concatenate(
    [concatenate([upperLeft, upperRight], rank - 1), concatenate([lowerLeft, lowerRight], rank - 1)],
    rank - 2,
  );
  const back = rowsInOrder(swapped(rowsInOrder(swapped(whole), columns, true)), rows, true);
  return mul(spreadTo(sign, back), back);
}

/** Broadcasts one number per matrix to the shape of the matrices. */
function spreadTo(x: Tensor, matrices: Tensor): Tensor {
  const { shape } = matrices.type;
  return broadcast(x, shape, range(0, shape.length - 2));
}

/** Cofactors of matrices with up to three rows, as polynomials of their elements. */
function smallCofactors(a: Tensor): Tensor {
  const [n, rank] = [a.type.shape.at(-1)!, a.type.shape.length];
  if (n < 2) return full(arrayType(a.dtype, a.type.shape), 1);
  if (n === 2) {
    const turned = reverse(a, [rank - 2, rank - 1]);
    return sub(scale(mul(identityLike(a.type), turned), 2), turned);
  }
  const turn = (x: Tensor, axis: number, by: number): Tensor =>
    concatenate([part(x, axis, by, n), part(x, axis, 0, by)], axis);
  const at = (i: number, j: number): Tensor => turn(turn(a, rank - 2, i), rank - 1, j);
  return sub(mul(at(1, 1), at(2, 2)), mul(at(1, 2), at(2, 1)));
}

const pivotsPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "fullPivots",
  typeOf([a]) {
    const { dtype, shape } = requireSquare("det", a!);
    const places = arrayType("int32", shape.slice(0, -1));
    const lead = shape.slice(0, -2);
    return [places, places, arrayType(dtype, lead), arrayType("bool", lead)];
  },
  derivative: { kind: "constant" },
  batch: (ins) => ({ outs: bind(pivotsPrim, ins, {}), batched: [true, true, true, true] }),
  lowering: {
    kind: "loops",
    scratch: (_, [a]) => [{ name: "rest", type: arrayType(a!.dtype, a!.shape) }],
    emit(context) {
      const { block, fresh, ins, outs, scratch } = context;
      const { shape, dtype } = ins[0]!.type;
      const n = shape.at(-1)!;
      if (sizeOf(shape) > 0) context.copy(block, scratch[0]!, ins[0]!);
      const one = k.constant(scalarTypeOf(dtype), 1);
      eachMatrix(context, countOf(shape), true, (inner, item) => {
        const sign = inner.let(fresh("sign"), one);
        const isSingular = inner.let(fresh("isSingular"), k.bool(false));
        const [rows, columns] = [vectorOf(outs[0]!, item, n), vectorOf(outs[1]!, item, n)];
        for (const order of [rows, columns])
          inner.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) => order.write(loop, i, i));
        const rest = matrixOf(scratch[0]!, item);
        inner.for(fresh("c"), k.i32(0), k.i32(Math.max(0, n - cornerSize)), (loop, c) =>
          eliminateLargest(loop, fresh, n, rest, { rows, columns, sign, isSingular }, c),
        );
        vectorOf(outs[2]!, item, 1).write(inner, 0, sign);
        vectorOf(outs[3]!, item, 1).write(inner, 0, isSingular);
      });
    },
  },
  cost: "high",
});

interface Pivoting {
  readonly rows: VectorView;
  readonly columns: VectorView;
  readonly sign: Expr;
  readonly isSingular: Expr;
}

/**
 * One step of full pivoting: moves the largest remaining element to the diagonal position c and eliminates below it.
 * Sets `isSingular` if all remaining elements are 0.
 */
function eliminateLargest(
  block: Block,
  fresh: (hint: string) => string,
  n: number,
  w: MatrixView<WriteView>,
  { rows, columns, sign, isSingular }: Pivoting,
  c: Expr,
): void {
  const zero = k.constant(sign.type, 0);
  const [row, column] = [block.let(fresh("row"), c), block.let(fresh("column"), c)];
  const largest = block.let(fresh("largest"), zero);
  block.for(fresh("i"), c, k.i32(n), (loop, i) =>
    loop.for(fresh("j"), c, k.i32(n), (inner, j) => {
      const size = inner.let(fresh("size"), k.abs(readAt(w, i, j)));
      inner.if(k.lt(largest, size), (then) => {
        then.set(largest, size);
        then.set(row, i);
        then.set(column, j);
      });
    }),
  );
  const exchange = (
    inner: Block,
    read: (i: Expr) => Expr,
    write: (i: Expr, x: Expr) => void,
    other: Expr,
  ): void => {
    const own = inner.let(fresh("own"), read(c));
    write(c, read(other));
    write(other, own);
  };
  const exchangeAll = (
    other: Expr,
    order: Pivoting["rows"],
    at: (along: Expr, i: Expr) => readonly [Index, Index],
  ): void =>
    block.if(k.ne(other, c), (then) => {
      then.forEach(fresh("l"), k.i32(0), k.i32(n), (loop, l) =>
        exchange(
          loop,
          (i) => readAt(w, ...at(i, l)),
          (i, x) => writeAt(loop, w, ...at(i, l), x),
          other,
        ),
      );
      exchange(then, order.read, (i, x) => order.write(then, i, x), other);
      then.set(sign, k.neg(sign));
    });
  exchangeAll(row, rows, (i, l) => [i, l]);
  exchangeAll(column, columns, (i, l) => [l, i]);
  block.set(isSingular, k.or(isSingular, k.eq(largest, zero)));
  const below = k.add(c, k.i32(1));
  const pivot = block.let(fresh("pivot"), readAt(w, c, c));
  block.for(fresh("i"), below, k.i32(n), (loop, i) => {
    const factor = loop.let(
      fresh("factor"),
      k.select(k.eq(pivot, zero), zero, k.div(readAt(w, i, c), pivot)),
    );
    loop.forEach(fresh("j"), below, k.i32(n), (inner, j) =>
      writeAt(inner, w, i, j, k.mulAdd(k.neg(factor), readAt(w, c, j), readAt(w, i, j))),
    );
  });
}
