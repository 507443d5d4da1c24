import { DownhillError, showType } from "../errors/index.ts";
import type { BlockCopy, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import { scalarTypeOf, withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind, bind1 } from "../trace/bind.ts";
import type { Shape } from "../util/shape.ts";
import { sizeOf } from "../util/shape.ts";
import { batchAlong, fewMoved, part } from "./index-ops.ts";
import { zeros } from "./linear.ts";
import { flatIndex, loopEach, plus } from "./reduce-loops.ts";

export interface ConcatenateParams {
  readonly axis: number;
}

const concatenation: Omit<Primitive<ConcatenateParams>, "name" | "lowering"> = {
  moves: true,
  typeOf(ins, { axis }) {
    const first = ins[0]!;
    for (const x of ins) {
      if (
        x.dtype !== first.dtype ||
        x.shape.length !== first.shape.length ||
        x.shape.some((n, i) => i !== axis && n !== first.shape[i])
      ) {
        throw new DownhillError(
          "shape",
          `concatenate: ${showType(x)} does not fit ${showType(first)} along axis ${axis}.`,
        );
      }
    }
    const total = ins.reduce((n, x) => n + x.shape[axis]!, 0);
    return [
      withShape(
        first,
        first.shape.map((n, i) => (i === axis ? total : n)),
      ),
    ];
  },
  derivative: {
    kind: "linear",
    operands: "all",
    transpose([ct], ins, { axis }, into) {
      const sizes = into.map((x, i) => (x?.type ?? ins[i]!.type).shape[axis]!);
      const cts = split(ct!, axis, sizes);
      into.forEach((x, i) => x?.add(cts[i]!));
    },
  },
  batch: (ins, batched, size, { axis }) => ({
    outs: [
      concatenate(
        ins.map((x, i) => (batched[i] === true ? x : batchAlong(x, size))),
        axis + 1,
      ),
    ],
    batched: [true],
  }),
  copies(params, ins) {
    const sizes = ins.map(({ shape }) => shape[params.axis]!);
    return copiesOfPieces(concatenation.typeOf(ins, params)[0]!.shape, params.axis, sizes, "join");
  },
};

/**
 * Concatenation of many arrays, with one loop per operand. Choosing the operand for each element would take time
 * proportional to the number of operands.
 */
const concatenateMany: Primitive<ConcatenateParams> = /* @__PURE__ */ concatenationBy("concatenateMany", {
  kind: "loops",
  emit({ block, fresh, ins, outs }, { axis }) {
    const out = outs[0]!;
    const outer = sizeOf(out.type.shape.slice(0, axis));
    const inner = sizeOf(out.type.shape.slice(axis + 1));
    const row = out.type.shape[axis]! * inner;
    let start = 0;
    for (const x of ins) {
      const run = x.type.shape[axis]! * inner;
      const first = start;
      start += run;
      if (outer * run === 0) continue;
      loopEach(block, [outer, run], fresh, (loop, place) =>
        out.write(loop, plus(flatIndex(place, [row, 1]), k.i32(first)), x.read(flatIndex(place, [run, 1]))),
      );
    }
  },
});

/**
 * Concatenation of few arrays as a `map`: each element of the result selects its operand. Consumers can therefore
 * compute the elements in their own loops, which are split at the boundaries between the operands.
 */
const concatenateFew: Primitive<ConcatenateParams> = /* @__PURE__ */ concatenationBy("concatenate", {
  kind: "map",
  element(at, index, { axis }, ins, out) {
    let start = 0;
    const pieces = ins.flatMap(({ shape }, operand) => {
      const first = start;
      start += shape[axis]!;
      const place = index.map((i, a) => (a === axis && first > 0 ? k.sub(i, k.i32(first)) : i));
      return shape[axis] === 0 ? [] : [{ end: start, value: (): Expr => at(operand, place) }];
    });
    const nothing = k.constant(scalarTypeOf(out.dtype), 0);
    return pieces.reduceRight(
      (rest, { end, value }) =>
        end === out.shape[axis] ? value() : k.select(k.lt(index[axis]!, k.i32(end)), value(), rest),
      nothing,
    );
  },
});

function concatenationBy(
  name: string,
  lowering: Primitive<ConcatenateParams>["lowering"],
): Primitive<ConcatenateParams> {
  return builtIn({ ...concatenation, name, lowering });
}

/** Largest number of arrays that `concatenateFew` joins. */
const few = 4;
/**
 * Length of the last axis below which `concatenate` copies with one loop per operand, unless it joins along the last
 * axis.
 */
const shortRow = 16;

/** Number of pieces above which the host copies blocks regardless of their size, and `split` is a single equation. */
const manyPieces = 16;

/**
 * Block copies between an array and its pieces along an axis: out of it (`split`) or into it (`join`). Undefined if a
 * kernel is faster.
 */
function copiesOfPieces(
  whole: Shape,
  axis: number,
  sizes: readonly number[],
  kind: "split" | "join",
): readonly BlockCopy[] | undefined {
  if (sizes.length <= manyPieces && sizeOf(whole) > fewMoved) return undefined;
  const inner = sizeOf(whole.slice(axis + 1));
  const [count, row] = [sizeOf(whole.slice(0, axis)), whole[axis]! * inner];
  let start = 0;
  return sizes.map((size, piece): BlockCopy => {
    const [place, length] = [start, size * inner];
    start += length;
    return kind === "split"
      ? { operand: 0, result: piece, from: place, to: 0, length, count, fromStep: row, toStep: length }
      : { operand: piece, result: 0, from: 0, to: place, length, count, fromStep: length, toStep: row };
  });
}

/** Concatenates arrays along an axis. */
export function concatenate(xs: readonly Tensor[], axis: number): Tensor {
  if (xs.length === 1) return xs[0]!;
  const rank = xs[0]!.shape.length;
  const isLong = axis === rank - 1 || (xs[0]!.shape[rank - 1] ?? 0) >= shortRow;
  return bind1(xs.length <= few && isLong ? concatenateFew : concatenateMany, xs, { axis });
}

export interface SplitParams {
  readonly axis: number;
  /** Sizes of the parts along the axis; they sum to the axis size. */
  readonly sizes: readonly number[];
}

const splitPrim: Primitive<SplitParams> = /* @__PURE__ */ builtIn<SplitParams>({
  name: "split",
  moves: true,
  typeOf: ([x], { axis, sizes }) => sizes.map((size) => withShape(x!, x!.shape.with(axis, size))),
  derivative: {
    kind: "linear",
    operands: "all",
    transpose(cts, _, { axis, sizes }, into) {
      const x = into[0];
      if (x === undefined) return;
      const parts = cts.map((ct, i) => ct ?? zeros(withShape(x.type, x.type.shape.with(axis, sizes[i]!))));
      // parts that were not read do not contribute to the derivative
      x.add(concatenate(parts, axis), cts.includes(undefined));
    },
  },
  batch: ([x], _, __, { axis, sizes }) => ({
    outs: bind(splitPrim, [x!], { axis: axis + 1, sizes }),
    batched: sizes.map(() => true),
  }),
  copies: ({ axis, sizes }, [x]) => copiesOfPieces(x!.shape, axis, sizes, "split"),
  lowering: {
    kind: "loops",
    emit({ block, fresh, ins, outs }, { axis, sizes }) {
      const x = ins[0]!;
      const outer = sizeOf(x.type.shape.slice(0, axis));
      const inner = sizeOf(x.type.shape.slice(axis + 1));
      const row = x.type.shape[axis]! * inner;
      let start = 0;
      sizes.forEach((size, i) => {
        const [first, run] = [start, size * inner];
        start += run;
        if (outer * run === 0) return;
        loopEach(block, [outer, run], fresh, (loop, place) =>
          outs[i]!.write(
            loop,
            flatIndex(place, [run, 1]),
            x.read(plus(flatIndex(place, [row, 1]), k.i32(first))),
          ),
        );
      });
    },
  },
});

/**
 * Splits x into parts of these sizes along an axis. Few parts become slices, which consumers compute in their own
 * loops. For many parts, the work and that of the derivatives is linear in their number.
 */
export function split(x: Tensor, axis: number, sizes: readonly number[]): Tensor[] {
  if (sizes.length > manyPieces) return [...bind(splitPrim, [x], { axis, sizes })];
  let start = 0;
  return sizes.map((size) => part(x, axis, start, (start += size)));
}
