// Householder reflections `I − τ v vᵀ` of contiguous rows, one by one and in blocks.
import type { Scratch, WriteView } from "../ir/primitive.ts";
import type { DType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { Index, MatrixView } from "./matrix-loops.ts";
import { addProduct, indexOf, matrixOf, readAt, shift, transposed, writeAt } from "./matrix-loops.ts";
import type { NameGenerator } from "./rotations.ts";

/** A part of a row: its elements in the columns from `from` to `to` (exclusive). */
export interface RowPart {
  readonly of: MatrixView<WriteView>;
  readonly row: Index;
  readonly from: Index;
  readonly to: Index;
}

/**
 * Result of constructing a reflection: the factor τ, and the first element of the reflected row, whose other elements
 * are zero.
 */
export interface Reflection {
  readonly tau: Expr;
  readonly first: Expr;
}

/**
 * Constructs the reflection that maps a row to a multiple of its first unit vector. The vector v, with first element 1,
 * replaces the row. τ is 0 if the rest of the row is zero. Elements are scaled to at most 1, so that squares neither
 * overflow nor underflow.
 */
export function reflectionOf(block: Block, fresh: NameGenerator, { of, row, from, to }: RowPart): Reflection {
  const type = scalarTypeOf(of.view.type.dtype);
  const [zero, one] = [k.constant(type, 0), k.constant(type, 1)];
  const rest = shift(from, 1);
  const at = (i: Expr): Expr => readAt(of, row, i);
  const largest = block.reduce(fresh("largest"), "max", zero, fresh("i"), rest, indexOf(to), (_, i) =>
    k.abs(at(i)),
  );
  const tau = block.let(fresh("tau"), zero);
  const first = block.let(fresh("first"), at(indexOf(from)));
  block.if(
    k.ne(largest, zero), // also for NaN
    (then) => {
      const scale = then.let(fresh("scale"), k.max(largest, k.abs(first)));
      const sum = then.reduce(fresh("sum"), "add", zero, fresh("i"), rest, indexOf(to), (inner, i) => {
        const x = inner.let(fresh("x"), k.div(at(i), scale));
        return k.mul(x, x);
      });
      const own = then.let(fresh("own"), k.div(first, scale));
      const length = then.let(fresh("length"), k.mul(scale, k.sqrt(k.mulAdd(own, own, sum))));
      const image = then.let(fresh("image"), k.select(k.lt(first, zero), length, k.neg(length)));
      const divisor = then.let(fresh("divisor"), k.sub(first, image));
      then.set(tau, k.div(k.neg(divisor), image));
      then.set(first, image);
      then.forEach(fresh("i"), rest, indexOf(to), (loop, i) =>
        writeAt(loop, of, row, i, k.div(at(i), divisor)),
      );
    },
  );
  writeAt(block, of, row, from, one);
  return { tau, first };
}

/**
 * Applies a reflection from the right to the rows `first` to `last` (exclusive) of a matrix. v is the given part of a
 * row.
 */
export function reflectRows(
  block: Block,
  fresh: NameGenerator,
  x: MatrixView<WriteView>,
  [first, last]: readonly [Index, Index],
  { of, row, from, to }: RowPart,
  tau: Expr,
): void {
  const zero = k.constant(tau.type, 0);
  block.for(fresh("r"), indexOf(first), indexOf(last), (loop, r) => {
    const along = loop.reduce(fresh("along"), "add", zero, fresh("i"), indexOf(from), indexOf(to), (_, i) =>
      k.mul(readAt(x, r, i), readAt(of, row, i)),
    );
    const factor = loop.let(fresh("factor"), k.neg(k.mul(tau, along)));
    loop.forEach(fresh("i"), indexOf(from), indexOf(to), (inner, i) =>
      writeAt(inner, x, r, i, k.mulAdd(factor, readAt(of, row, i), readAt(x, r, i))),
    );
  });
}

/** Smallest number of reflections per panel if there are several panels. One matrix product applies a panel. */
const panelSize = 32;
/** Largest number of reflections that are applied one by one, without panels. */
const mostOneByOne = 48;

/**
 * Number of reflections per panel, for n reflections; n if they are applied one by one. It grows with n to limit the
 * number of products, because each is a separate function.
 */
function sizeOfPanel(n: number): number {
  return n <= mostOneByOne ? n : Math.max(panelSize, Math.ceil(n / 32) * 4);
}

/** Reflections of a matrix in panels, and scratch memory for their products if there are several panels. */
export interface Panels {
  readonly panels: readonly Reflections[];
  readonly between: ReflectionScratch | undefined;
  /** Writes the factor τ of reflection number c. */
  setTau(block: Block, c: Expr, tau: Expr): void;
}

/** Scratch arrays that `panelsOf` needs for n reflections. */
export function reflectionScratch(dtype: DType, n: number): readonly Scratch[] {
  const size = sizeOfPanel(n);
  const names = size === n ? ["negated"] : ["negated", "along", "combined"];
  return names.map((name) => ({ name, type: arrayType(dtype, [n, size]) }));
}

/** Groups n reflections into panels. Their vectors are the rows of a matrix with the given number of columns. */
export function panelsOf(
  vectors: MatrixView<WriteView>,
  scratch: readonly WriteView[],
  n: number,
  columns: number,
): Panels {
  const [negated, along, combined] = scratch.map((view) => matrixOf(view, 0));
  const size = sizeOfPanel(n);
  const starts = Array.from({ length: Math.ceil(n / size) }, (_, i) => i * size);
  return {
    panels: starts.map((first) => ({
      vectors,
      first,
      last: Math.min(first + size, n),
      columns,
      negated: negated!,
    })),
    between: along && { along, combined: combined! },
    // τ is on the diagonal of its panel; all panels but the last have the same size
    setTau: (block, c, tau) => writeAt(block, negated!, c, k.binary("rem", c, k.i32(size)), k.neg(tau)),
  };
}

/**
 * Applies all reflections to rows of the identity, last reflection first, which yields the transposed columns of `H₁ H₂
 * …`. The vector of reflection c is zero before column c.
 */
export function formRows(
  block: Block,
  fresh: NameGenerator,
  rows: MatrixView<WriteView>,
  n: number,
  columns: number,
  { panels, between }: Panels,
): void {
  const { type } = readAt(rows, 0, 0);
  block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
    loop.forEach(fresh("j"), k.i32(0), k.i32(columns), (inner, j) =>
      writeAt(inner, rows, i, j, k.convert(type, k.eq(i, j))),
    ),
  );
  for (const panel of panels.toReversed())
    if (between === undefined) reflectOneByOne(block, fresh, rows, n, panel);
    else {
      combineReflections(block, fresh, panel, between);
      reflectAtOnce(block, fresh, rows, [panel.first, n], panel, between, true);
    }
}

/**
 * Applies reflections one by one to rows of the identity, last one first. Reflection c leaves the rows above c
 * unchanged.
 */
function reflectOneByOne(
  block: Block,
  fresh: NameGenerator,
  rows: MatrixView<WriteView>,
  n: number,
  { vectors, first, last, columns, negated }: Reflections,
): void {
  block.for(
    fresh("c"),
    k.i32(first),
    k.i32(last),
    (loop, c) => {
      const tau = loop.let(fresh("tau"), k.neg(readAt(negated, c, k.sub(c, k.i32(first)))));
      reflectRows(loop, fresh, rows, [c, n], { of: vectors, row: c, from: c, to: columns }, tau);
    },
    true,
  );
}

/**
 * A block of reflections `H₁ H₂ … = I − Vᵀ T V`. The vectors are the rows of V from `first` to `last` (exclusive), zero
 * before column `first`.
 */
export interface Reflections {
  readonly vectors: MatrixView<WriteView>;
  readonly first: number;
  readonly last: number;
  readonly columns: number;
  /** View of the matrix −T of the current block of reflections. Its first row is in row `first`. */
  readonly negated: MatrixView<WriteView>;
}

/** Scratch matrices for intermediate products: one row per reflected row, one column per reflection of a panel. */
export interface ReflectionScratch {
  readonly along: MatrixView<WriteView>;
  readonly combined: MatrixView<WriteView>;
}

/** Computes −T of a block of reflections. On entry, the diagonal of `negated` holds −τ. */
export function combineReflections(
  block: Block,
  fresh: NameGenerator,
  { vectors, first, last, columns, negated }: Reflections,
  scratch: ReflectionScratch,
): void {
  const count = last - first;
  const part = { of: vectors, row: first, column: first };
  const products = { of: scratch.along, row: 0, column: 0 };
  addProduct(block, fresh("gram"), [count, count, columns - first], products, part, { of: transposed(vectors), row: first, column: first }, false); // prettier-ignore
  const { type } = readAt(negated, 0, 0);
  block.for(fresh("j"), k.i32(1), k.i32(count), (loop, j) => {
    const tau = loop.let(fresh("tau"), readAt(negated, shift(first, j), j));
    // T[:j, j] = −τ T[:j, :j] (V vⱼ)[:j], with all signs changed
    loop.for(fresh("i"), k.i32(0), j, (inner, i) => {
      const sum = inner.let(fresh("sum"), k.constant(type, 0));
      inner.for(fresh("l"), i, j, (each, l) =>
        each.set(sum, k.mulAdd(readAt(negated, shift(first, i), l), readAt(scratch.along, l, j), sum)),
      );
      writeAt(inner, negated, shift(first, i), j, k.mul(tau, sum));
    });
    loop.for(fresh("i"), j, k.i32(count), (inner, i) =>
      inner.if(k.lt(j, i), (then) => writeAt(then, negated, shift(first, i), j, k.constant(type, 0))),
    );
  });
  block.for(fresh("i"), k.i32(1), k.i32(count), (loop, i) =>
    writeAt(loop, negated, shift(first, i), 0, k.constant(type, 0)),
  );
}

/**
 * Applies a block of reflections from the right to the rows `from` to `to` (exclusive) of a matrix; in opposite order
 * if `reverse`.
 */
export function reflectAtOnce(
  block: Block,
  fresh: NameGenerator,
  x: MatrixView<WriteView>,
  [from, to]: readonly [number, number],
  { vectors, first, last, columns, negated }: Reflections,
  { along, combined }: ReflectionScratch,
  reverse: boolean,
): void {
  const [rows, count] = [to - from, last - first];
  const own = { of: x, row: from, column: first };
  const start = (of: MatrixView<WriteView>) => ({ of, row: 0, column: 0 });
  const t = reverse
    ? { of: transposed(negated), row: 0, column: first }
    : { of: negated, row: first, column: 0 };
  addProduct(block, fresh("along"), [rows, count, columns - first], start(along), own, { of: transposed(vectors), row: first, column: first }, false); // prettier-ignore
  addProduct(block, fresh("combined"), [rows, count, count], start(combined), start(along), t, false);
  addProduct(block, fresh("reflected"), [rows, columns - first, count], own, start(combined), { of: vectors, row: first, column: first }); // prettier-ignore
}
