// Reflections `I − τ v vᵀ` over rows that lie side by side, one by one and some at once.
import type { Scratch, WriteView } from "../ir/primitive.ts";
import type { DType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import type { Index, MatrixView } from "./matrix-loops.ts";
import { addProduct, indexOf, matrixOf, readAt, shift, transposed, writeAt } from "./matrix-loops.ts";
import type { NameGenerator } from "./rotations.ts";

/** A part of a row: its elements from one column to another. */
export interface RowPart {
  readonly of: MatrixView<WriteView>;
  readonly row: Index;
  readonly from: Index;
  readonly to: Index;
}

/** What a reflection makes of the row that it is of: its first element, and zeros behind. */
export interface Reflection {
  readonly tau: Expr;
  readonly first: Expr;
}

/**
 * Makes a row into the vector v of the reflection that leaves only its first element, and writes that vector in its place, with 1 as its
 * first element. τ is 0 where there is nothing to do. Squares are of numbers up to 1: they neither overflow nor vanish.
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
    k.ne(largest, zero), // NaN too
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

/** Applies a reflection, from the right, to the rows `first` to `last` of a matrix; v is a part of a row as long as those. */
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

/** Reflections that others rows learn of at once, by products, and up to how many each goes by itself. */
const panelSize = 32;
const mostOneByOne = 48;

/** Reflections at once, of n: more where there would be too many products, each of which is a function. */
function sizeOfPanel(n: number): number {
  return n <= mostOneByOne ? n : Math.max(panelSize, Math.ceil(n / 32) * 4);
}

/** The reflections of a matrix in panels, and room for products with them, where there are several panels. */
export interface Panels {
  readonly panels: readonly Reflections[];
  readonly between: ReflectionScratch | undefined;
  /** Notes τ of a reflection. */
  setTau(block: Block, c: Expr, tau: Expr): void;
}

/** What `panelsOf` needs for n reflections. */
export function reflectionScratch(dtype: DType, n: number): readonly Scratch[] {
  const size = sizeOfPanel(n);
  const names = size === n ? ["negated"] : ["negated", "along", "combined"];
  return names.map((name) => ({ name, type: arrayType(dtype, [n, size]) }));
}

/** n reflections, whose vectors are rows of a matrix with so many columns. */
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
    // the place of τ in its panel, of which all but the last are as large
    setTau: (block, c, tau) => writeAt(block, negated!, c, k.binary("rem", c, k.i32(size)), k.neg(tau)),
  };
}

/**
 * Rows of the identity, of so many columns, after all reflections, the last one first: the transposed columns of `H₁ H₂ …`. The vector
 * of a reflection is zero before the column of its number.
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

/** Applies reflections to rows of the identity, the last one first: those above are not changed. */
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

/** Some reflections `H₁ H₂ … = I − Vᵀ T V` whose vectors are the rows of V from `first` to `last`, zero before column `first`. */
export interface Reflections {
  readonly vectors: MatrixView<WriteView>;
  readonly first: number;
  readonly last: number;
  readonly columns: number;
  /** −T, whose rows are counted from `first` in the matrix. */
  readonly negated: MatrixView<WriteView>;
}

/** Room for what is between products: rows as those that are reflected, columns as there are reflections at once. */
export interface ReflectionScratch {
  readonly along: MatrixView<WriteView>;
  readonly combined: MatrixView<WriteView>;
}

/** Computes −T of some reflections, of which τ stands in the diagonal of `negated`, with its sign changed. */
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
    // T[:j, j] = −τ T[:j, :j] (V vⱼ)[:j], and likewise with all signs changed
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

/** Applies some reflections, from the right, to the rows `from` to `to` of a matrix; in the opposite order where `reverse`. */
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
