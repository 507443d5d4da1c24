import type { LowerContext, Primitive, WriteView } from "../ir/primitive.ts";
import { builtIn, firstInPlace } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { range, sizeOf } from "../util/shape.ts";
import { scale } from "./arithmetic.ts";
import { add } from "./linear.ts";
import { product, requireSquare, swapped } from "./matrices.ts";
import type { MatrixView } from "./matrix-loops.ts";
import {
  addProduct,
  blockOf,
  countOf,
  eachMatrix,
  matrixOf,
  mostWrittenOut,
  readAt,
  rowsOfBlock,
  shift,
  solveRows,
  transposed,
  writeAt,
} from "./matrix-loops.ts";
import { triangle, triangularSolve } from "./triangular.ts";

const choleskyPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "cholesky",
  typeOf([a]) {
    const { dtype, shape } = requireSquare("cholesky", a!);
    return [arrayType(dtype, shape)];
  },
  derivative: {
    kind: "smooth",
    jvp([da], _, [l]) {
      if (da === undefined) return [undefined];
      // L⁻¹ dA L⁻ᵀ = L⁻¹ dL + (L⁻¹ dL)ᵀ, where the first term is lower triangular
      const forward = { lower: true, transpose: false, unit: false };
      const once = triangularSolve(l!, symmetric(da), forward);
      const both = triangularSolve(l!, swapped(once), forward);
      return [product(l!, triangle(both, true, 0.5))];
    },
  },
  batch: ([a]) => ({ outs: [cholesky(a!)], batched: [true] }),
  lowering: {
    kind: "loops",
    inPlace: () => firstInPlace,
    scratch(_, [a]) {
      const n = a!.shape.at(-1)!;
      return n > rowsOfBlock ? [{ name: "negated", type: arrayType(a!.dtype, [n, blockOf(n)]) }] : [];
    },
    emit: emitCholesky,
  },
  cost: "high",
});

/** (x + xᵀ) / 2 */
export function symmetric(x: Tensor): Tensor {
  return scale(add(x, swapped(x)), 0.5);
}

function emitCholesky(context: LowerContext): void {
  const { fresh, ins, outs, scratch } = context;
  const [a, out] = [ins[0]!, outs[0]!];
  const { shape } = out.type;
  if (sizeOf(shape) === 0) return;
  const n = shape.at(-1)!;
  eachMatrix(context, countOf(shape), scratch.length === 0, (block, item) => {
    const [from, to] = [matrixOf(a, item), matrixOf(out, item)];
    if (n <= mostWrittenOut) return writeOut(block, fresh, n, from, to);
    // The factor is computed as U = Lᵀ in the upper triangle, because its rows are contiguous. The lower triangle holds
    // A until then.
    block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(0), k.add(i, k.i32(1)), (inner, j) =>
        writeAt(inner, to, j, i, readAt(from, i, j)),
      ),
    );
    factorRows(block, fresh, n, to, scratch[0] && matrixOf(scratch[0], 0));
    const type = scalarTypeOf(out.type.dtype);
    const last = block.let(fresh("last"), readAt(to, n - 1, n - 1));
    // after a pivot that is not positive, everything is NaN, including the last pivot: the matrix has no factor
    const nothing = block.let(fresh("nothing"), k.sub(last, last));
    block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
      loop.forEach(fresh("j"), k.i32(0), k.add(i, k.i32(1)), (inner, j) =>
        writeAt(inner, to, i, j, k.select(k.eq(nothing, nothing), readAt(to, j, i), nothing)),
      );
    });
    block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
      loop.forEach(fresh("j"), k.add(i, k.i32(1)), k.i32(n), (inner, j) =>
        writeAt(inner, to, i, j, k.constant(type, 0)),
      );
    });
  });
}

/** Square root of a pivot; NaN if the pivot is not positive. */
function root(pivot: Expr): Expr {
  const { type } = pivot;
  return k.sqrt(k.select(k.lt(k.constant(type, 0), pivot), pivot, k.constant(type, Number.NaN)));
}

/**
 * Computes the rows of U in blocks: subtracts the contribution of earlier blocks as one product, then eliminates within
 * the block.
 */
function factorRows(
  block: Block,
  fresh: LowerContext["fresh"],
  n: number,
  u: MatrixView<WriteView>,
  negated: MatrixView<WriteView> | undefined,
): void {
  const size = negated === undefined ? n : blockOf(n);
  for (let from = 0; from < n; from += size) {
    const to = Math.min(from + size, n);
    if (from > 0) {
      block.for(fresh("i"), k.i32(0), k.i32(from), (loop, i) =>
        loop.forEach(fresh("j"), k.i32(from), k.i32(to), (inner, j) =>
          writeAt(inner, negated!, i, k.sub(j, k.i32(from)), k.neg(readAt(u, i, j))),
        ),
      );
      addProduct(
        block,
        fresh("earlier"),
        [to - from, n - from, from],
        { of: u, row: from, column: from },
        { of: transposed(negated!), row: 0, column: 0 },
        { of: u, row: 0, column: from },
      );
    }
    solveRows(
      block,
      fresh,
      {
        triangle: transposed(u),
        rhs: u,
        rows: n,
        columns: n,
        reverse: false,
        unit: false,
        firstColumn: 0,
        prepare: (inner, first, count) => factorDiagonal(inner, fresh, u, from, first, count),
        columnOf: (first, count) => shift(first, count),
      },
      from,
      to,
    );
  }
}

/**
 * Factors the `count` rows and columns from index `first` on. The contribution of the rows above `from` was subtracted
 * before; this function subtracts the contribution of the rows between `from` and `first`.
 */
function factorDiagonal(
  block: Block,
  fresh: LowerContext["fresh"],
  u: MatrixView<WriteView>,
  from: number,
  first: Expr,
  count: number,
): void {
  const own = range(0, count).map((i) => block.let(fresh("own"), shift(first, i)));
  const pairs = own.flatMap((i, a) =>
    own.slice(a).map((j) => ({ i, j, sum: block.let(fresh("sum"), readAt(u, i, j)) })),
  );
  block.for(fresh("r"), k.i32(from), first, (loop, r) => {
    const above = own.map((i) => loop.let(fresh("above"), readAt(u, r, i)));
    for (const { i, j, sum } of pairs)
      loop.set(sum, k.mulAdd(k.neg(above[own.indexOf(i)]!), above[own.indexOf(j)]!, sum));
  });
  const sumAt = (i: number, j: number): Expr =>
    pairs.find((pair) => pair.i === own[i] && pair.j === own[j])!.sum;
  factorElements(block, fresh, count, sumAt).forEach((row, i) =>
    row.forEach((x, j) => writeAt(block, u, own[i]!, own[i + j]!, x)),
  );
}

/** Rows of U, each from its diagonal element on, of a small matrix given by its upper triangle. Unrolled. */
function factorElements(
  block: Block,
  fresh: LowerContext["fresh"],
  n: number,
  a: (i: number, j: number) => Expr,
): readonly (readonly Expr[])[] {
  const rows: Expr[][] = [];
  for (let i = 0; i < n; i++) {
    const rest = (j: number): Expr =>
      rows.reduce((sum, row, r) => k.mulAdd(k.neg(row[i - r]!), row[j - r]!, sum), a(i, j));
    const d = block.let(fresh("d"), root(rest(i)));
    rows.push([d, ...range(i + 1, n).map((j) => block.let(fresh("u"), k.div(rest(j), d)))]);
  }
  return rows;
}

function writeOut(
  block: Block,
  fresh: LowerContext["fresh"],
  n: number,
  a: MatrixView,
  out: MatrixView<WriteView>,
): void {
  const given = range(0, n).map((i) => range(0, i + 1).map((j) => block.let(fresh("a"), readAt(a, i, j))));
  const rows = factorElements(block, fresh, n, (i, j) => given[j]![i]!);
  const last = rows[n - 1]![0]!;
  const nothing = block.let(fresh("nothing"), k.sub(last, last));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      writeAt(
        block,
        out,
        i,
        j,
        j > i ? k.constant(last.type, 0) : k.select(k.eq(nothing, nothing), rows[j]![i - j]!, nothing),
      );
}

/**
 * Lower triangular factors L of A = L Lᵀ. Only the lower half of A is read. NaN for matrices that are not positive
 * definite. The derivative assumes symmetric changes of A, so the cotangent of A is symmetric.
 */
export function cholesky(a: Tensor): Tensor {
  return bind1(choleskyPrim, [a], {});
}
