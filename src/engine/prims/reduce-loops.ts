import type { LowerContext, ReadView, WriteView } from "../ir/primitive.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { neutral } from "../kernel/neutral.ts";
import type { Expr, ReduceOp, ScalarType } from "../kernel/scalar.ts";
import type { Shape } from "../util/shape.ts";
import { otherAxes, range, sizeOf, stridesOf } from "../util/shape.ts";

/** Nested loops over the given axes of a shape; `body` gets the index along each. */
export function loopOver(
  block: Block,
  sizes: readonly number[],
  fresh: (hint: string) => string,
  body: (block: Block, index: readonly Expr[]) => void,
  index: readonly Expr[] = [],
): void {
  nest(block, sizes, fresh, body, index, "for");
}

/** Nested loops whose iterations may run in any order or at once: none reads what another writes. */
export function loopEach(
  block: Block,
  sizes: readonly number[],
  fresh: (hint: string) => string,
  body: (block: Block, index: readonly Expr[]) => void,
  index: readonly Expr[] = [],
): void {
  nest(block, sizes, fresh, body, index, "forEach");
}

function nest(
  block: Block,
  sizes: readonly number[],
  fresh: (hint: string) => string,
  body: (block: Block, index: readonly Expr[]) => void,
  index: readonly Expr[],
  loop: "for" | "forEach",
): void {
  const depth = index.length;
  if (depth === sizes.length) return body(block, index);
  if (sizes[depth] === 1) return nest(block, sizes, fresh, body, [...index, k.i32(0)], loop);
  block[loop](fresh("ijklmn"[depth] ?? "i"), k.i32(0), k.i32(sizes[depth]!), (inner, i) =>
    nest(inner, sizes, fresh, body, [...index, i], loop),
  );
}

/** Σ index[i] · strides[i], with what is known to be zero left out. */
export function flatIndex(index: readonly Expr[], strides: readonly number[]): Expr {
  let sum: Expr | undefined;
  index.forEach((i, axis) => {
    const stride = strides[axis]!;
    if (stride === 0 || (i.kind === "const" && i.value === 0)) return;
    const term = stride === 1 ? i : k.mul(i, k.i32(stride));
    sum = sum === undefined ? term : k.add(sum, term);
  });
  return sum ?? k.i32(0);
}

/** How elements are folded: sums of float32 are kept in float64, where a long one loses nothing. */
interface Fold {
  readonly op: ReduceOp;
  readonly type: ScalarType;
  /** Whether rounding errors of partial sums are carried along: sums of float64 have no wider type. */
  readonly compensated: boolean;
}

function foldOf(op: ReduceOp, element: ScalarType): Fold {
  if (op !== "add") return { op, type: element, compensated: false };
  return { op, type: element === "f32" ? "f64" : element, compensated: element === "f64" };
}

/** Elements that are folded without more ado: of a compensated sum few, so that its runs lose next to nothing. */
const runOf = ({ compensated }: Fold): number => (compensated ? 64 : 4096);

/** Rows that a compensated sum of rows adds up before it adds their sum to the total: as many as one lane of a run gets. */
const rowsPerRun = 8;

/** Rows that are added to the results at once: these are read and written but once for all of them. */
const rowsAtOnce = 8;

/** Sum over axes; of bools, whether any is true. */
export function emitSum(context: LowerContext, axes: readonly number[]): void {
  const type = scalarTypeOf(context.ins[0]!.type.dtype);
  emitReduce(context, axes, type === "bool" ? "or" : "add");
}

/**
 * How a fold over these axes reads its operand, if that is once and row after row; where the rows have one axis, it knows
 * the place along each.
 */
export function readsOnce(x: ArrayType, axes: readonly number[]): { readonly place: boolean } | undefined {
  const { shape } = x;
  if (sizeOf(shape) === 0) return undefined;
  const isRows = isTrailing(shape.length, axes);
  const isOne = sizeOf(otherAxes(shape.length, axes).map((axis) => shape[axis]!)) === 1;
  return isRows || isOne ? { place: isRows && axes.length === 1 } : undefined;
}

/** The elements of a row of the operand, by their number in the row. */
type RowReader = (block: Block, r: Expr) => Expr;

function rowReader(x: ReadView, base: Expr, index: readonly Expr[]): RowReader {
  return (block, r) => {
    const flat = plus(base, r);
    if (x.element === undefined) return x.read(flat);
    return x.element(block, flat, index.length + 1 === x.type.shape.length ? [...index, r] : undefined);
  };
}

/** Folds the elements along axes into one each. */
export function emitReduce(context: LowerContext, axes: readonly number[], op: ReduceOp): void {
  const { block, fresh } = context;
  const x = context.ins[0]!;
  const out = context.outs[0]!;
  const { shape } = x.type;
  const strides = stridesOf(shape);
  const kept = otherAxes(shape.length, axes);
  const keptSizes = kept.map((axis) => shape[axis]!);
  const count = sizeOf(axes.map((axis) => shape[axis]!));
  const type = scalarTypeOf(x.type.dtype);
  const fold = foldOf(op, type);
  const results = sizeOf(keptSizes);
  // Do the elements of each result lie side by side?
  const together = isTrailing(shape.length, axes) || results === 1;
  if (!together && count > 0) return accumulateRows(context, axes, fold);
  if (results === 1 && count > Math.max(runOf(fold), 1024)) {
    const total = foldInParts(context, fold, count);
    return out.write(block, k.i32(0), k.convert(type, total));
  }
  loopEach(block, keptSizes, fresh, (inner, index) => {
    const base = flatIndex(
      index,
      kept.map((axis) => strides[axis]!),
    );
    const begin = base.kind === "const" ? base : inner.let(fresh("from"), base);
    const total = foldRow(inner, fresh, rowReader(x, begin, index), count, fold);
    out.write(inner, flatIndex(index, stridesOf(keptSizes)), k.convert(type, total));
  });
}

/** The fold of the elements number `from` … `to − 1` of a row. */
function foldRun(
  block: Block,
  fresh: (hint: string) => string,
  row: RowReader,
  from: Expr,
  to: Expr,
  { op, type }: Fold,
): Expr {
  return block.reduce(fresh("sum"), op, neutral(op, type), fresh("r"), from, to, (inner, r) =>
    k.convert(type, row(inner, r)),
  );
}

/** The fold of a row of `count` elements. */
function foldRow(
  block: Block,
  fresh: (hint: string) => string,
  row: RowReader,
  count: number,
  fold: Fold,
): Expr {
  if (!fold.compensated || count <= runOf(fold))
    return foldRun(block, fresh, row, k.i32(0), k.i32(count), fold);
  const sum = openSum(block, fresh);
  block.for(fresh("run"), k.i32(0), k.i32(Math.ceil(count / runOf(fold))), (loop, run) => {
    const from = loop.let(fresh("from"), k.mul(run, k.i32(runOf(fold))));
    sum.add(loop, foldRun(loop, fresh, row, from, endOfRun(loop, fresh, from, count, fold), fold));
  });
  return sum.result();
}

/** Where a run ends that begins at `from`: where the last one is as long as others, each has a length that is known. */
function endOfRun(
  block: Block,
  fresh: (hint: string) => string,
  from: Expr,
  count: number,
  fold: Fold,
): Expr {
  const end = k.add(from, k.i32(runOf(fold)));
  return count % runOf(fold) === 0 ? end : block.let(fresh("to"), k.min(end, k.i32(count)));
}

/** The fold of a long array: of its parts, which may be folded at once, and then of their results. */
function foldInParts({ block, fresh, ins, scratch }: LowerContext, fold: Fold, count: number): Expr {
  const x = ins[0]!;
  const run = runOf(fold);
  const n = Math.ceil(count / run);
  const dtype = fold.type === "f64" ? "float64" : x.type.dtype;
  const parts = scratch(arrayType(dtype, [n]), "parts");
  const first = x.type.shape.slice(1).map(() => k.i32(0)); // the place along other axes: they are of size 1
  block.forEach(fresh("run"), k.i32(0), k.i32(n), (loop, i) => {
    const from = loop.let(fresh("from"), k.mul(i, k.i32(run)));
    const to = endOfRun(loop, fresh, from, count, fold);
    parts.write(loop, i, foldRun(loop, fresh, rowReader(x, k.i32(0), first), from, to, fold));
  });
  if (!fold.compensated)
    return foldRun(block, fresh, rowReader(parts, k.i32(0), []), k.i32(0), k.i32(n), fold);
  const sum = openSum(block, fresh);
  block.for(fresh("part"), k.i32(0), k.i32(n), (loop, i) => sum.add(loop, parts.read(i)));
  return sum.result();
}

/** A float64 sum with the rounding errors of its additions beside it. */
function openSum(
  block: Block,
  fresh: (hint: string) => string,
): { readonly add: (target: Block, x: Expr) => void; readonly result: () => Expr } {
  const total = block.let(fresh("total"), k.f64(0));
  const error = block.let(fresh("error"), k.f64(0));
  return {
    add(target, x) {
      const next = addExactly(target, fresh, total, target.let(fresh("part"), x), error);
      target.set(error, next.error);
      target.set(total, next.total);
    },
    result: () => withError(total, error),
  };
}

/** total + x and the error of that sum, added to the errors before. Knuth, TAOCP 2, 4.2.2. */
function addExactly(
  block: Block,
  fresh: (hint: string) => string,
  total: Expr,
  x: Expr,
  error: Expr,
): { readonly total: Expr; readonly error: Expr } {
  const sum = block.let(fresh("next"), k.add(total, x));
  const seen = block.let(fresh("seen"), k.sub(sum, total)); // what of x went into it
  const lost = k.add(k.sub(total, k.sub(sum, seen)), k.sub(x, seen));
  return { total: sum, error: block.let(fresh("lost"), k.add(error, lost)) };
}

/** total + error; an infinite total has no error to speak of. */
function withError(total: Expr, error: Expr): Expr {
  return k.select(k.eq(k.sub(error, error), k.f64(0)), k.add(total, error), total);
}

/** Neighbouring axes that are all folded, or all kept, as one. */
function mergeAxes(
  shape: Shape,
  axes: readonly number[],
): { readonly shape: Shape; readonly axes: readonly number[] } {
  const sizes: number[] = [];
  const folded: number[] = [];
  shape.forEach((n, axis) => {
    const isFolded = axes.includes(axis);
    const isNew = axis === 0 || isFolded !== axes.includes(axis - 1);
    const before = isNew ? 1 : sizes.pop()!;
    if (isNew && isFolded) folded.push(sizes.length);
    sizes.push(before * n);
  });
  return { shape: sizes, axes: folded };
}

/** Folds whole rows into the results, so that memory is read in order; where sums are compensated, in runs of rows. */
function accumulateRows(context: LowerContext, allAxes: readonly number[], fold: Fold): void {
  const { block, fresh, ins, outs, scratch } = context;
  const x = ins[0]!;
  const out = outs[0]!;
  const { shape, axes } = mergeAxes(x.type.shape, allAxes);
  const rank = shape.length;
  const strides = stridesOf(shape);
  const kept = otherAxes(rank, axes);
  const keptSizes = kept.map((axis) => shape[axis]!);
  const keptStrides = stridesOf(keptSizes);
  const n = sizeOf(keptSizes);
  const type = scalarTypeOf(x.type.dtype);
  // reduced axes at the end are folded where they stand
  const rowRank = lastKept(rank, axes) + 1;
  const rowCount = sizeOf(shape.slice(rowRank));
  const toOut = range(0, rowRank).map((axis) => (kept.includes(axis) ? keptStrides[kept.indexOf(axis)]! : 0));
  const start = neutral(fold.op, fold.type);
  const wide = arrayType(fold.type === "f64" ? "float64" : x.type.dtype, keptSizes);
  const everywhere = (inner: Block, f: (loop: Block, i: Expr) => void): void =>
    inner.forEach(fresh("i"), k.i32(0), k.i32(n), f);
  const clear = (inner: Block, target: WriteView): void =>
    everywhere(inner, (loop, i) => target.write(loop, i, start));
  const foldInto = (target: WriteView) => (loop: Block, index: readonly Expr[], rows: number) => {
    const place = flatIndex(index, toOut);
    const at = flatIndex(index, strides.slice(0, rowRank));
    if (rowRank < rank) {
      const value = foldRow(loop, fresh, rowReader(x, loop.let(fresh("from"), at), index), rowCount, fold);
      return target.write(loop, place, k.combine(fold.op, target.read(place), value));
    }
    let folded = target.read(place);
    for (let row = 0; row < rows; row++) {
      const value = x.read(plus(at, k.i32(row * strides[rank - 2]!)));
      folded = loop.let(fresh("sum"), k.combine(fold.op, folded, k.convert(fold.type, value)));
    }
    target.write(loop, place, folded);
  };
  /** Loops over these axes: over kept ones in any order. */
  const loops = (
    inner: Block,
    from: number,
    index: readonly Expr[],
    f: ReturnType<typeof foldInto>,
    rows = 1,
  ): void => {
    if (from === rowRank) return f(inner, index, rows);
    const each = kept.includes(from) ? loopEach : loopOver;
    if (from === rowRank - 2 && rowRank === rank && !kept.includes(from) && shape[from]! >= rowsAtOnce) {
      const blocks = Math.floor(shape[from]! / rowsAtOnce);
      loopOver(inner, [blocks], fresh, (loop, [i]) => {
        const first = loop.let(fresh("row"), k.mul(i!, k.i32(rowsAtOnce)));
        loops(loop, from + 1, [...index, first], f, rowsAtOnce);
      });
      const done = blocks * rowsAtOnce;
      if (done === shape[from]) return;
      return inner.for(fresh("r"), k.i32(done), k.i32(shape[from]!), (loop, r) =>
        loops(loop, from + 1, [...index, r], f),
      );
    }
    each(inner, [shape[from]!], fresh, (loop, [i]) => loops(loop, from + 1, [...index, i!], f, rows));
  };

  const total = fold.type === type ? out : scratch(wide, "total");
  clear(block, total);
  const longest = axes.filter((axis) => axis < rowRank).reduce((a, b) => (shape[b]! > shape[a]! ? b : a));
  const rows = sizeOf(axes.filter((axis) => axis < rowRank).map((axis) => shape[axis]!));
  if (!fold.compensated || rows <= rowsPerRun) loops(block, 0, [], foldInto(total));
  else {
    const size = shape[longest]!;
    const perRun = Math.max(1, Math.floor(rowsPerRun / (rows / size)));
    const [part, error] = [scratch(wide, "part"), scratch(wide, "error")];
    clear(block, error);
    const oneRun = (loop: Block, from: Expr, count: number): void => {
      clear(loop, part);
      const outermost = (inner: Block, depth: number, index: readonly Expr[]): void => {
        if (depth !== longest) {
          const each = kept.includes(depth) ? loopEach : loopOver;
          return each(inner, [shape[depth]!], fresh, (rest, [i]) =>
            outermost(rest, depth + 1, [...index, i!]),
          );
        }
        if (depth === rowRank - 2 && rowRank === rank)
          return loops(inner, depth + 1, [...index, from], foldInto(part), count);
        loopOver(inner, [count], fresh, (rest, [r]) =>
          loops(rest, depth + 1, [...index, plus(from, r!)], foldInto(part)),
        );
      };
      outermost(loop, 0, []);
      everywhere(loop, (inner, i) => {
        const before = inner.let(fresh("total"), total.read(i));
        const next = addExactly(inner, fresh, before, inner.let(fresh("x"), part.read(i)), error.read(i));
        error.write(inner, i, next.error);
        total.write(inner, i, next.total);
      });
    };
    const runs = Math.floor(size / perRun);
    block.for(fresh("run"), k.i32(0), k.i32(runs), (loop, run) =>
      oneRun(loop, loop.let(fresh("from"), k.mul(run, k.i32(perRun))), perRun),
    );
    if (runs * perRun < size) oneRun(block, k.i32(runs * perRun), size - runs * perRun);
    everywhere(block, (loop, i) =>
      total.write(
        loop,
        i,
        withError(loop.let(fresh("total"), total.read(i)), loop.let(fresh("error"), error.read(i))),
      ),
    );
  }
  if (total !== out) everywhere(block, (loop, i) => out.write(loop, i, k.convert(type, total.read(i))));
}

function isTrailing(rank: number, axes: readonly number[]): boolean {
  return axes.every((axis, i) => axis === rank - axes.length + i);
}

/** The last axis that is not folded. */
function lastKept(rank: number, axes: readonly number[]): number {
  let axis = rank - 1;
  while (axes.includes(axis)) axis--;
  return axis;
}

/** a + b of places, with what is known added up. */
export function plus(a: Expr, b: Expr): Expr {
  if (a.kind === "const" && a.value === 0) return b;
  if (b.kind === "const" && b.value === 0) return a;
  if (a.kind === "const" && b.kind === "const") return k.i32(a.value + b.value);
  return k.add(a, b);
}
