import type { LowerContext, ReadView, RowRule, Scratch, WriteView } from "../ir/primitive.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { neutral } from "../kernel/neutral.ts";
import type { Expr, ReduceOp, ScalarType } from "../kernel/scalar.ts";
import type { Shape } from "../util/shape.ts";
import { otherAxes, range, sizeOf, stridesOf } from "../util/shape.ts";

/** Emits nested loops over the given sizes; `body` receives the index along each axis. */
export function loopOver(
  block: Block,
  sizes: readonly number[],
  fresh: (hint: string) => string,
  body: (block: Block, index: readonly Expr[]) => void,
  index: readonly Expr[] = [],
): void {
  nest(block, sizes, fresh, body, index, "for");
}

/** Emits nested loops whose iterations are independent and may run in any order or in parallel. */
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

/** Σ index[i] · strides[i], without terms that are known to be zero. */
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

/** A reduction and its accumulator type. Sums of float32 accumulate in float64, so that long sums stay accurate. */
interface FoldOperation {
  readonly op: ReduceOp;
  readonly type: ScalarType;
  /** True if the sum compensates rounding errors, as sums of float64 do, because they have no wider type. */
  readonly compensated: boolean;
}

function foldOf(op: ReduceOp, element: ScalarType): FoldOperation {
  if (op !== "add") return { op, type: element, compensated: false };
  return { op, type: element === "f32" ? "f64" : element, compensated: element === "f64" };
}

/**
 * Number of elements per run. One plain loop reduces a run; the results of the runs are then combined. For compensated
 * sums, a run is short, so that its loop loses almost no accuracy.
 */
const runOf = ({ compensated }: FoldOperation): number => (compensated ? 64 : 4096);

/**
 * Number of elements up to which a single loop reduces an array. Parts of it would be too short to repay a loop each.
 */
const fewInParts = 1024;

/**
 * Number of rows that a compensated sum of rows adds before it adds their sum to the total. It equals the number of
 * elements per lane of a run.
 */
const rowsPerRun = 8;

/**
 * Number of rows that are added to the results together, so that the results are read and written once for all of them.
 */
const rowsAtOnce = 8;

/** Emits the sum over axes; for bools, whether any element is true. */
export function emitSum(context: LowerContext, axes: readonly number[]): void {
  const type = scalarTypeOf(context.ins[0]!.type.dtype);
  emitReduce(context, axes, type === "bool" ? "or" : "add");
}

/** Scratch arrays that `emitSum` needs. */
export function sumScratch(x: ArrayType, axes: readonly number[]): readonly Scratch[] {
  return reduceScratch(x, axes, x.dtype === "bool" ? "or" : "add");
}

/**
 * Describes a reduction that reads its operand once, row by row; undefined for other reductions. `place` is true if the
 * rows have one axis, so that the index along each axis is known.
 */
export function readsOnce(x: ArrayType, axes: readonly number[]): { readonly place: boolean } | undefined {
  const { shape } = x;
  if (sizeOf(shape) === 0) return undefined;
  const isRows = isTrailing(shape.length, axes);
  const isOne = sizeOf(otherAxes(shape.length, axes).map((axis) => shape[axis]!)) === 1;
  return isRows || isOne ? { place: isRows && axes.length === 1 } : undefined;
}

/**
 * Rule that turns a reduction of everything after the first `depth` axes into a reduction of one row (see
 * `LoopRules.row`). Undefined unless both reductions use the method `results`.
 */
export function rowOfFold(
  x: ArrayType,
  axes: readonly number[],
  depth: number,
  op: ReduceOp,
): RowRule<{ readonly axes: readonly number[] }> | undefined {
  if (axes[0]! < depth) return undefined;
  const rest = axes.map((axis) => axis - depth);
  const fold = foldOf(op, scalarTypeOf(x.dtype));
  const isByResults =
    methodOf(x, axes, fold) === "results" &&
    methodOf({ ...x, shape: x.shape.slice(depth) }, rest, fold) === "results";
  return isByResults ? { params: { axes: rest }, isRow: [true] } : undefined;
}

/** Returns the element with index `r` of a row of the operand. */
type RowReader = (block: Block, r: Expr) => Expr;

function rowReader(x: ReadView, base: Expr, index: readonly Expr[]): RowReader {
  return (block, r) => {
    const flat = plus(base, r);
    if (x.element === undefined) return x.read(flat);
    return x.element(block, flat, index.length + 1 === x.type.shape.length ? [...index, r] : undefined);
  };
}

/**
 * Reduction method: add whole rows to the results (`rows`), reduce parts and then their results (`parts`), or compute
 * result by result (`results`).
 */
type ReduceMethod = "rows" | "parts" | "results";

function methodOf({ shape }: ArrayType, axes: readonly number[], fold: FoldOperation): ReduceMethod {
  const results = sizeOf(otherAxes(shape.length, axes).map((axis) => shape[axis]!));
  const count = sizeOf(axes.map((axis) => shape[axis]!));
  // True if the elements of each result are contiguous.
  const isTogether = isTrailing(shape.length, axes) || results === 1;
  if (!isTogether && count > 0) return "rows";
  return results === 1 && count > Math.max(runOf(fold), fewInParts) ? "parts" : "results";
}

/** Scratch arrays of a reduction, for partial results. */
export function reduceScratch(x: ArrayType, axes: readonly number[], op: ReduceOp): readonly Scratch[] {
  const type = scalarTypeOf(x.dtype);
  const fold = foldOf(op, type);
  const partial = (name: string, shape: Shape): Scratch => ({
    name,
    type: arrayType(fold.type === "f64" ? "float64" : x.dtype, shape),
  });
  switch (methodOf(x, axes, fold)) {
    case "results":
      return [];
    case "parts":
      return [partial("parts", [Math.ceil(sizeOf(x.shape) / runOf(fold))])];
    case "rows": {
      const merged = mergeAxes(x.shape, axes);
      const kept = otherAxes(merged.shape.length, merged.axes).map((axis) => merged.shape[axis]!);
      if (fold.type !== type) return [partial("total", kept)];
      return isInRuns(merged, fold) ? [partial("part", kept), partial("error", kept)] : [];
    }
  }
}

/** Emits the reduction of the elements along axes. */
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
  const method = methodOf(x.type, axes, fold);
  if (method === "rows") return accumulateRows(context, mergeAxes(shape, axes), fold);
  if (method === "parts")
    return out.write(block, k.i32(0), k.convert(type, foldInParts(context, fold, count)));
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

/** Reduces the elements `from` to `to` (exclusive) of a row to a scalar. */
function foldRun(
  block: Block,
  fresh: (hint: string) => string,
  row: RowReader,
  from: Expr,
  to: Expr,
  { op, type }: FoldOperation,
): Expr {
  return block.reduce(fresh("sum"), op, neutral(op, type), fresh("r"), from, to, (inner, r) =>
    k.convert(type, row(inner, r)),
  );
}

/** Reduces a row of `count` elements to a scalar. */
function foldRow(
  block: Block,
  fresh: (hint: string) => string,
  row: RowReader,
  count: number,
  fold: FoldOperation,
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

/**
 * End of the run that begins at `from`; the last run ends at `count`. If all runs have the same length, the end is
 * always `from` plus this length.
 */
function endOfRun(
  block: Block,
  fresh: (hint: string) => string,
  from: Expr,
  count: number,
  fold: FoldOperation,
): Expr {
  const end = k.add(from, k.i32(runOf(fold)));
  return count % runOf(fold) === 0 ? end : block.let(fresh("to"), k.min(end, k.i32(count)));
}

/** Reduces a long array in parts, possibly in parallel, and then the results of the parts. */
function foldInParts({ block, fresh, ins, scratch }: LowerContext, fold: FoldOperation, count: number): Expr {
  const x = ins[0]!;
  const run = runOf(fold);
  const parts = scratch[0]!;
  const n = parts.type.shape[0]!;
  const first = x.type.shape.slice(1).map(() => k.i32(0)); // the index along the other axes, which have size 1
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

/** Creates a float64 sum that accumulates its rounding errors separately. */
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

/** Adds x to the total, and the rounding error of this addition to the error sum (Knuth, TAOCP 2, 4.2.2). */
function addExactly(
  block: Block,
  fresh: (hint: string) => string,
  total: Expr,
  x: Expr,
  error: Expr,
): { readonly total: Expr; readonly error: Expr } {
  const sum = block.let(fresh("next"), k.add(total, x));
  const seen = block.let(fresh("seen"), k.sub(sum, total)); // the part of x that was added
  const lost = k.add(k.sub(total, k.sub(sum, seen)), k.sub(x, seen));
  return { total: sum, error: block.let(fresh("lost"), k.add(error, lost)) };
}

/** The sum total + error. The error is ignored if it is not finite, as after the addition of an infinite number. */
function withError(total: Expr, error: Expr): Expr {
  return k.select(k.eq(k.sub(error, error), k.f64(0)), k.add(total, error), total);
}

/** A shape, and the axes of it that are reduced. */
interface FoldedShape {
  readonly shape: Shape;
  readonly axes: readonly number[];
}

/** Merges neighbouring axes that are all reduced or all kept. */
function mergeAxes(shape: Shape, axes: readonly number[]): FoldedShape {
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

/** Number of axes before the trailing reduced axes. The trailing axes form a row that is reduced separately. */
function rowRankOf({ shape, axes }: FoldedShape): number {
  let axis = shape.length - 1;
  while (axes.includes(axis)) axis--;
  return axis + 1;
}

/** Reduced axes that are not part of a row, along which whole rows are combined. */
function rowAxes(folded: FoldedShape): readonly number[] {
  return folded.axes.filter((axis) => axis < rowRankOf(folded));
}

/** True if a compensated sum combines more than `rowsPerRun` rows, which it adds in runs. */
function isInRuns(folded: FoldedShape, fold: FoldOperation): boolean {
  return fold.compensated && sizeOf(rowAxes(folded).map((axis) => folded.shape[axis]!)) > rowsPerRun;
}

function isTrailing(rank: number, axes: readonly number[]): boolean {
  return axes.every((axis, i) => axis === rank - axes.length + i);
}

/** Loops by which a reduction combines whole rows. */
interface RowLoops {
  /** Writes loops over the elements of the results. */
  everywhere(block: Block, f: (loop: Block, i: Expr) => void): void;
  /**
   * Writes code that combines rows with the elements of `target`: all rows whose indices along the first axes are
   * `index`. If `rows` is given, it combines that number of consecutive rows at once, beginning with the last entry of
   * `index`.
   */
  into(target: WriteView, block: Block, index: readonly Expr[], rows?: number): void;
  /**
   * Writes code that combines rows with the elements of `target`: the rows at `count` indices along `axis`, from index
   * `from` on.
   */
  someInto(target: WriteView, block: Block, axis: number, from: Expr, count: number): void;
}

function rowLoops({ fresh, ins }: LowerContext, { shape, axes }: FoldedShape, fold: FoldOperation): RowLoops {
  const x = ins[0]!;
  const rank = shape.length;
  const rowRank = rowRankOf({ shape, axes });
  const strides = stridesOf(shape);
  const kept = otherAxes(rank, axes);
  const keptSizes = kept.map((axis) => shape[axis]!);
  const keptStrides = stridesOf(keptSizes);
  const rowCount = sizeOf(shape.slice(rowRank));
  const toOut = range(0, rowRank).map((axis) => (kept.includes(axis) ? keptStrides[kept.indexOf(axis)]! : 0));
  /** Axis along which several rows are read together; undefined if each row is reduced to one number. */
  const severalAxis = rowRank === rank ? rank - 2 : undefined;
  const inLoop = (axis: number): typeof loopEach => (kept.includes(axis) ? loopEach : loopOver); // kept axes: any order

  const foldAt = (target: WriteView, loop: Block, index: readonly Expr[], rows: number): void => {
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
  const into = (target: WriteView, block: Block, index: readonly Expr[], rows = 1): void => {
    const axis = index.length;
    if (axis === rowRank) return foldAt(target, block, index, rows);
    if (axis !== severalAxis || kept.includes(axis) || shape[axis]! < rowsAtOnce)
      return inLoop(axis)(block, [shape[axis]!], fresh, (loop, [i]) =>
        into(target, loop, [...index, i!], rows),
      );
    const blocks = Math.floor(shape[axis]! / rowsAtOnce);
    loopOver(block, [blocks], fresh, (loop, [i]) => {
      const first = loop.let(fresh("row"), k.mul(i!, k.i32(rowsAtOnce)));
      into(target, loop, [...index, first], rowsAtOnce);
    });
    const done = blocks * rowsAtOnce;
    if (done === shape[axis]) return;
    block.for(fresh("r"), k.i32(done), k.i32(shape[axis]!), (loop, r) => into(target, loop, [...index, r]));
  };
  return {
    everywhere: (block, f) => block.forEach(fresh("i"), k.i32(0), k.i32(sizeOf(keptSizes)), f),
    into,
    someInto(target, block, axis, from, count) {
      const outermost = (inner: Block, index: readonly Expr[]): void => {
        const depth = index.length;
        if (depth !== axis)
          return inLoop(depth)(inner, [shape[depth]!], fresh, (loop, [i]) => outermost(loop, [...index, i!]));
        if (depth === severalAxis) return into(target, inner, [...index, from], count);
        loopOver(inner, [count], fresh, (loop, [r]) => into(target, loop, [...index, plus(from, r!)]));
      };
      outermost(block, []);
    },
  };
}

/** Combines whole rows into the results, so that memory is read in order. Compensated sums do this in runs of rows. */
function accumulateRows(context: LowerContext, folded: FoldedShape, fold: FoldOperation): void {
  const { block, ins, outs } = context;
  const type = scalarTypeOf(ins[0]!.type.dtype);
  const out = outs[0]!;
  const loops = rowLoops(context, folded, fold);
  const total = fold.type === type ? out : context.scratch[0]!;
  const start = neutral(fold.op, fold.type);
  loops.everywhere(block, (loop, i) => total.write(loop, i, start));
  if (isInRuns(folded, fold)) addInRuns(context, folded, loops);
  else loops.into(total, block, []);
  if (total !== out) loops.everywhere(block, (loop, i) => out.write(loop, i, k.convert(type, total.read(i))));
}

/**
 * Sums rows in runs, and adds the sum of each run to the total. The rounding errors of these additions are accumulated
 * separately, and added at the end.
 */
function addInRuns(
  { block, fresh, outs, scratch }: LowerContext,
  folded: FoldedShape,
  loops: RowLoops,
): void {
  const { shape } = folded;
  const [total, part, error] = [outs[0]!, scratch[0]!, scratch[1]!];
  const clear = (inner: Block, target: WriteView): void =>
    loops.everywhere(inner, (loop, i) => target.write(loop, i, neutral("add", "f64")));
  const longest = rowAxes(folded).reduce((a, b) => (shape[b]! > shape[a]! ? b : a));
  const rows = sizeOf(rowAxes(folded).map((axis) => shape[axis]!));
  const size = shape[longest]!;
  const perRun = Math.max(1, Math.floor(rowsPerRun / (rows / size)));
  clear(block, error);
  const oneRun = (inner: Block, from: Expr, count: number): void => {
    clear(inner, part);
    loops.someInto(part, inner, longest, from, count);
    loops.everywhere(inner, (loop, i) => {
      const before = loop.let(fresh("total"), total.read(i));
      const next = addExactly(loop, fresh, before, loop.let(fresh("x"), part.read(i)), error.read(i));
      error.write(loop, i, next.error);
      total.write(loop, i, next.total);
    });
  };
  const runs = Math.floor(size / perRun);
  block.for(fresh("run"), k.i32(0), k.i32(runs), (loop, run) =>
    oneRun(loop, loop.let(fresh("from"), k.mul(run, k.i32(perRun))), perRun),
  );
  if (runs * perRun < size) oneRun(block, k.i32(runs * perRun), size - runs * perRun);
  loops.everywhere(block, (loop, i) =>
    total.write(
      loop,
      i,
      withError(loop.let(fresh("total"), total.read(i)), loop.let(fresh("error"), error.read(i))),
    ),
  );
}

/** Sum of two offsets, with constants folded. */
export function plus(a: Expr, b: Expr): Expr {
  if (a.kind === "const" && a.value === 0) return b;
  if (b.kind === "const" && b.value === 0) return a;
  if (a.kind === "const" && b.kind === "const") return k.i32(a.value + b.value);
  return k.add(a, b);
}
