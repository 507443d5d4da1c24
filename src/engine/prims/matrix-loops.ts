// Shared parts of loops over matrices: element offsets, batches, and triangular systems.
import type { LowerContext, ReadView, WriteView } from "../ir/primitive.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Dim, Expr, BufferPointer } from "../kernel/scalar.ts";
import { must } from "../util/assert-never.ts";
import type { Shape } from "../util/shape.ts";
import { range, sizeOf } from "../util/shape.ts";
import { flatIndex, plus } from "./reduce-loops.ts";

/** A matrix inside an array: the offset of its first element, and the strides between rows and between columns. */
export interface MatrixView<V extends ReadView = ReadView> {
  readonly view: V;
  readonly start: Expr;
  readonly row: number;
  readonly column: number;
}

/** Index or number of rows or columns; a plain number if it is known at compile time. */
export type Index = number | Expr;

/** Converts an index to an expression. */
export function indexOf(i: Index): Expr {
  return typeof i === "number" ? k.i32(i) : i;
}

/** Expression of `i + by`; a constant if both are numbers. */
export function shift(i: Index, by: Index): Expr {
  return plus(indexOf(i), indexOf(by));
}

/** View of matrix `item` in an array `[…, rows, columns]`. */
export function matrixOf<V extends ReadView>(view: V, item: Index): MatrixView<V> {
  const [rows, columns] = sidesOf(view.type.shape);
  return {
    view,
    start: typeof item === "number" ? k.i32(item * rows * columns) : flatIndex([item], [rows * columns]),
    row: columns,
    column: 1,
  };
}

/** Numbers of rows and columns of the matrices in an array of this shape. */
export function sidesOf(shape: Shape): readonly [rows: number, columns: number] {
  return [shape.at(-2)!, shape.at(-1)!];
}

export function transposed<V extends ReadView>(matrix: MatrixView<V>): MatrixView<V> {
  return { ...matrix, row: matrix.column, column: matrix.row };
}

/** Offset of an element in the array. */
function flatPlace({ start, row, column }: MatrixView, i: Index, j: Index): Expr {
  const known = (typeof i === "number" ? i * row : 0) + (typeof j === "number" ? j * column : 0);
  const rest = flatIndex(
    [typeof i === "number" ? k.i32(0) : i, typeof j === "number" ? k.i32(0) : j],
    [row, column],
  );
  return plus(plus(start, rest), k.i32(known));
}

export function readAt(matrix: MatrixView, i: Index, j: Index): Expr {
  return matrix.view.read(flatPlace(matrix, i, j));
}

export function writeAt(block: Block, matrix: MatrixView<WriteView>, i: Index, j: Index, value: Expr): void {
  matrix.view.write(block, flatPlace(matrix, i, j), value);
}

/** Address of element (i, j) for `contract`. The matrix must be in memory. */
function placeAt(matrix: MatrixView, i: Index, j: Index): BufferPointer {
  const { buffer, offset } = matrix.view as WriteView;
  return {
    buffer: must(buffer, "the memory of a matrix"),
    offset: plus(offset ?? k.i32(0), flatPlace(matrix, i, j)),
  };
}

/** True if a matrix is in memory, as products require. */
function isInMemory({ view }: MatrixView): boolean {
  return (view as WriteView).buffer !== undefined;
}

/** A vector in an array: the elements that loops read and write by an index. */
export interface VectorView {
  read(i: Index): Expr;
  write(block: Block, i: Index, value: Expr): void;
}

/** View of vector `item` in an array of vectors of `n` elements. Writing requires a `WriteView`. */
export function vectorOf(view: ReadView, item: Index, n: number): VectorView {
  const at = (i: Index): Expr => flatPlace({ view, start: k.i32(0), row: n, column: 1 }, item, i);
  return {
    read: (i) => view.read(at(i)),
    write: (block, i, value) => (view as WriteView).write(block, at(i), value),
  };
}

/** Copies the transpose of the matrix `from` to `to`, a matrix of `rows` × `columns` that shares no memory with it. */
export function copyTransposed(
  block: Block,
  fresh: LowerContext["fresh"],
  to: MatrixView<WriteView>,
  from: MatrixView,
  rows: number,
  columns: number,
): void {
  block.forEach(fresh("i"), k.i32(0), k.i32(rows), (loop, i) =>
    loop.forEach(fresh("j"), k.i32(0), k.i32(columns), (inner, j) =>
      writeAt(inner, to, i, j, readAt(from, j, i)),
    ),
  );
}

/** A part of a matrix: all elements from a row and a column on. */
export interface MatrixPart<V extends ReadView = ReadView> {
  readonly of: MatrixView<V>;
  readonly row: Index;
  readonly column: Index;
}

/**
 * Adds the product of `left` (`rows` × `inner`) and `right` (`inner` × `columns`) to `out`, or overwrites `out` if not
 * `accumulate`. `out` must not overlap the operands.
 */
export function addProduct(
  block: Block,
  name: string,
  [rows, columns, inner]: readonly [number, number, number],
  out: MatrixPart<WriteView>,
  left: MatrixPart,
  right: MatrixPart,
  accumulate = true,
): void {
  const dims: Dim<number>[] = [
    { role: "row", size: rows, out: out.of.row, left: left.of.row, right: 0 },
    { role: "column", size: columns, out: out.of.column, left: 0, right: right.of.column },
    { role: "sum", size: inner, out: 0, left: left.of.column, right: right.of.row },
  ];
  const place = ({ of, row, column }: MatrixPart): BufferPointer => placeAt(of, row, column);
  block.contract({
    name,
    type: scalarTypeOf(out.of.view.type.dtype),
    out: place(out),
    left: place(left),
    right: place(right),
    dims: dims.filter(({ size, role }) => size > 1 || role === "row"),
    accumulate,
  });
}

/** Number of matrices in an array of this shape. */
export function countOf(shape: Shape): number {
  return sizeOf(shape.slice(0, -2));
}

/**
 * Emits a loop over the matrices of a batch; no loop for a single matrix. `independent` means that iterations share no
 * scratch memory.
 */
export function eachMatrix(
  { block, fresh }: LowerContext,
  count: number,
  independent: boolean,
  body: (block: Block, item: Index) => void,
): void {
  if (count === 1) return body(block, 0);
  block[independent ? "forEach" : "for"](fresh("b"), k.i32(0), k.i32(count), body);
}

/**
 * Largest number of rows for which solving a system with few right sides is fully unrolled. Only the loop over the
 * batch remains.
 */
export const mostWrittenOut = 8;

/**
 * Number of rows of a triangular system that are computed together in registers. Each element of the previous rows is
 * loaded once for all of them.
 */
export const rowsAtOnce = 4;

/**
 * True if solving a system of this size is unrolled. Many right sides are processed in lanes, which leaves registers
 * for fewer rows.
 */
export function isWrittenOut(rows: number, columns: number): boolean {
  return rows <= (columns < rowsAtOnce ? mostWrittenOut : rowsAtOnce);
}

/**
 * Minimum number of rows per block when triangular systems and Cholesky factors are computed in blocks. The
 * contribution of earlier blocks is one product, and the elements of a block stay in the first-level cache.
 */
export const rowsOfBlock = 64;

/**
 * Number of rows per block for an n × n matrix. It grows with n to limit the number of products, because each is a
 * separate function.
 */
export function blockOf(n: number): number {
  return Math.max(rowsOfBlock, Math.ceil(n / 16 / rowsAtOnce) * rowsAtOnce);
}

/** A triangular system `T X = B`. The solution X is written over B. */
export interface TriangularSystem {
  readonly triangle: MatrixView;
  readonly rhs: MatrixView<WriteView>;
  readonly rows: number;
  readonly columns: number;
  /** True to solve from the last row to the first, as for an upper triangle. */
  readonly reverse: boolean;
  /** True if the diagonal counts as ones and is not read. */
  readonly unit: boolean;
}

/** Replaces a divisor of 0 by NaN, so that the solution of a singular system is NaN, not infinite. */
function divisor(x: Expr): Expr {
  return k.select(k.eq(x, k.constant(x.type, 0)), k.constant(x.type, Number.NaN), x);
}

/** True if a triangular system is solved in blocks. This needs scratch memory for the negated solved rows. */
export function solvesInBlocks(rows: number, columns: number): boolean {
  return rows > rowsOfBlock && columns >= rowsAtOnce;
}

/** Solves a triangular system in place. `negated` is scratch memory of the shape of B for solving in blocks. */
export function emitTriangular(
  block: Block,
  fresh: LowerContext["fresh"],
  system: TriangularSystem,
  negated: MatrixView<WriteView> | undefined,
): void {
  const { triangle, rhs, rows, columns, reverse } = system;
  if (isWrittenOut(rows, columns)) return solveWrittenOut(block, fresh, system);
  if (columns < rowsAtOnce) return solveColumns(block, fresh, system);
  if (negated === undefined || !isInMemory(triangle))
    return solveRows(block, fresh, { ...system, firstColumn: 0 }, 0, rows);
  const size = blockOf(rows);
  for (let from = 0; from < rows; from += size) {
    const to = Math.min(from + size, rows);
    const [first, solved] = reverse ? [rows - to, rows - from] : [from, 0];
    if (from > 0)
      addProduct(
        block,
        fresh("solved"),
        [to - from, columns, from],
        { of: rhs, row: first, column: 0 },
        { of: triangle, row: first, column: solved },
        { of: negated, row: solved, column: 0 },
      );
    solveRows(block, fresh, { ...system, firstColumn: 0 }, from, to);
    if (to < rows)
      block.for(fresh("i"), k.i32(first), k.i32(first + to - from), (loop, i) =>
        loop.forEach(fresh("j"), k.i32(0), k.i32(columns), (inner, j) =>
          writeAt(inner, negated, i, j, k.neg(readAt(rhs, i, j))),
        ),
      );
  }
}

/** The rows of a triangular system that `solveRows` solves, after the contribution of earlier blocks was subtracted. */
export interface TriangularRows extends TriangularSystem {
  /** First column to solve. */
  readonly firstColumn: Index;
  /**
   * Writes code that prepares the `count` rows of the triangle from `first` on; called before these rows are solved.
   */
  prepare?(block: Block, first: Expr, count: number): void;
  /** Returns the first column to solve in the `count` rows from `first` on, instead of `firstColumn`. */
  columnOf?(first: Expr, count: number): Expr;
}

/** Writes the solution of rows `from` to `to` (exclusive), numbered in the order in which they are solved. */
export function solveRows(
  block: Block,
  fresh: LowerContext["fresh"],
  system: TriangularRows,
  from: number,
  to: number,
): void {
  const groups = Math.floor((to - from) / rowsAtOnce);
  if (groups > 1)
    block.for(fresh("group"), k.i32(0), k.i32(groups), (loop, group) => {
      const first = loop.let(fresh("first"), shift(from, k.mul(group, k.i32(rowsAtOnce))));
      solveGroup(loop, fresh, system, from, first, rowsAtOnce);
    });
  else if (groups === 1) solveGroup(block, fresh, system, from, k.i32(from), rowsAtOnce);
  const rest = (to - from) % rowsAtOnce;
  if (rest > 0) solveGroup(block, fresh, system, from, k.i32(to - rest), rest);
}

function solveGroup(
  block: Block,
  fresh: LowerContext["fresh"],
  { triangle, rhs, rows, columns, reverse, unit, firstColumn, prepare, columnOf }: TriangularRows,
  from: number,
  first: Expr,
  count: number,
): void {
  /** Row of the matrix that is solved as number i. */
  const rowAt = (i: Index): Expr => (reverse ? k.sub(k.i32(rows - 1), indexOf(i)) : indexOf(i));
  const own = range(0, count).map((i) => block.let(fresh("row"), rowAt(shift(first, i))));
  prepare?.(block, first, count);
  const factors = own.map((i, a) =>
    own.slice(0, a).map((l) => block.let(fresh("t"), readAt(triangle, i, l))),
  );
  const diagonal = own.map((i) =>
    unit ? undefined : block.let(fresh("d"), divisor(readAt(triangle, i, i))),
  );
  const start = columnOf?.(first, count) ?? indexOf(firstColumn);
  block.forEach(fresh("j"), start, k.i32(columns), (loop, j) => {
    const sums = own.map((i) => loop.let(fresh("sum"), readAt(rhs, i, j)));
    loop.for(fresh("r"), k.i32(from), first, (inner, r) => {
      const row = inner.let(fresh("at"), rowAt(r));
      const x = inner.let(fresh("x"), readAt(rhs, row, j));
      own.forEach((i, a) => inner.set(sums[a]!, k.mulAdd(k.neg(readAt(triangle, i, row)), x, sums[a]!)));
    });
    own.forEach((i, a) => {
      const rest = factors[a]!.reduce((sum, t, l) => k.mulAdd(k.neg(t), sums[l]!, sum), sums[a]!);
      const d = diagonal[a];
      loop.set(sums[a]!, d === undefined ? rest : k.div(rest, d));
      writeAt(loop, rhs, i, j, sums[a]!);
    });
  });
}

/**
 * Solves few columns one by one. The contiguous elements of the triangle, in a row or a column, are processed in lanes.
 */
function solveColumns(
  block: Block,
  fresh: LowerContext["fresh"],
  { triangle, rhs, rows, columns, reverse, unit }: TriangularSystem,
): void {
  const type = scalarTypeOf(rhs.view.type.dtype);
  for (let column = 0; column < columns; column++)
    block.for(fresh("r"), k.i32(0), k.i32(rows), (loop, r) => {
      const i = loop.let(fresh("row"), reverse ? k.sub(k.i32(rows - 1), r) : r);
      const divided = (x: Expr): Expr => (unit ? x : k.div(x, divisor(readAt(triangle, i, i))));
      const [before, after] = [
        [k.i32(0), i],
        [k.add(i, k.i32(1)), k.i32(rows)],
      ] as const;
      if (triangle.column === 1) {
        const [start, end] = reverse ? after : before;
        const sum = loop.reduce(fresh("sum"), "add", k.constant(type, 0), fresh("l"), start, end, (_, l) =>
          k.mul(readAt(triangle, i, l), readAt(rhs, l, column)),
        );
        writeAt(loop, rhs, i, column, divided(k.sub(readAt(rhs, i, column), sum)));
        return;
      }
      const x = loop.let(fresh("x"), divided(readAt(rhs, i, column)));
      writeAt(loop, rhs, i, column, x);
      const [start, end] = reverse ? before : after;
      loop.forEach(fresh("l"), start, end, (inner, l) =>
        writeAt(inner, rhs, l, column, k.mulAdd(k.neg(readAt(triangle, l, i)), x, readAt(rhs, l, column))),
      );
    });
}

/** Solves a small system without loops, except one over many columns. */
function solveWrittenOut(block: Block, fresh: LowerContext["fresh"], system: TriangularSystem): void {
  const { triangle, rhs, rows, columns } = system;
  const t = range(0, rows).map((i) =>
    range(0, rows).map((l) =>
      isRead(system, i, l) ? block.let(fresh("t"), readAt(triangle, i, l)) : undefined,
    ),
  );
  const solve = (inner: Block, j: Index): void => {
    const given = range(0, rows).map((i) => readAt(rhs, i, j));
    solveElements(inner, fresh, system, (i, l) => t[i]![l]!, given).forEach((x, i) =>
      writeAt(inner, rhs, i, j, x),
    );
  };
  if (columns > rowsAtOnce) block.forEach(fresh("j"), k.i32(0), k.i32(columns), solve);
  else for (let j = 0; j < columns; j++) solve(block, j);
}

function isRead(
  { reverse, unit }: Pick<TriangularSystem, "reverse" | "unit">,
  i: number,
  l: number,
): boolean {
  return i === l ? !unit : reverse ? l > i : l < i;
}

/** Solves the system for one column of B, with a local per element. */
export function solveElements(
  block: Block,
  fresh: LowerContext["fresh"],
  { reverse, unit }: Pick<TriangularSystem, "reverse" | "unit">,
  t: (i: number, l: number) => Expr,
  rhs: readonly Expr[],
): readonly Expr[] {
  const x: Expr[] = [];
  const order = range(0, rhs.length);
  if (reverse) order.reverse();
  order.forEach((i, done) => {
    const sum = order.slice(0, done).reduce((s, l) => k.mulAdd(k.neg(t(i, l)), x[l]!, s), rhs[i]!);
    x[i] = block.let(fresh("x"), unit ? sum : k.div(sum, divisor(t(i, i))));
  });
  return x;
}
