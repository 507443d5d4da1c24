import { DownhillError, showType } from "../errors/index.ts";
import type { LowerContext, Primitive, ReadView, Scratch, WriteView } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, scalarTypeOf, withShape } from "../ir/types.ts";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Dim, Expr, BufferPointer } from "../kernel/scalar.ts";
import { bind1 } from "../trace/bind.ts";
import { must } from "../util/assert-never.ts";
import type { Shape } from "../util/shape.ts";
import { range, sizeOf, stridesOf } from "../util/shape.ts";
import { joinTypes, requireNumbers } from "./elementwise.ts";
import { moveAxis, reverse } from "./index-ops.ts";
import { sumMaybe } from "./linear.ts";
import { flatIndex, loopEach, plus } from "./reduce-loops.ts";
import { permute, reshape } from "./shape.ts";

/**
 * Parameters of a convolution in the sense of neural networks (a correlation). The images `x` have the shape `[items,
 * channels, …space]`, the windows `w` `[outputs, channels / groups, …window]`. Each list has one entry per spatial
 * axis.
 *
 * `y[n, o, s] = Σ_{i, k} w[o, i, k] · x̂[n, g + i, s · stride + k · rhsDilation]`
 *
 * Here x̂ is x with `lhsDilation − 1` zeros between neighbours and `padding` zeros before and after; negative padding
 * crops. The first channel of the group of o is g.
 */
export interface ConvolveParams {
  readonly strides: readonly number[];
  readonly padding: readonly (readonly [low: number, high: number])[];
  readonly lhsDilation: readonly number[];
  readonly rhsDilation: readonly number[];
  readonly groups: number;
}

/** Length of a row of n elements after inserting `dilation − 1` zeros between neighbours; 0 if n is 0. */
function dilated(n: number, dilation: number): number {
  return n === 0 ? 0 : (n - 1) * dilation + 1;
}

/** Sizes of the padded and dilated images x̂ along the spatial axes. */
function paddedSizes(space: Shape, { padding, lhsDilation }: ConvolveParams): number[] {
  return space.map((n, a) => padding[a]![0] + dilated(n, lhsDilation[a]!) + padding[a]![1]);
}

/** Sizes of the result along the spatial axes; 0 if the window is larger than the padded image. */
function outSizes(space: Shape, window: Shape, params: ConvolveParams): number[] {
  return paddedSizes(space, params).map((n, a) =>
    Math.max(0, Math.floor((n - dilated(window[a]!, params.rhsDilation[a]!)) / params.strides[a]!) + 1),
  );
}

function convolvedType([x, w]: readonly ArrayType[], params: ConvolveParams): ArrayType {
  const [images, windows] = [x!, w!];
  const [, channels, ...space] = images.shape;
  const [outputs, depth, ...window] = windows.shape;
  const { groups } = params;
  if (images.shape.length !== windows.shape.length || images.shape.length < 3) {
    throw new DownhillError(
      "shape",
      `convolve: images ${showType(images)} and windows ${showType(windows)} must have the same number of axes, 3 or more.`,
    );
  }
  if (depth! * groups !== channels || outputs! % groups !== 0) {
    throw new DownhillError(
      "shape",
      `convolve: images ${showType(images)} have ${channels!} channels and windows ${showType(windows)} take ${depth!} in each of ${groups} groups, for ${outputs!} outputs.`,
    );
  }
  const { dtype, weak } = joinTypes(
    "convolve",
    [images, windows].map((type) => arrayType(type.dtype, [], type.weak)),
  );
  requireNumbers("convolve", images);
  return arrayType(dtype, [images.shape[0]!, outputs!, ...outSizes(space, window, params)], weak);
}

const convolvePrim: Primitive<ConvolveParams> = /* @__PURE__ */ builtIn<ConvolveParams>({
  name: "convolve",
  typeOf: (ins, params) => [convolvedType(ins, params)],
  derivative: {
    kind: "smooth",
    jvp: ([dx, dw], [x, w], _, params) => [
      sumMaybe(dx && convolve(dx, w!, params), dw && convolve(x!, dw, params)),
    ],
    transpose([ct], [x, w], params, into) {
      if (sizeOf(ct!.shape) === 0) return; // an empty result has no cotangent
      into[0]?.add(transposeImages(ct!, w!, into[0].type.shape, params));
      into[1]?.add(transposeWindows(ct!, x!, into[1].type.shape, params));
    },
  },
  batch([x, w], [xBatched, wBatched], size, params) {
    const { groups } = params;
    if (wBatched !== true) {
      // fold the batch into the items
      const [, items, ...rest] = x!.shape;
      const out = convolve(reshape(x!, [size * items!, ...rest]), w!, params);
      return { outs: [reshape(out, [size, items!, ...out.shape.slice(1)])], batched: [true] };
    }
    const [, outputs, depth, ...window] = w!.shape;
    if (xBatched !== true) {
      // more outputs in each group
      const apart = reshape(w!, [size, groups, outputs! / groups, depth!, ...window]);
      const windows = reshape(moveAxis(apart, 0, 1), [
        groups * size * (outputs! / groups),
        depth!,
        ...window,
      ]);
      const out = convolve(x!, windows, params);
      const [items, , ...space] = out.shape;
      const split = reshape(out, [items!, groups, size, outputs! / groups, ...space]);
      return { outs: [reshape(moveAxis(split, 2, 0), [size, items!, outputs!, ...space])], batched: [true] };
    }
    // more groups
    const [, items, channels, ...space] = x!.shape;
    const out = convolve(
      reshape(moveAxis(x!, 0, 1), [items!, size * channels!, ...space]),
      reshape(w!, [size * outputs!, depth!, ...window]),
      { ...params, groups: size * groups },
    );
    const split = reshape(out, [items!, size, outputs!, ...out.shape.slice(2)]);
    return { outs: [moveAxis(split, 1, 0)], batched: [true] };
  },
  lowering: { kind: "loops", scratch: scratchOf, emit: emitConvolve },
  cost: "high",
});

/** Cotangent of x: the result's cotangent, dilated by the strides, convolved with the reversed windows. */
function transposeImages(ct: Tensor, w: Tensor, shape: Shape, params: ConvolveParams): Tensor {
  const { strides, lhsDilation, rhsDilation, groups } = params;
  const [outputs, depth, ...window] = w.shape;
  const space = shape.slice(2);
  // input and output channels are swapped within each group
  const apart = moveAxis(reshape(w, [groups, outputs! / groups, depth!, ...window]), 1, 2);
  const turned = reverse(reshape(apart, [groups * depth!, outputs! / groups, ...window]), range(2, w.ndim));
  return convolve(ct, turned, {
    strides: lhsDilation,
    lhsDilation: strides,
    rhsDilation,
    groups,
    padding: space.map((n, a) => {
      const reach = dilated(window[a]!, rhsDilation[a]!);
      const low = reach - 1 - params.padding[a]![0];
      const spread = dilated(ct.shape[a + 2]!, strides[a]!);
      return [low, dilated(n, lhsDilation[a]!) + reach - 1 - spread - low];
    }),
  });
}

/** Cotangent of w: x convolved with the result's cotangent, with items as channels. */
function transposeWindows(ct: Tensor, x: Tensor, shape: Shape, params: ConvolveParams): Tensor {
  const { strides, lhsDilation, rhsDilation, groups } = params;
  const [items, channels, ...space] = x.shape;
  const window = shape.slice(2);
  // x as [channels of a group, groups · items, …]
  const apart = reshape(x, [items!, groups, channels! / groups, ...space]);
  const rest = range(3, apart.ndim);
  const images = reshape(permute(apart, [2, 1, 0, ...rest]), [channels! / groups, groups * items!, ...space]);
  const out = convolve(images, moveAxis(ct, 0, 1), {
    strides: rhsDilation,
    lhsDilation,
    rhsDilation: strides,
    groups,
    padding: space.map((n, a) => {
      const low = params.padding[a]![0];
      const spread = dilated(ct.shape[a + 2]!, strides[a]!);
      return [low, spread - dilated(n, lhsDilation[a]!) + dilated(window[a]!, rhsDilation[a]!) - low - 1];
    }),
  });
  return moveAxis(out, 1, 0);
}

/**
 * Maximum number of elements of padded images copied at once, so that they fit in the processor's caches. A larger
 * image is copied alone.
 */
const paddedElements = 32768;

/** True if images are neither padded nor dilated and are therefore read without a copy. */
function needsNoCopy(space: Shape, { padding, lhsDilation }: ConvolveParams): boolean {
  return (
    padding.every(([low, high]) => low === 0 && high === 0) &&
    lhsDilation.every((d, a) => d === 1 || space[a]! < 2)
  );
}

/** Scratch memory for the padded images that are copied at once. */
function scratchOf(params: ConvolveParams, ins: readonly ArrayType[]): readonly Scratch[] {
  const [x] = ins;
  const [items, channels, ...space] = x!.shape;
  if (needsNoCopy(space, params) || sizeOf(convolvedType(ins, params).shape) === 0) return [];
  const image = [channels!, ...paddedSizes(space, params)];
  const atOnce = Math.min(items!, Math.max(1, Math.floor(paddedElements / sizeOf(image))));
  return [{ name: "padded", type: withShape(x!, [atOnce, ...image]) }];
}

/**
 * Emits the convolution as contractions of the windows with overlapping views of the image. Padded or dilated images
 * are copied first, a few at a time.
 */
function emitConvolve(context: LowerContext, params: ConvolveParams): void {
  const { block, fresh } = context;
  const [x, w] = context.ins as readonly [WriteView, WriteView];
  const [padded] = context.scratch;
  const out = context.outs[0]!;
  if (sizeOf(out.type.shape) === 0) return;
  const [items, channels, ...space] = x.type.shape;
  const sizes = paddedSizes(space, params);
  const start = ({ buffer, offset }: WriteView): BufferPointer => ({
    buffer: must(buffer, "the memory of a convolution"),
    offset: offset ?? k.i32(0),
  });
  const places = out.type.shape.slice(2);
  const strides = {
    out: stridesOf(out.type.shape),
    left: stridesOf(w.type.shape),
    image: stridesOf([channels!, ...sizes]),
  };
  const offsetBy = ({ buffer, offset }: BufferPointer, by: number): BufferPointer => ({
    buffer,
    offset: plus(offset, k.i32(by)),
  });
  const product = (into: Block, right: BufferPointer, outStart: BufferPointer, sharedItems: number): void => {
    for (const { start: first, count, from, taps } of segmentsOf(
      space,
      w.type.shape.slice(2),
      places,
      params,
    )) {
      const at = (first * params.strides[0]! + from * params.rhsDilation[0]!) * strides.image[1]!;
      into.contract({
        name: fresh("conv"),
        type: scalarTypeOf(out.type.dtype),
        out: offsetBy(outStart, first * strides.out[2]!),
        left: offsetBy(start(w), from * strides.left[2]!),
        right: offsetBy(right, at),
        dims: dimsOf(sharedItems, w.type.shape, places, [channels!, ...sizes], params, { count, taps }),
        accumulate: false,
      });
    }
  };
  if (padded === undefined) return product(block, start(x), start(out), items!);
  const atOnce = padded.type.shape[0]!;
  const outItem = sizeOf(out.type.shape.slice(1));
  const outStart = start(out);
  fill(block, context, padded, 0);
  /** Writes the convolution of `count` images, beginning with image number `first`. */
  const some = (inner: Block, first: Expr, count: number): void => {
    inner.for(fresh("item"), k.i32(0), k.i32(count), (loop, item) =>
      copySpread(loop, context, padded, x, { from: plus(first, item), to: item }, params),
    );
    const offset = plus(outStart.offset, outItem === 1 ? first : k.mul(first, k.i32(outItem)));
    product(inner, start(padded), { buffer: outStart.buffer, offset: inner.let(fresh("o"), offset) }, count);
  };
  const runs = Math.floor(items! / atOnce);
  // a loop of one iteration would keep the work apart from the work around it
  if (runs === 1) some(block, k.i32(0), atOnce);
  else
    block.for(fresh("run"), k.i32(0), k.i32(runs), (loop, run) =>
      some(loop, loop.let(fresh("first"), k.mul(run, k.i32(atOnce))), atOnce),
    );
  const rest = items! - runs * atOnce;
  if (rest > 0) some(block, k.i32(items! - rest), rest);
}

/**
 * Consecutive output positions along the first spatial axis that use the same elements of the window: `taps` elements,
 * starting with element `from`.
 */
interface Segment {
  readonly start: number;
  readonly count: number;
  readonly from: number;
  readonly taps: number;
}

/** Maximum number of segments; each is a separate contraction in the code. */
const mostSegments = 10;

/**
 * Maximum number of segments whose neighbours are compared for joining. If a long window yields more, groups of
 * consecutive segments are joined first.
 */
const mostCompared = 64;

const workOf = ({ count, taps }: Segment): number => count * taps;

/** Joins two neighbouring segments; the result uses the window elements of both. */
function joined(a: Segment, b: Segment): Segment {
  const from = Math.min(a.from, b.from);
  const taps = Math.max(a.from + a.taps, b.from + b.taps) - from;
  return { start: a.start, count: a.count + b.count, from, taps };
}

/**
 * Splits the output positions along the first spatial axis by the window elements that meet the image rather than
 * padding. Returns one segment if splitting saves less than a fifth of the work, and for images that are dilated or not
 * padded along this axis. Also returns one segment if an output position meets only padding.
 */
function segmentsOf(
  space: Shape,
  window: Shape,
  places: Shape,
  { padding, strides, lhsDilation, rhsDilation }: ConvolveParams,
): readonly Segment[] {
  const [n, taps, count] = [space[0]!, window[0]!, places[0]!];
  const whole: Segment = { start: 0, count, from: 0, taps };
  const [low, high] = padding[0]!;
  if (lhsDilation[0] !== 1 || (low <= 0 && high <= 0)) return [whole];
  // images are long and padding is short, so equal neighbours are merged immediately
  const runs: Segment[] = [];
  for (let start = 0; start < count; start++) {
    const first = start * strides[0]! - low;
    const from = Math.max(0, Math.ceil(-first / rhsDilation[0]!));
    const end = Math.min(taps, Math.floor((n - 1 - first) / rhsDilation[0]!) + 1);
    if (end <= from) return [whole];
    const before = runs.at(-1);
    if (before?.from === from && before.taps === end - from)
      runs.splice(-1, 1, { ...before, count: before.count + 1 });
    else runs.push({ start, count: 1, from, taps: end - from });
  }
  const inGroup = Math.ceil(runs.length / mostCompared);
  const segments = range(0, Math.ceil(runs.length / inGroup)).map((i) =>
    runs.slice(i * inGroup, (i + 1) * inGroup).reduce(joined),
  );
  /** Number of additional products if segments i and i + 1 are joined. */
  const added = (i: number): number => {
    const [a, b] = [segments[i]!, segments[i + 1]!];
    return workOf(joined(a, b)) - workOf(a) - workOf(b);
  };
  for (;;) {
    const next = range(0, segments.length - 1);
    const best = next.reduce((a, b) => (added(b) < added(a) ? b : a), 0);
    if (segments.length === 1 || (segments.length <= mostSegments && added(best) > 0)) break;
    segments.splice(best, 2, joined(segments[best]!, segments[best + 1]!));
  }
  const work = segments.reduce((sum, segment) => sum + workOf(segment), 0);
  return work <= 0.8 * workOf(whole) ? segments : [whole];
}

/**
 * Dimensions of the contraction for one segment, in order: groups, outputs per group, items and positions, channels per
 * group and window elements. Dimensions of size 1 are left out.
 */
function dimsOf(
  items: number,
  windows: Shape,
  places: Shape,
  image: Shape,
  { strides, rhsDilation, groups }: ConvolveParams,
  { count, taps }: Pick<Segment, "count" | "taps">,
): Dim<number>[] {
  const [outputs, depth, ...window] = windows;
  const windowStrides = stridesOf(windows);
  const imageStrides = stridesOf(image);
  const outStrides = stridesOf([outputs!, ...places]);
  const perGroup = outputs! / groups;
  const dims: Dim<number>[] = [
    {
      role: "batch",
      size: groups,
      out: perGroup * outStrides[0]!,
      left: perGroup * windowStrides[0]!,
      right: depth! * imageStrides[0]!,
    },
    { role: "row", size: perGroup, out: outStrides[0]!, left: windowStrides[0]!, right: 0 },
    { role: "column", size: items, out: outputs! * outStrides[0]!, left: 0, right: sizeOf(image) },
    ...places.map((size, a): Dim<number> => ({
      role: "column",
      size: a === 0 ? count : size,
      out: outStrides[a + 1]!,
      left: 0,
      right: strides[a]! * imageStrides[a + 1]!,
    })),
    { role: "sum", size: depth!, out: 0, left: windowStrides[1]!, right: imageStrides[0]! },
    ...window.map((size, a): Dim<number> => ({
      role: "sum",
      size: a === 0 ? taps : size,
      out: 0,
      left: windowStrides[a + 2]!,
      right: rhsDilation[a]! * imageStrides[a + 1]!,
    })),
  ];
  return dims.filter((dim) => dim.size !== 1);
}

function fill(block: Block, { fresh }: LowerContext, target: WriteView, value: number): void {
  const n = sizeOf(target.type.shape);
  block.forEach(fresh("i"), k.i32(0), k.i32(n), (loop, i) =>
    target.write(loop, i, k.constant(scalarTypeOf(target.type.dtype), value)),
  );
}

/**
 * Copies image number `item.from` of x into padded image number `item.to`. Zeros before, after and between the elements
 * stay.
 */
function copySpread(
  block: Block,
  { fresh }: LowerContext,
  padded: WriteView,
  x: ReadView,
  item: { readonly from: Expr; readonly to: Expr },
  { padding, lhsDilation }: ConvolveParams,
): void {
  const [, channels, ...space] = x.type.shape;
  const strides = stridesOf(x.type.shape);
  const [, , ...sizes] = padded.type.shape;
  const [paddedItem, ...paddedStrides] = stridesOf(padded.type.shape);
  // the first element and the number of elements that are not cropped, per axis
  const first = space.map((_, a) => Math.max(0, Math.ceil(-padding[a]![0] / lhsDilation[a]!)));
  const count = space.map((n, a) => {
    const last = Math.floor((sizes[a]! - 1 - padding[a]![0]) / lhsDilation[a]!);
    return Math.max(0, Math.min(n - 1, last) - first[a]! + 1);
  });
  const from = first.reduce((sum, i, a) => sum + i * strides[a + 2]!, 0);
  const to = first.reduce(
    (sum, i, a) => sum + (padding[a]![0] + i * lhsDilation[a]!) * paddedStrides[a + 1]!,
    0,
  );
  const base = block.let(fresh("x"), plus(k.mul(item.from, k.i32(strides[0]!)), k.i32(from)));
  const target = block.let(fresh("to"), plus(k.mul(item.to, k.i32(paddedItem!)), k.i32(to)));
  loopEach(block, [channels!, ...count], fresh, (loop, index) =>
    padded.write(
      loop,
      plus(
        target,
        flatIndex(index, [paddedStrides[0]!, ...lhsDilation.map((d, a) => d * paddedStrides[a + 1]!)]),
      ),
      x.read(plus(base, flatIndex(index, strides.slice(1)))),
    ),
  );
}

/** Convolution of images with windows; see `ConvolveParams`. */
export function convolve(x: Tensor, w: Tensor, params: ConvolveParams): Tensor {
  return bind1(convolvePrim, [x, w], params);
}
