import type { LowerContext, Primitive, Scratch, WriteView } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind, bind1 } from "../trace/bind.ts";
import { range, sizeOf } from "../util/shape.ts";
import { batchAlong, part } from "./index-ops.ts";
import { concatenate } from "./pieces.ts";
import { add, neg, stopGradient, sub } from "./linear.ts";
import { product, requireMatrices, requireSides, requireSquare, swapped } from "./matrices.ts";
import type { Index, MatrixView, VectorView } from "./matrix-loops.ts";
import {
  addProduct,
  countOf,
  eachMatrix,
  emitTriangular,
  matrixOf,
  isWrittenOut,
  readAt,
  rowsAtOnce,
  sidesOf,
  solveElements,
  solveRows,
  transposed,
  vectorOf,
  writeAt,
} from "./matrix-loops.ts";
import { permute, reshape } from "./shape.ts";
import { negatedScratch, triangle, triangularSolve, unitLower } from "./triangular.ts";

/**
 * Largest number of rows of a matrix for which the pivot search is unrolled. In larger matrices, swapping rows takes
 * most of the time.
 */
const mostPivotsWrittenOut = 4;

/** Number of columns to eliminate before one product updates the remaining columns. */
const panelColumns = 32;

const luPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "lu",
  typeOf([a]) {
    const { dtype, shape } = requireMatrices("lu", a!);
    const lead = shape.slice(0, -2);
    return [arrayType(dtype, shape), arrayType("int32", [...lead, shape.at(-2)!]), arrayType(dtype, lead)];
  },
  derivative: {
    kind: "smooth",
    jvp: ([da], _, [packed, order]) => [
      da && changeOfFactors(rowsInOrder(da, order!), packed!),
      undefined,
      undefined,
    ],
  },
  batch: ([a]) => ({ outs: bind(luPrim, [a!], {}), batched: [true, true, true] }),
  lowering: {
    kind: "loops",
    inPlace: () => [{ result: 0, operand: 0 }],
    scratch: (_, [a]) => scratchOf(a!),
    emit: emitLu,
  },
  cost: "high",
});

/**
 * LU factorisation P A = L U with partial pivoting. `packed` holds L and U in one array, without the unit diagonal of
 * L. Row i of P A is row `order[i]` of A. `sign` is the determinant of P, 1 or −1.
 */
export function lu(a: Tensor): readonly [packed: Tensor, order: Tensor, sign: Tensor] {
  return bind(luPrim, [a], {}) as readonly [Tensor, Tensor, Tensor];
}

/**
 * Permutes the rows of matrices: row i of the result is row `order[i]`; with `inverse`, row `order[i]` of the result is
 * row i.
 */
export function rowsInOrder(x: Tensor, order: Tensor, inverse = false): Tensor {
  return bind1(rowsPrim, [x, order], { inverse });
}

const rowsPrim: Primitive<{ readonly inverse: boolean }> = /* @__PURE__ */ builtIn<{
  readonly inverse: boolean;
}>({
  name: "orderRows",
  moves: true,
  typeOf: ([x]) => [x!],
  derivative: {
    kind: "linear",
    operands: [0],
    transpose: ([ct], [, order], { inverse }, into) =>
      into[0]?.add(bind1(rowsPrim, [ct!, order!], { inverse: !inverse })),
  },
  batch: ([x, order], [xBatched, orderBatched], size, params) => ({
    outs: [
      bind1(
        rowsPrim,
        [
          xBatched === true ? x! : batchAlong(x!, size),
          orderBatched === true ? order! : batchAlong(order!, size),
        ],
        params,
      ),
    ],
    batched: [true],
  }),
  lowering: {
    kind: "loops",
    emit(context, { inverse }) {
      const { fresh, ins, outs } = context;
      const [x, order, out] = [ins[0]!, ins[1]!, outs[0]!];
      const { shape } = out.type;
      if (sizeOf(shape) === 0) return;
      const [n, m] = sidesOf(shape);
      eachMatrix(context, countOf(shape), true, (block, item) => {
        const [from, to] = [matrixOf(x, item), matrixOf(out, item)];
        block.for(fresh("i"), k.i32(0), k.i32(n), (loop, i) => {
          const other = loop.let(fresh("other"), vectorOf(order, item, n).read(i));
          loop.forEach(fresh("j"), k.i32(0), k.i32(m), (inner, j) =>
            writeAt(inner, to, inverse ? other : i, j, readAt(from, inverse ? i : other, j)),
          );
        });
      });
    },
  },
});

/** Tangents of the packed factors L and U, from the tangent of P A. Matrices may be rectangular. */
function changeOfFactors(da: Tensor, packed: Tensor): Tensor {
  const [m, n] = sidesOf(packed.type.shape);
  const rank = packed.type.shape.length;
  const s = Math.min(m, n);
  const rows = (x: Tensor, from: number, to: number): Tensor => part(x, rank - 2, from, to);
  const columns = (x: Tensor, from: number, to: number): Tensor => part(x, rank - 1, from, to);
  const corner = (x: Tensor): Tensor => columns(rows(x, 0, s), 0, s);
  const own = corner(packed);
  const [l, u] = [unitLower(own), triangle(own, false)];
  const fromLeft = (x: Tensor): Tensor =>
    triangularSolve(own, x, { lower: true, transpose: false, unit: true });
  const fromRight = (x: Tensor): Tensor => {
    const out = triangularSolve(own, swapped(x), { lower: false, transpose: true, unit: false });
    return swapped(out);
  };
  const both = fromRight(fromLeft(corner(da))); // L⁻¹ dA U⁻¹ = L⁻¹ dL + dU U⁻¹
  const dl = product(l, triangle(both, true, 0));
  const du = product(triangle(both, false), u);
  const dOwn = add(dl, du);
  if (m > n) {
    const below = rows(packed, n, m);
    return concatenate([dOwn, fromRight(sub(rows(da, n, m), product(below, du)))], rank - 2);
  }
  if (m === n) return dOwn;
  const right = columns(packed, m, n);
  return concatenate([dOwn, fromLeft(sub(columns(da, m, n), product(dl, right)))], rank - 1);
}

function scratchOf(a: ArrayType): readonly Scratch[] {
  const [m, n] = sidesOf(a.shape);
  return isInPanels(m, n) ? [{ name: "negated", type: arrayType(a.dtype, [panelColumns, n]) }] : [];
}

/** True if a matrix has enough rows and columns to factor it in several panels. */
function isInPanels(m: number, n: number): boolean {
  return Math.min(m, n) > 1.5 * panelColumns;
}

function emitLu(context: LowerContext): void {
  const { block, fresh, ins, outs, scratch } = context;
  const [a, out, order, sign] = [ins[0]!, outs[0]!, outs[1]!, outs[2]!];
  const { shape } = out.type;
  const [m, n] = sidesOf(shape);
  const isEmpty = sizeOf(shape) === 0;
  const writesOut = m === n && n <= mostPivotsWrittenOut && !isEmpty;
  if (!writesOut) context.copy(block, out, a);
  eachMatrix(context, countOf(shape), scratch.length === 0, (inner, item) => {
    const places = vectorOf(order, item, m);
    const writeSign = (value: Expr): void => vectorOf(sign, item, 1).write(inner, 0, value);
    if (writesOut)
      return factorWrittenOut(inner, fresh, n, matrixOf(a, item), matrixOf(out, item), places, writeSign);
    inner.forEach(fresh("i"), k.i32(0), k.i32(m), (loop, i) => places.write(loop, i, i));
    const parity = inner.let(fresh("sign"), k.constant(scalarTypeOf(out.type.dtype), 1));
    if (!isEmpty)
      factorPanels(
        inner,
        fresh,
        [m, n],
        matrixOf(out, item),
        places,
        parity,
        scratch[0] && matrixOf(scratch[0], 0),
      );
    writeSign(parity);
  });
}

/**
 * Factors a matrix panel by panel: eliminates the panel's columns, computes the rows of U to the right of the panel,
 * and updates the remaining matrix by a product. Without the scratch matrix `negated`, the whole matrix is one panel.
 */
function factorPanels(
  block: Block,
  fresh: LowerContext["fresh"],
  [m, n]: readonly [rows: number, columns: number],
  w: MatrixView<WriteView>,
  places: VectorView,
  parity: Expr,
  negated: MatrixView<WriteView> | undefined,
): void {
  const last = Math.min(m, n);
  const size = negated === undefined ? last : panelColumns;
  for (let from = 0; from < last; from += size) {
    const to = Math.min(from + size, last);
    const isLast = to === last;
    const end = negated === undefined ? n : to;
    block.for(fresh("c"), k.i32(from), k.i32(to), (loop, c) =>
      eliminate(loop, fresh, [m, n], w, places, parity, c, end),
    );
    if (end === n) continue;
    solveRows(
      block,
      fresh,
      { triangle: w, rhs: w, rows: m, columns: n, reverse: false, unit: true, firstColumn: to },
      from,
      to,
    );
    if (isLast && m === last) continue;
    block.for(fresh("i"), k.i32(from), k.i32(to), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(to), k.i32(n), (inner, j) =>
        writeAt(inner, negated!, k.sub(i, k.i32(from)), k.sub(j, k.i32(to)), k.neg(readAt(w, i, j))),
      ),
    );
    addProduct(
      block,
      fresh("rest"),
      [m - to, n - to, to - from],
      { of: w, row: to, column: to },
      { of: w, row: to, column: from },
      { of: negated!, row: 0, column: 0 },
    );
  }
}

/**
 * Moves the largest element of column c, on or below the diagonal, to the diagonal by swapping two rows. Then
 * eliminates below it, in the columns up to `end`.
 */
function eliminate(
  block: Block,
  fresh: LowerContext["fresh"],
  [m, n]: readonly [rows: number, columns: number],
  w: MatrixView<WriteView>,
  places: VectorView,
  parity: Expr,
  c: Expr,
  end: number,
): void {
  const { type } = parity;
  const zero = k.constant(type, 0);
  const pivotRow = block.let(fresh("p"), c);
  const largest = block.let(fresh("largest"), k.abs(readAt(w, c, c)));
  const below = k.add(c, k.i32(1));
  block.for(fresh("i"), below, k.i32(m), (loop, i) => {
    const size = loop.let(fresh("size"), k.abs(readAt(w, i, c)));
    loop.if(k.lt(largest, size), (then) => {
      then.set(largest, size);
      then.set(pivotRow, i);
    });
  });
  block.if(k.ne(pivotRow, c), (then) => {
    then.forEach(fresh("j"), k.i32(0), k.i32(n), (loop, j) => {
      const upper = loop.let(fresh("upper"), readAt(w, c, j));
      const lower = loop.let(fresh("lower"), readAt(w, pivotRow, j));
      writeAt(loop, w, c, j, lower);
      writeAt(loop, w, pivotRow, j, upper);
    });
    const place = then.let(fresh("place"), places.read(c));
    places.write(then, c, places.read(pivotRow));
    places.write(then, pivotRow, place);
    then.set(parity, k.neg(parity));
  });
  const pivot = block.let(fresh("pivot"), readAt(w, c, c));
  block.for(fresh("i"), below, k.i32(m), (loop, i) => {
    // if the pivot is 0, all elements below it are 0
    const factor = loop.let(
      fresh("factor"),
      k.select(k.eq(pivot, zero), zero, k.div(readAt(w, i, c), pivot)),
    );
    writeAt(loop, w, i, c, factor);
    loop.forEach(fresh("j"), below, k.i32(end), (inner, j) =>
      writeAt(inner, w, i, j, k.mulAdd(k.neg(factor), readAt(w, c, j), readAt(w, i, j))),
    );
  });
}

/**
 * Factors a small square matrix without loops. The pivot of a column is found by swaps: each later row is swapped with
 * the pivot row if its element in the column is larger in magnitude.
 */
function factorWrittenOut(
  block: Block,
  fresh: LowerContext["fresh"],
  n: number,
  a: MatrixView,
  out: MatrixView<WriteView>,
  places: VectorView,
  writeSign: (value: Expr) => void,
): void {
  const type = scalarTypeOf(out.view.type.dtype);
  const [zero, one] = [k.constant(type, 0), k.constant(type, 1)];
  const w = range(0, n).map((i) => range(0, n).map((j) => block.let(fresh("w"), readAt(a, i, j))));
  const rows: Expr[] = range(0, n).map((i) => k.i32(i));
  let parity: Expr = one;
  for (let c = 0; c < n; c++) {
    for (let i = c + 1; i < n; i++) {
      const swaps = block.let(fresh("swaps"), k.lt(k.abs(w[c]![c]!), k.abs(w[i]![c]!)));
      const either = (x: Expr, y: Expr): [Expr, Expr] => [
        block.let(fresh("w"), k.select(swaps, y, x)),
        block.let(fresh("w"), k.select(swaps, x, y)),
      ];
      for (let j = 0; j < n; j++) [w[c]![j], w[i]![j]] = either(w[c]![j]!, w[i]![j]!);
      [rows[c], rows[i]] = either(rows[c]!, rows[i]!);
      parity = block.let(fresh("sign"), k.select(swaps, k.neg(parity), parity));
    }
    const pivot = w[c]![c]!;
    for (let i = c + 1; i < n; i++) {
      const factor = block.let(fresh("factor"), k.select(k.eq(pivot, zero), zero, k.div(w[i]![c]!, pivot)));
      w[i]![c] = factor;
      for (let j = c + 1; j < n; j++)
        w[i]![j] = block.let(fresh("w"), k.mulAdd(k.neg(factor), w[c]![j]!, w[i]![j]!));
    }
  }
  w.forEach((row, i) => row.forEach((x, j) => writeAt(block, out, i, j, x)));
  rows.forEach((row, i) => places.write(block, i, row));
  writeSign(parity);
}

interface SolveParams {
  readonly transpose: boolean;
}

const solvePrim: Primitive<SolveParams> = /* @__PURE__ */ builtIn<SolveParams>({
  name: "linearSolve",
  asked: "solve",
  typeOf: ([a, packed, , b]) => [requireSides("solve", requireSquare("solve", packed ?? a!), b!)],
  derivative: {
    kind: "smooth",
    jvp([da, , , db], [a, packed, order, _], [x], { transpose }) {
      // A dX = dB − dA X; the factors are only used to solve
      const moved = da && product(da, x!, { x: transpose });
      const side = moved === undefined ? db : db === undefined ? neg(moved) : sub(db, moved);
      return [side && factoredSolve(a!, packed!, order!, side, transpose)];
    },
    transpose([ct], [a, packed, order], { transpose }, into) {
      into[3]?.add(factoredSolve(a!, packed!, order!, ct!, !transpose));
    },
  },
  batch([a, packed, order, b], [aBatched, packedBatched, orderBatched, bBatched], size, { transpose }) {
    if (aBatched !== true && packedBatched !== true && orderBatched !== true && a!.type.shape.length === 2) {
      // a single matrix for the whole batch: its right sides become columns of one system
      const [n, m] = sidesOf(b!.type.shape);
      const wide = reshape(permute(b!, [1, 0, 2]), [n, size * m]);
      const out = reshape(factoredSolve(a!, packed!, order!, wide, transpose), [n, size, m]);
      return { outs: [permute(out, [1, 0, 2])], batched: [true] };
    }
    const along = (x: Tensor, isBatched: boolean | undefined): Tensor =>
      isBatched === true ? x : batchAlong(x, size);
    return {
      outs: [
        factoredSolve(
          along(a!, aBatched),
          along(packed!, packedBatched),
          along(order!, orderBatched),
          along(b!, bBatched),
          transpose,
        ),
      ],
      batched: [true],
    };
  },
  lowering: {
    kind: "loops",
    scratch: ({ transpose }, [, , , b]) => [
      ...(transpose ? [{ name: "unordered", type: arrayType(b!.dtype, b!.shape) }] : []),
      ...negatedScratch(b!),
    ],
    emit: emitSolve,
  },
  cost: "high",
});

function emitSolve(context: LowerContext, { transpose }: SolveParams): void {
  const { block, fresh, ins, outs, scratch } = context;
  const [packed, order, b, out] = [ins[1]!, ins[2]!, ins[3]!, outs[0]!];
  const { shape } = out.type;
  if (sizeOf(shape) === 0) return;
  const [rows, columns] = sidesOf(shape);
  const unordered = transpose ? scratch[0]! : undefined;
  const negated = scratch[transpose ? 1 : 0];
  if (unordered !== undefined) context.copy(block, unordered, b);
  eachMatrix(context, countOf(shape), negated === undefined, (inner, item) => {
    const factors = matrixOf(packed, item);
    const place = (i: Index): Expr => vectorOf(order, item, rows).read(i);
    const given = matrixOf(b, item);
    if (isWrittenOut(rows, columns))
      return solveWrittenOut(inner, fresh, {
        rows,
        columns,
        transpose,
        factors,
        given,
        place,
        out: matrixOf(out, item),
      });
    const move = (loop: Block, to: MatrixView<WriteView>, from: MatrixView, inverse: boolean): void =>
      loop.for(fresh("i"), k.i32(0), k.i32(rows), (each, i) => {
        const other = each.let(fresh("other"), place(i));
        each.forEach(fresh("j"), k.i32(0), k.i32(columns), (element, j) =>
          writeAt(element, to, inverse ? other : i, j, readAt(from, inverse ? i : other, j)),
        );
      });
    const rhs = matrixOf(unordered ?? out, item);
    if (!transpose) move(inner, rhs, given, false);
    markSingular(inner, fresh, factors, rhs, rows, columns);
    const common = { rhs, rows, columns };
    const lower = { triangle: transpose ? transposed(factors) : factors, unit: true, reverse: transpose };
    const upper = { triangle: transpose ? transposed(factors) : factors, unit: false, reverse: !transpose };
    for (const one of transpose ? [upper, lower] : [lower, upper])
      emitTriangular(inner, fresh, { ...common, ...one }, negated && matrixOf(negated, 0));
    if (transpose) move(inner, matrixOf(out, item), rhs, true);
  });
}

/** Sets the right sides to NaN if the matrix has a zero pivot, so that all solutions are NaN. */
function markSingular(
  block: Block,
  fresh: LowerContext["fresh"],
  factors: MatrixView,
  rhs: MatrixView<WriteView>,
  rows: number,
  columns: number,
): void {
  const type = scalarTypeOf(rhs.view.type.dtype);
  const least = block.reduce(
    fresh("least"),
    "min",
    k.constant(type, Infinity),
    fresh("i"),
    k.i32(0),
    k.i32(rows),
    (_, i) => k.abs(readAt(factors, i, i)),
  );
  block.if(k.eq(least, k.constant(type, 0)), (then) =>
    then.for(fresh("i"), k.i32(0), k.i32(rows), (loop, i) =>
      loop.forEach(fresh("j"), k.i32(0), k.i32(columns), (inner, j) =>
        writeAt(inner, rhs, i, j, k.constant(type, Number.NaN)),
      ),
    ),
  );
}

interface SmallSystem {
  readonly rows: number;
  readonly columns: number;
  readonly transpose: boolean;
  readonly factors: MatrixView;
  readonly given: MatrixView;
  readonly out: MatrixView<WriteView>;
  place(i: Index): Expr;
}

function solveWrittenOut(block: Block, fresh: LowerContext["fresh"], system: SmallSystem): void {
  const { rows, columns, transpose, factors, given, out, place } = system;
  const w = range(0, rows).map((i) =>
    range(0, rows).map((j) => block.let(fresh("w"), readAt(factors, i, j))),
  );
  const places = range(0, rows).map((i) => block.let(fresh("place"), place(i)));
  const t = (i: number, j: number): Expr => (transpose ? w[j]![i]! : w[i]![j]!);
  const { type } = w[0]![0]!;
  const isSingular = block.let(
    fresh("isSingular"),
    w.map((row, i) => k.eq(row[i]!, k.constant(type, 0))).reduce((x, y) => k.or(x, y)),
  );
  const solve = (inner: Block, j: Index): void => {
    const sides = range(0, rows).map((i) => {
      const x = readAt(given, transpose ? i : places[i]!, j);
      return inner.let(fresh("b"), k.select(isSingular, k.constant(type, Number.NaN), x));
    });
    const lower = { unit: true, reverse: transpose };
    const upper = { unit: false, reverse: !transpose };
    const solved = (transpose ? [upper, lower] : [lower, upper]).reduce(
      (x, one) => solveElements(inner, fresh, one, t, x),
      sides as readonly Expr[],
    );
    solved.forEach((x, i) => writeAt(inner, out, transpose ? places[i]! : i, j, x));
  };
  if (columns > rowsAtOnce) block.forEach(fresh("j"), k.i32(0), k.i32(columns), solve);
  else for (let j = 0; j < columns; j++) solve(block, j);
}

/**
 * Solutions X of A X = B, or of Aᵀ X = B, from the factors that `lu` returns. The solution is differentiated with
 * respect to A and B; the factors count as constants. NaN if A is singular.
 */
export function factoredSolve(
  a: Tensor,
  packed: Tensor,
  order: Tensor,
  b: Tensor,
  transpose = false,
): Tensor {
  return bind1(solvePrim, [a, packed, order, b], { transpose });
}

/** Solutions X of A X = B for square matrices A, `[…, n, n]`, and B, `[…, n, m]`. NaN if A is singular. */
export function linearSolve(a: Tensor, b: Tensor): Tensor {
  const [packed, order] = lu(stopGradient(a));
  return factoredSolve(a, packed, order, b);
}
