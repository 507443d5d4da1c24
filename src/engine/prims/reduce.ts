import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive, ReadView, Scratch } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType, isFloating, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { neutral } from "../kernel/neutral.ts";
import type { Expr, ReduceOp } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { otherAxes, sizeOf, stridesOf } from "../util/shape.ts";
import { div, equal, less } from "./arithmetic.ts";
import { full, where, zeros } from "./linear.ts";
import {
  emitReduce,
  flatIndex,
  loopEach,
  plus,
  readsOnce,
  reduceScratch,
  rowOfFold,
} from "./reduce-loops.ts";
import type { ReduceParams } from "./shape.ts";
import { broadcast, reducedType, sum } from "./shape.ts";

/** Defines the maximum or minimum along axes; elements that tie share the derivative evenly. */
function defineExtreme(name: string, op: "max" | "min"): Primitive<ReduceParams> {
  const foldOf = ({ dtype }: ArrayType): ReduceOp => (dtype === "bool" ? (op === "max" ? "or" : "and") : op);
  const prim: Primitive<ReduceParams> = builtIn<ReduceParams>({
    name,
    typeOf([x], { axes }) {
      if (sizeOf(axes.map((axis) => x!.shape[axis]!)) === 0) {
        throw new DownhillError(
          "shape",
          `${name}: ${showType(x!)} has no elements along axes [${axes.join()}].`,
        );
      }
      return [reducedType(x!, axes)];
    },
    derivative: {
      kind: "smooth",
      jvp([dx], [x], [out], { axes }) {
        if (dx === undefined) return [undefined];
        // selected away, not multiplied by 0, because the tangent of an element that was not chosen may be infinite
        const best = broadcast(out!, x!.type.shape, otherAxes(x!.type.shape.length, axes));
        const isLeftOut = op === "max" ? less(x!, best) : less(best, x!);
        const [zero, one] = [zeros(dx.type), full(dx.type, 1)];
        const count = sum(where(isLeftOut, zero, one), axes);
        const total = sum(where(isLeftOut, zero, dx), axes);
        // with a NaN, no element is chosen, and the derivative is NaN
        return [div(total, where(equal(out!, out!), count, full(count.type, Number.NaN)))];
      },
    },
    batch: ([x], _, __, { axes }) => ({
      outs: [bind1(prim, [x!], { axes: axes.map((axis) => axis + 1) })],
      batched: [true],
    }),
    lowering: {
      kind: "loops",
      scratch: ({ axes }, [x]) => reduceScratch(x!, axes, foldOf(x!)),
      emit: (context, { axes }) => emitReduce(context, axes, foldOf(context.ins[0]!.type)),
      readsOnce: ({ axes }, [x]) => readsOnce(x!, axes),
    },
    loop: { row: ({ axes }, depth, [x]) => rowOfFold(x!, axes, depth, foldOf(x!)) },
  });
  return prim;
}

const maxPrim: Primitive<ReduceParams> = /* @__PURE__ */ defineExtreme("max", "max");
const minPrim: Primitive<ReduceParams> = /* @__PURE__ */ defineExtreme("min", "min");

/**
 * Maximum along axes; NaN if an element is NaN.
 *
 * @throws DownhillError `shape` if there are no elements along the axes.
 */
export function max(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(maxPrim, [x], { axes });
}

/**
 * Minimum along axes; NaN if an element is NaN.
 *
 * @throws DownhillError `shape` if there are no elements along the axes.
 */
export function min(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(minPrim, [x], { axes });
}

interface ArgParams {
  readonly axis: number;
}

/** Number of elements that are searched per run, and length of the longest row that is searched element by element. */
const [argRun, fewRows] = [4096, 128];

/** Method of finding the index of the largest or smallest element of a row. */
type ArgMethod =
  | "parts" // one long row: its runs in parallel, followed by the best of their extrema
  | "folds" // contiguous rows: the extremum, followed by its first index, both in lanes
  | "rows" // short rows, element by element
  | "columns"; // whole rows are compared with the best so far

function argMethodOf({ shape }: ArrayType, axis: number): ArgMethod {
  const [n, stride] = [shape[axis]!, stridesOf(shape)[axis]!];
  if (n <= fewRows) return "rows";
  if (stride !== 1) return "columns";
  return n > argRun && sizeOf(shape) === n ? "parts" : "folds";
}

/** Dtype in which elements of an array are compared. */
const comparedType = ({ dtype }: ArrayType): DType => (dtype === "bool" ? "int32" : dtype);

function argScratch(x: ArrayType, axis: number): readonly Scratch[] {
  const bests = (n: number): Scratch => ({ name: "bests", type: arrayType(comparedType(x), [n]) });
  switch (argMethodOf(x, axis)) {
    case "parts": {
      const count = Math.ceil(x.shape[axis]! / argRun);
      return [bests(count), { name: "places", type: arrayType("int32", [count]) }];
    }
    case "columns":
      return [bests(stridesOf(x.shape)[axis]!)];
    case "folds":
    case "rows":
      return [];
  }
}

/** Reads the elements of a row by their index, and compares them with the best one so far. */
interface ExtremumComparison {
  readonly op: "max" | "min";
  readonly type: DType;
  read(i: Expr): Expr;
  /** True if the candidate replaces the best element before it: a better number, or the first NaN. */
  isBetter(candidate: Expr, best: Expr): Expr;
}

const isNaNExpr = (value: Expr): Expr => (isFloat(value.type) ? k.ne(value, value) : k.bool(false));

function comparisonOf(x: ReadView, op: "max" | "min"): ExtremumComparison {
  return {
    op,
    type: comparedType(x.type),
    read: (i) => (x.type.dtype === "bool" ? k.convert("i32", x.read(i)) : x.read(i)),
    isBetter(candidate, best) {
      const better = op === "max" ? k.lt(best, candidate) : k.lt(candidate, best);
      return isFloat(best.type) ? k.or(better, k.and(isNaNExpr(candidate), k.not(isNaNExpr(best)))) : better;
    },
  };
}

/** A value and its index. */
type ExtremumCandidate = readonly [value: Expr, place: Expr];

/** Index of the best of the candidates 0 … count − 1. */
function bestOf(
  block: Block,
  { fresh }: LowerContext,
  { isBetter }: ExtremumComparison,
  count: number,
  at: (i: Expr) => ExtremumCandidate,
): Expr {
  const first = at(k.i32(0));
  const [best, place] = [block.let(fresh("best"), first[0]), block.let(fresh("place"), first[1])];
  block.for(fresh("r"), k.i32(1), k.i32(count), (loop, r) => {
    const [value, there] = at(r);
    const candidate = loop.let(fresh("x"), value);
    loop.if(isBetter(candidate, best), (then) => {
      then.set(best, candidate);
      then.set(place, there);
    });
  });
  return place;
}

/** Extremum of the elements `from` to `to` (exclusive) of a row that begins at `base`, and its first index. */
function foldExtreme(
  block: Block,
  { fresh }: LowerContext,
  { op, type, read }: ExtremumComparison,
  base: Expr,
  [from, to]: readonly [Expr, Expr],
): ExtremumCandidate {
  const start = neutral(op, scalarTypeOf(type));
  const best = block.reduce(fresh("best"), op, start, fresh("r"), from, to, (_, r) => read(plus(base, r)));
  const last = k.i32(2 ** 31 - 1);
  const place = block.reduce(fresh("place"), "min", last, fresh("r"), from, to, (loop, r) => {
    const element = loop.let(fresh("x"), read(plus(base, r)));
    return k.select(k.or(k.eq(element, best), isNaNExpr(element)), r, last);
  });
  return [best, place];
}

function emitArgExtreme(context: LowerContext, op: "max" | "min", axis: number): void {
  const x = context.ins[0]!;
  const comparison = comparisonOf(x, op);
  switch (argMethodOf(x.type, axis)) {
    case "parts":
      return argOfParts(context, comparison, x.type.shape[axis]!);
    case "folds":
    case "rows":
      return argOfRows(context, comparison, axis);
    case "columns":
      return argOfColumns(context, comparison, axis);
  }
}

/**
 * Writes the index of the extremum of one long row. It searches the runs of the row, possibly in parallel, and then the
 * results of the runs.
 */
function argOfParts(context: LowerContext, comparison: ExtremumComparison, n: number): void {
  const { block, fresh, outs, scratch } = context;
  const [bests, places] = [scratch[0]!, scratch[1]!];
  const count = bests.type.shape[0]!;
  block.forEach(fresh("run"), k.i32(0), k.i32(count), (loop, run) => {
    const from = loop.let(fresh("from"), k.mul(run, k.i32(argRun)));
    const to = loop.let(fresh("to"), k.min(k.add(from, k.i32(argRun)), k.i32(n)));
    const [best, place] = foldExtreme(loop, context, comparison, k.i32(0), [from, to]);
    bests.write(loop, run, best);
    places.write(loop, run, place);
  });
  const place = bestOf(block, context, comparison, count, (i) => [bests.read(i), places.read(i)]);
  outs[0]!.write(block, k.i32(0), place);
}

/** Writes the index of the extremum of each row, one row after the other. */
function argOfRows(context: LowerContext, comparison: ExtremumComparison, axis: number): void {
  const { block, fresh, ins, outs } = context;
  const { type } = ins[0]!;
  const strides = stridesOf(type.shape);
  const [n, stride] = [type.shape[axis]!, strides[axis]!];
  const kept = otherAxes(type.shape.length, [axis]);
  const keptSizes = kept.map((a) => type.shape[a]!);
  const isFolded = argMethodOf(type, axis) === "folds";
  loopEach(block, keptSizes, fresh, (inner, index) => {
    const from = flatIndex(index, kept.map((a) => strides[a]!)); // prettier-ignore
    const base = from.kind === "const" ? from : inner.let(fresh("from"), from);
    const at = (r: Expr): ExtremumCandidate => [
      comparison.read(r.kind === "const" ? base : plus(base, k.mul(r, k.i32(stride)))),
      r,
    ];
    const place = isFolded
      ? foldExtreme(inner, context, comparison, base, [k.i32(0), k.i32(n)])[1]
      : bestOf(inner, context, comparison, n, at);
    outs[0]!.write(inner, flatIndex(index, stridesOf(keptSizes)), place);
  });
}

/**
 * Writes the index of the extremum of each row, for rows whose elements are not contiguous. It compares one element of
 * every row at a time.
 */
function argOfColumns(
  { block, fresh, ins, outs, scratch }: LowerContext,
  { read, isBetter }: ExtremumComparison,
  axis: number,
): void {
  const { shape } = ins[0]!.type;
  const [n, stride] = [shape[axis]!, stridesOf(shape)[axis]!];
  const [bests, out] = [scratch[0]!, outs[0]!];
  block.for(fresh("block"), k.i32(0), k.i32(sizeOf(shape) / (n * stride)), (outer, i) => {
    const from = outer.let(fresh("from"), k.mul(i, k.i32(n * stride)));
    const start = outer.let(fresh("start"), k.mul(i, k.i32(stride)));
    outer.forEach(fresh("j"), k.i32(0), k.i32(stride), (loop, j) => {
      bests.write(loop, j, read(plus(from, j)));
      out.write(loop, plus(start, j), k.i32(0));
    });
    outer.for(fresh("r"), k.i32(1), k.i32(n), (rows, r) => {
      const row = rows.let(fresh("row"), k.add(from, k.mul(r, k.i32(stride))));
      rows.forEach(fresh("j"), k.i32(0), k.i32(stride), (loop, j) => {
        const candidate = loop.let(fresh("x"), read(plus(row, j)));
        const best = loop.let(fresh("best"), bests.read(j));
        const takes = loop.let(fresh("takes"), isBetter(candidate, best));
        const place = loop.let(fresh("place"), k.select(takes, r, out.read(plus(start, j))));
        bests.write(loop, j, k.select(takes, candidate, best));
        out.write(loop, plus(start, j), place);
      });
    });
  });
}

/** Defines the index of the maximum or minimum along one axis: the first of a tie, or the first NaN. */
function defineArgExtreme(name: string, op: "max" | "min"): Primitive<ArgParams> {
  const prim: Primitive<ArgParams> = builtIn<ArgParams>({
    name,
    typeOf([x], { axis }) {
      if (x!.shape[axis] === 0)
        throw new DownhillError("shape", `${name}: ${showType(x!)} has no elements along axis ${axis}.`);
      return [arrayType("int32", reducedType(x!, [axis]).shape)];
    },
    derivative: { kind: "constant" },
    batch: ([x], _, __, { axis }) => ({ outs: [bind1(prim, [x!], { axis: axis + 1 })], batched: [true] }),
    lowering: {
      kind: "loops",
      scratch: ({ axis }, [x]) => argScratch(x!, axis),
      emit: (context, { axis }) => emitArgExtreme(context, op, axis),
    },
  });
  return prim;
}

const argmaxPrim: Primitive<ArgParams> = /* @__PURE__ */ defineArgExtreme("argmax", "max");
const argminPrim: Primitive<ArgParams> = /* @__PURE__ */ defineArgExtreme("argmin", "min");
export const argmax = (x: Tensor, axis: number): Tensor => bind1(argmaxPrim, [x], { axis });
export const argmin = (x: Tensor, axis: number): Tensor => bind1(argminPrim, [x], { axis });

/** Throws unless the dtype is floating. */
export function requireFloating(name: string, type: ArrayType): void {
  if (!isFloating(type.dtype))
    throw new DownhillError(
      "dtype",
      `${name}: needs floats, not ${showType(type)}. Convert it with astype("float64").`,
    );
}
