import type { LowerContext, ReadView, WriteView } from "../ir/primitive.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { otherAxes, range, sizeOf, stridesOf } from "../util/shape.ts";
import { scalarTypeOf } from "../ir/types.ts";

/** Length of the runs that a sum adds up before it adds their sums: keeps the rounding error of long sums small. */
const blockLength = 256;

/** Nested loops over the given axes of a shape; `body` gets the index along each. */
export function loopOver(
  block: Block,
  sizes: readonly number[],
  fresh: (hint: string) => string,
  body: (block: Block, index: readonly Expr[]) => void,
  index: readonly Expr[] = [],
): void {
  const depth = index.length;
  if (depth === sizes.length) return body(block, index);
  if (sizes[depth] === 1) return loopOver(block, sizes, fresh, body, [...index, k.i32(0)]);
  block.for(fresh("ijklmn"[depth] ?? "i"), k.i32(0), k.i32(sizes[depth]!), (inner, i) =>
    loopOver(inner, sizes, fresh, body, [...index, i]),
  );
}

/** Σ index[i] · strides[i], with what is known to be zero left out. */
export function flatIndex(index: readonly Expr[], strides: readonly number[]): Expr {
  let sum: Expr | undefined;
  index.forEach((i, axis) => {
    const stride = strides[axis]!;
    if (i.kind === "const" && i.value * stride === 0) return;
    const term = stride === 1 ? i : k.mul(i, k.i32(stride));
    sum = sum === undefined ? term : k.add(sum, term);
  });
  return sum ?? k.i32(0);
}

/** What folds elements into one: the start and the step. */
interface Fold {
  readonly start: Expr;
  readonly step: (acc: Expr, x: Expr) => Expr;
}

/** Sum over axes; a long run is added up in blocks. */
export function emitSum(context: LowerContext, axes: readonly number[]): void {
  const type = scalarTypeOf(context.ins[0]!.type.dtype);
  emitReduce(
    context,
    axes,
    {
      start: k.constant(type, 0),
      step: (acc, x) => (type === "bool" ? k.or(acc, x) : k.add(acc, x)),
    },
    blockLength,
  );
}

/** Folds the elements along axes into one each. Runs longer than `runLength` are folded in blocks of that length. */
export function emitReduce(
  context: LowerContext,
  axes: readonly number[],
  fold: Fold,
  runLength: number = Infinity,
): void {
  const { block, fresh } = context;
  const x = context.ins[0]!;
  const out = context.outs[0]!;
  const shape = x.type.shape;
  const strides = stridesOf(shape);
  const kept = otherAxes(shape.length, axes);
  const keptSizes = kept.map((axis) => shape[axis]!);
  const outStrides = stridesOf(keptSizes);
  const count = sizeOf(axes.map((axis) => shape[axis]!));
  // Do the elements of each result lie side by side?
  const together = isTrailing(shape.length, axes) || sizeOf(keptSizes) === 1;
  if (!together && count > 0) return accumulateRows(context, axes, fold, count, runLength);
  loopOver(block, keptSizes, fresh, (inner, index) => {
    const base = flatIndex(
      index,
      kept.map((axis) => strides[axis]!),
    );
    const acc = inner.let(fresh("acc"), fold.start);
    if (count > runLength) foldBlocks(inner, fresh, x, base, count, runLength, fold, acc);
    else {
      inner.for(fresh("r"), k.i32(0), k.i32(count), (loop, r) =>
        loop.set(acc, fold.step(acc, x.read(plus(base, r)))),
      );
    }
    out.write(inner, flatIndex(index, outStrides), acc);
  });
}

function foldBlocks(
  block: Block,
  fresh: (hint: string) => string,
  x: ReadView,
  base: Expr,
  count: number,
  runLength: number,
  fold: Fold,
  acc: Expr,
): void {
  const runs = Math.ceil(count / runLength);
  block.for(fresh("run"), k.i32(0), k.i32(runs), (loop, run) => {
    const part = loop.let(fresh("part"), fold.start);
    const from = loop.let(fresh("from"), k.mul(run, k.i32(runLength)));
    const to = loop.let(fresh("to"), k.min(k.add(from, k.i32(runLength)), k.i32(count)));
    loop.for(fresh("r"), from, to, (inner, r) => inner.set(part, fold.step(part, x.read(plus(base, r)))));
    loop.set(acc, fold.step(acc, part));
  });
}

/** Folds whole rows into the result, so that memory is read in order; many rows in blocks, whose results are then folded. */
function accumulateRows(
  { block, fresh, ins, outs, scratch }: LowerContext,
  axes: readonly number[],
  fold: Fold,
  count: number,
  runLength: number,
): void {
  const x = ins[0]!;
  const out = outs[0]!;
  const shape = x.type.shape;
  const strides = stridesOf(shape);
  const kept = otherAxes(shape.length, axes);
  const outStrides = stridesOf(kept.map((axis) => shape[axis]!));
  const n = sizeOf(kept.map((axis) => shape[axis]!));
  const toOut = range(0, shape.length).map((axis) =>
    kept.includes(axis) ? outStrides[kept.indexOf(axis)]! : 0,
  );
  const everywhere = (inner: Block, f: (loop: Block, i: Expr) => void): void =>
    inner.for(fresh("i"), k.i32(0), k.i32(n), f);
  const clear = (inner: Block, target: WriteView): void =>
    everywhere(inner, (loop, i) => target.write(loop, i, fold.start));
  const foldInto = (target: WriteView) => (loop: Block, index: readonly Expr[]) => {
    const place = flatIndex(index, toOut);
    target.write(loop, place, fold.step(target.read(place), x.read(flatIndex(index, strides))));
  };
  clear(block, out);
  if (count <= runLength) return loopOver(block, shape, fresh, foldInto(out));
  const longest = axes.reduce((a, b) => (shape[b]! > shape[a]! ? b : a));
  const size = shape[longest]!;
  const perRun = Math.max(1, Math.floor(runLength / (count / size)));
  const part = scratch(out.type, "part");
  block.for(fresh("run"), k.i32(0), k.i32(Math.ceil(size / perRun)), (loop, run) => {
    clear(loop, part);
    const from = loop.let(fresh("from"), k.mul(run, k.i32(perRun)));
    const to = loop.let(fresh("to"), k.min(k.add(from, k.i32(perRun)), k.i32(size)));
    loopOver(loop, shape.slice(0, longest), fresh, (outer, before) =>
      outer.for(fresh("r"), from, to, (inner, r) =>
        loopOver(inner, shape, fresh, foldInto(part), [...before, r]),
      ),
    );
    everywhere(loop, (inner, i) => out.write(inner, i, fold.step(out.read(i), part.read(i))));
  });
}

function isTrailing(rank: number, axes: readonly number[]): boolean {
  return axes.every((axis, i) => axis === rank - axes.length + i);
}

/** a + b of places, with what is known added up. */
export function plus(a: Expr, b: Expr): Expr {
  if (a.kind === "const" && a.value === 0) return b;
  if (b.kind === "const" && b.value === 0) return a;
  if (a.kind === "const" && b.kind === "const") return k.i32(a.value + b.value);
  return k.add(a, b);
}
