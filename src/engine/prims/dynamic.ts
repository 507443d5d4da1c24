import { DownhillError, showType } from "../errors/index.ts";
import type { Primitive } from "../ir/primitive.ts";
import { builtIn, firstInPlace } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { withShape } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import type { Shape } from "../util/shape.ts";
import { sameShape, sizeOf, stridesOf } from "../util/shape.ts";
import { requireNumbers } from "./elementwise.ts";
import { batchAlong } from "./index-ops.ts";
import { addend } from "./addend.ts";
import { instantiate, where, zeros } from "./linear.ts";
import { flatIndex, loopOver, plus } from "./reduce-loops.ts";
import { spread } from "./shape.ts";

/**
 * Parameters of primitives that access a block of an array. The operand `starts` holds the block's position: one
 * integer per axis after the first `lead` axes, which are batch axes. A start is clamped so that the block is within
 * the array.
 */
interface BlockParams {
  readonly lead: number;
}
export interface DynamicSliceParams extends BlockParams {
  readonly sizes: readonly number[];
}

function checkBlock(name: string, x: ArrayType, starts: ArrayType, sizes: Shape, lead: number): void {
  if (starts.dtype !== "int32") {
    throw new DownhillError(
      "dtype",
      `${name}: starts are ${showType(starts)}, not int32. Convert them with astype("int32").`,
    );
  }
  const axes = x.shape.slice(lead);
  if (!sameShape(starts.shape, [...x.shape.slice(0, lead), axes.length])) {
    throw new DownhillError(
      "shape",
      `${name}: starts are ${showType(starts)}; ${showType(x)} needs one for each of ${axes.length} axes.`,
    );
  }
  if (sizes.length !== axes.length || sizes.some((n, a) => n < 0 || n > axes[a]!)) {
    throw new DownhillError(
      "shape",
      `${name}: a block of [${sizes.join()}] does not fit into ${showType(x)}.`,
    );
  }
}

/** A start clamped to 0 … n − size. */
function clampedStart(start: Expr, n: number, size: number): Expr {
  return n === size ? k.i32(0) : k.min(k.max(start, k.i32(0)), k.i32(n - size));
}

const dynamicSlicePrim: Primitive<DynamicSliceParams> = /* @__PURE__ */ builtIn<DynamicSliceParams>({
  name: "dynamicSlice",
  moves: true,
  typeOf([x, starts], { lead, sizes }) {
    checkBlock("dynamicSlice", x!, starts!, sizes, lead);
    return [withShape(x!, [...x!.shape.slice(0, lead), ...sizes])];
  },
  derivative: {
    kind: "linear",
    operands: [0],
    transpose([ct], [, starts], { lead }, into) {
      const x = into[0];
      x?.put(dynamicAdd(x.take(), ct!, starts!, lead), true);
    },
  },
  batch: ([x, starts], batched, size, { lead, sizes }) => ({
    outs: [
      dynamicSlice(
        batched[0] === true ? x! : batchAlong(x!, size),
        batched[1] === true ? starts! : batchAlong(starts!, size),
        sizes,
        lead + 1,
      ),
    ],
    batched: [true],
  }),
  lowering: {
    kind: "map",
    element(at, index, { lead, sizes }, [x]) {
      const item = index.slice(0, lead);
      return at(0, [
        ...item,
        ...index
          .slice(lead)
          .map((i, a) => plus(clampedStart(at(1, [...item, k.i32(a)]), x!.shape[lead + a]!, sizes[a]!), i)),
      ]);
    },
    part({ lead, sizes }, [x]) {
      const { shape } = x!;
      const first = sizes.findIndex((size) => size !== 1);
      const isWhole = sizes.every((size, a) => first < 0 || a <= first || size === shape[a]);
      if (lead > 0 || !isWhole) return undefined;
      return (at) =>
        flatIndex(
          sizes.map((size, a) => clampedStart(at(1, [k.i32(a)]), shape[a]!, size)),
          stridesOf(shape),
        );
    },
  },
});

/** The block of the given sizes that begins at `starts`; see `BlockParams`. */
export function dynamicSlice(x: Tensor, starts: Tensor, sizes: readonly number[], lead = 0): Tensor {
  return bind1(dynamicSlicePrim, [x, starts], { sizes, lead });
}

/**
 * Defines a primitive that combines a block of an array with an update, by replacing the old elements or adding to
 * them.
 */
function defineBlockWriter(
  name: string,
  combine: (old: Expr, update: Expr) => Expr,
  derivative: Primitive<BlockParams>["derivative"],
  /** Returns the update to write when `when` holds; otherwise an update that leaves the array unchanged. */
  guarded: (update: Tensor, when: Tensor, ins: readonly Tensor[], params: BlockParams) => Tensor,
): Primitive<BlockParams> {
  const prim: Primitive<BlockParams> = builtIn<BlockParams>({
    name,
    typeOf([x, update, starts], { lead }) {
      checkBlock(name, x!, starts!, update!.shape.slice(lead), lead);
      if (update!.dtype !== x!.dtype || !sameShape(update!.shape.slice(0, lead), x!.shape.slice(0, lead))) {
        throw new DownhillError(
          "dtype",
          `${name}: the block is ${showType(update!)}, and the array ${showType(x!)}; they must be of one dtype.`,
        );
      }
      return [x!];
    },
    derivative,
    guard: (params) => (ins, when) => [
      bind1(prim, [ins[0]!, guarded(ins[1]!, when, ins, params), ins[2]!], params),
    ],
    batch(ins, batched, size, { lead }) {
      const all = ins.map((operand, i) => (batched[i] === true ? operand : batchAlong(operand, size)));
      return { outs: [bind1(prim, all, { lead: lead + 1 })], batched: [true] };
    },
    lowering: {
      kind: "loops",
      inPlace: () => firstInPlace,
      emit({ block, fresh, ins, outs, copy }, { lead }) {
        const [x, update, starts] = [ins[0]!, ins[1]!, ins[2]!];
        const out = outs[0]!;
        const { shape } = x.type;
        const axes = shape.length - lead;
        copy(block, out, x);
        const sizes = update.type.shape;
        if (sizeOf(sizes) === 0) return;
        const items = shape.slice(0, lead);
        loopOver(block, items, fresh, (outer, item) => {
          const from = shape.slice(lead).map((n, a) => {
            const at = flatIndex([...item, k.i32(a)], stridesOf([...items, axes]));
            return outer.let(fresh("start"), clampedStart(starts.read(at), n, sizes[lead + a]!));
          });
          loopOver(outer, sizes.slice(lead), fresh, (loop, index) => {
            const target = loop.let(
              fresh("at"),
              flatIndex([...item, ...index.map((i, a) => plus(from[a]!, i))], stridesOf(shape)),
            );
            const value = update.read(flatIndex([...item, ...index], stridesOf(sizes)));
            out.write(loop, target, combine(out.read(target), value));
          });
        });
      },
    },
  });
  return prim;
}

const dynamicUpdatePrim: Primitive<BlockParams> = /* @__PURE__ */ defineBlockWriter(
  "dynamicUpdate",
  (_, update) => update,
  {
    kind: "linear",
    operands: [0, 1],
    jvp: ([dx, du], [x, update, starts], { lead }) => [
      (dx ?? du) && dynamicUpdate(instantiate(dx, x!.type), instantiate(du, update!.type), starts!, lead),
    ],
    transpose([ct], [, update, starts], { lead }, into) {
      const type = into[1]?.type ?? update!.type;
      into[1]?.add(dynamicSlice(ct!, starts!, type.shape.slice(lead), lead)); // read before it is overwritten
      into[0]?.add(dynamicUpdate(ct!, zeros(type), starts!, lead), true);
    },
  },
  (update, when, [x, , starts], { lead }) => {
    const { shape } = update;
    return where(spread(when, shape), update, dynamicSlice(x!, starts!, shape.slice(lead), lead));
  },
);

/** x with the block that begins at `starts` replaced by `update`; see `BlockParams`. */
export function dynamicUpdate(x: Tensor, update: Tensor, starts: Tensor, lead = 0): Tensor {
  return bind1(dynamicUpdatePrim, [x, update, starts], { lead });
}

const dynamicAddPrim: Primitive<BlockParams> = /* @__PURE__ */ defineBlockWriter(
  "dynamicAdd",
  (old, update) => k.add(old, update),
  {
    kind: "linear",
    operands: [0, 1],
    jvp: ([dx, du], [x, update, starts], { lead }) => [
      dx && du === undefined
        ? dx
        : dynamicAdd(instantiate(dx, x!.type), instantiate(du, update!.type), starts!, lead),
    ],
    transpose([ct], [, update, starts], { lead }, into) {
      const type = into[1]?.type ?? update!.type;
      into[0]?.add(ct!);
      into[1]?.add(dynamicSlice(ct!, starts!, type.shape.slice(lead), lead));
    },
  },
  addend,
);

/** x with `update` added to the block that begins at `starts`; see `BlockParams`. */
export function dynamicAdd(x: Tensor, update: Tensor, starts: Tensor, lead = 0): Tensor {
  requireNumbers("dynamicAdd", x.type);
  return bind1(dynamicAddPrim, [x, update, starts], { lead });
}
