import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, isFloating, scalarTypeOf } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { neutral } from "../kernel/neutral.ts";
import type { Expr } from "../kernel/scalar.ts";
import { isFloat } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { otherAxes, sizeOf, stridesOf } from "../util/shape.ts";
import { div, equal, less } from "./arithmetic.ts";
import { full, where, zeros } from "./linear.ts";
import { emitReduce, flatIndex, loopEach, plus, readsOnce } from "./reduce-loops.ts";
import type { ReduceParams } from "./shape.ts";
import { broadcast, reducedType, sum } from "./shape.ts";

/** The largest or smallest element along axes; ties share the derivative evenly. */
function extreme(name: string, op: "max" | "min"): Primitive<ReduceParams> {
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
        // left out, not multiplied by 0: the tangent of what was not chosen may be infinite
        const best = broadcast(out!, x!.type.shape, otherAxes(x!.type.shape.length, axes));
        const isLeftOut = op === "max" ? less(x!, best) : less(best, x!);
        const [zero, one] = [zeros(dx.type), full(dx.type, 1)];
        const count = sum(where(isLeftOut, zero, one), axes);
        const total = sum(where(isLeftOut, zero, dx), axes);
        // a NaN leaves none out: no element is the largest, and the derivative is NaN
        return [div(total, where(equal(out!, out!), count, full(count.type, Number.NaN)))];
      },
    },
    batch: ([x], _, __, { axes }) => ({
      outs: [bind1(prim, [x!], { axes: axes.map((axis) => axis + 1) })],
      batched: [true],
    }),
    lowering: {
      kind: "loops",
      emit(context, { axes }) {
        const type = scalarTypeOf(context.ins[0]!.type.dtype);
        emitReduce(context, axes, type === "bool" ? (op === "max" ? "or" : "and") : op);
      },
      readsOnce: ({ axes }, [x]) => readsOnce(x!, axes),
    },
  });
  return prim;
}

const maxPrim: Primitive<ReduceParams> = /* @__PURE__ */ extreme("max", "max");
const minPrim: Primitive<ReduceParams> = /* @__PURE__ */ extreme("min", "min");

/** Largest element along axes; NaN if there is one. */
export function max(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(maxPrim, [x], { axes });
}

/** Smallest element along axes; NaN if there is one. */
export function min(x: Tensor, axes: readonly number[]): Tensor {
  return axes.length === 0 ? x : bind1(minPrim, [x], { axes });
}

interface ArgParams {
  readonly axis: number;
}

/** Elements of a row that are looked through at once, and how many are so few that one after the other is quicker. */
const [argRun, fewRows] = [4096, 128];

/**
 * Where elements of a row lie side by side, the extremum is folded first, and then the first place that has it: both in lanes.
 * Else whole rows are compared with the best so far.
 */
function emitArgExtreme(context: LowerContext, op: "max" | "min", axis: number): void {
  const { block, fresh, ins, outs, scratch } = context;
  const [x, out] = [ins[0]!, outs[0]!];
  const { shape, dtype } = x.type;
  const strides = stridesOf(shape);
  const [n, stride] = [shape[axis]!, strides[axis]!];
  const kept = otherAxes(shape.length, [axis]);
  const keptSizes = kept.map((a) => shape[a]!);
  const isBool = dtype === "bool";
  const type = isBool ? "int32" : dtype;
  const read = (i: Expr): Expr => (isBool ? k.convert("i32", x.read(i)) : x.read(i));
  const isNaN = (value: Expr): Expr => (isFloat(value.type) ? k.ne(value, value) : k.bool(false));
  /** Whether an element takes the place of the best before it: a number that is better, or the first NaN. */
  const isBetter = (candidate: Expr, best: Expr): Expr => {
    const better = op === "max" ? k.lt(best, candidate) : k.lt(candidate, best);
    return isFloat(best.type) ? k.or(better, k.and(isNaN(candidate), k.not(isNaN(best)))) : better;
  };
  const eachResult = (f: (inner: Block, base: Expr, result: Expr) => void): void =>
    loopEach(block, keptSizes, fresh, (inner, index) => {
      const base = flatIndex(index, kept.map((a) => strides[a]!)); // prettier-ignore
      f(
        inner,
        base.kind === "const" ? base : inner.let(fresh("from"), base),
        flatIndex(index, stridesOf(keptSizes)),
      );
    });
  /** The best of the candidates number 1 … count − 1 and the one that is given, and its place. */
  const following = (
    inner: Block,
    count: number,
    first: readonly [value: Expr, place: Expr],
    at: (i: Expr) => readonly [value: Expr, place: Expr],
  ): Expr => {
    const [best, place] = [inner.let(fresh("best"), first[0]), inner.let(fresh("place"), first[1])];
    inner.for(fresh("r"), k.i32(1), k.i32(count), (loop, r) => {
      const [value, there] = at(r);
      const candidate = loop.let(fresh("x"), value);
      loop.if(isBetter(candidate, best), (then) => {
        then.set(best, candidate);
        then.set(place, there);
      });
    });
    return place;
  };
  /** The extremum of the elements number `from` … `to − 1` of a row, and the first place that has it. */
  const fold = (inner: Block, base: Expr, from: Expr, to: Expr): readonly [best: Expr, place: Expr] => {
    const scalar = scalarTypeOf(type);
    const best = inner.reduce(fresh("best"), op, neutral(op, scalar), fresh("r"), from, to, (_, r) =>
      read(plus(base, r)),
    );
    const last = k.i32(2 ** 31 - 1);
    const place = inner.reduce(fresh("place"), "min", last, fresh("r"), from, to, (loop, r) => {
      const element = loop.let(fresh("x"), read(plus(base, r)));
      return k.select(k.or(k.eq(element, best), isNaN(element)), r, last);
    });
    return [best, place];
  };

  if (stride === 1 && sizeOf(keptSizes) === 1 && n > argRun) {
    const count = Math.ceil(n / argRun);
    const bests = scratch(arrayType(type, [count]), "bests");
    const places = scratch(arrayType("int32", [count]), "places");
    block.forEach(fresh("run"), k.i32(0), k.i32(count), (loop, run) => {
      const from = loop.let(fresh("from"), k.mul(run, k.i32(argRun)));
      const to = loop.let(fresh("to"), k.min(k.add(from, k.i32(argRun)), k.i32(n)));
      const [best, place] = fold(loop, k.i32(0), from, to);
      bests.write(loop, run, best);
      places.write(loop, run, place);
    });
    const at = (i: Expr): readonly [Expr, Expr] => [bests.read(i), places.read(i)];
    return out.write(block, k.i32(0), following(block, count, at(k.i32(0)), at));
  }
  if (stride === 1 && n > fewRows) {
    return eachResult((inner, base, result) =>
      out.write(inner, result, fold(inner, base, k.i32(0), k.i32(n))[1]),
    );
  }
  if (n <= fewRows || stride === 1) {
    return eachResult((inner, base, result) => {
      const at = (r: Expr): readonly [Expr, Expr] => [read(plus(base, k.mul(r, k.i32(stride)))), r];
      out.write(inner, result, following(inner, n, [read(base), k.i32(0)], at));
    });
  }
  const bests = scratch(arrayType(type, [stride]), "bests");
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

/** The place of the largest or smallest element along one axis: the first of a tie, or that of the first NaN. */
function argExtreme(name: string, op: "max" | "min"): Primitive<ArgParams> {
  const prim: Primitive<ArgParams> = builtIn<ArgParams>({
    name,
    typeOf([x], { axis }) {
      if (x!.shape[axis] === 0)
        throw new DownhillError("shape", `${name}: ${showType(x!)} has no elements along axis ${axis}.`);
      return [arrayType("int32", reducedType(x!, [axis]).shape)];
    },
    derivative: { kind: "constant" },
    batch: ([x], _, __, { axis }) => ({ outs: [bind1(prim, [x!], { axis: axis + 1 })], batched: [true] }),
    lowering: { kind: "loops", emit: (context, { axis }) => emitArgExtreme(context, op, axis) },
  });
  return prim;
}

const argmaxPrim: Primitive<ArgParams> = /* @__PURE__ */ argExtreme("argmax", "max");
const argminPrim: Primitive<ArgParams> = /* @__PURE__ */ argExtreme("argmin", "min");
export const argmax = (x: Tensor, axis: number): Tensor => bind1(argmaxPrim, [x], { axis });
export const argmin = (x: Tensor, axis: number): Tensor => bind1(argminPrim, [x], { axis });

/** Whether a reduction over this type makes sense as a mean. */
export function requireFloating(name: string, type: ArrayType): void {
  if (!isFloating(type.dtype))
    throw new DownhillError(
      "dtype",
      `${name}: needs floats, not ${showType(type)}. Convert it with astype("float64").`,
    );
}
