import type { ArrayType } from "../../engine/ir/types.ts";
import { arrayType } from "../../engine/ir/types.ts";
import type {
  BroadcastParams,
  ConcatenateParams,
  ConvolveParams,
  DotParams,
  DynamicSliceParams,
  ReduceParams,
  ReshapeParams,
  SetParams,
  SplitParams,
  TakeParams,
  TransposeParams,
  WindowParams,
} from "../../engine/prims/index.ts";
import type { IotaParams, PadParams, SliceParams } from "../../engine/prims/index-ops.ts";
import type { FullParams } from "../../engine/prims/linear.ts";
import type { TriangleParams } from "../../engine/prims/linear-algebra.ts";
import { otherAxes, range, sizeOf, stridesOf } from "../../engine/util/shape.ts";
import type { EquationWriter, EquationOperands } from "./form.ts";
import { randomBits, randomUnit, threefry } from "./draws.ts";
import { convert } from "./elementwise.ts";
import { cast, counted, expanded, reshaped, sliced, transposed, wrapped } from "./form.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { elementTypeOf, unless } from "./graph-builder.ts";
import { linearRecurrence, runningExtreme } from "./recurrences.ts";
import { writeFormula } from "./write-formula.ts";

const full: EquationWriter = ({ g, outs }, { value, dtype, shape }: FullParams) => {
  const one = g.scalar(elementTypeOf(dtype), value);
  return outs[0]!.shape.length === 0 ? g.node("Identity", [one]) : expanded(g, one, shape);
};

const iota: EquationWriter = ({ g }, { dtype, shape, axis }: IotaParams) => {
  const places = counted(g, shape[axis]!);
  const type = elementTypeOf(dtype);
  const numbers = type === "int64" ? places : cast(g, places, type);
  return expanded(g, along(g, numbers, shape, axis), shape);
};

/** Reshapes a vector to an array whose other axes have size 1. */
function along(g: GraphBuilder, x: string, shape: readonly number[], axis: number): string {
  return reshaped(g, x, shape.map((n, a) => (a === axis ? n : 1))); // prettier-ignore
}

const broadcast: EquationWriter = ({ g, ins, types }, { shape, axes }: BroadcastParams) => {
  const sizes = shape.map((_, axis) => (axes.includes(axis) ? types[0]!.shape[axes.indexOf(axis)]! : 1));
  return expanded(g, reshaped(g, ins[0]!, sizes), shape);
};

/**
 * Wraps a writer of numeric operators so that it also accepts booleans, which it converts to int32, because engines
 * have few kernels for booleans.
 */
function byNumbers(form: EquationWriter): EquationWriter {
  return (operands, params) => {
    const { g, ins, types, outs } = operands;
    if (types[0]!.dtype !== "bool") return form(operands, params);
    const out = form({ ...operands, ins: ins.map((x) => cast(g, x, "int32")) }, params) as string;
    return outs[0]!.dtype === "bool" ? cast(g, out, "bool") : out;
  };
}

function reduction(op: string): EquationWriter {
  return byNumbers(({ g, ins }, { axes }: ReduceParams) =>
    g.node(op, [ins[0]!, g.ints(axes)], { keepdims: 0 }),
  );
}

function placeOfExtreme(op: string): EquationWriter {
  return ({ g, ins, types }, { axis }: { readonly axis: number }) => {
    const { dtype } = types[0]!;
    // float64 represents every int32 and uint32
    const x = dtype === "float32" || dtype === "float64" ? ins[0]! : cast(g, ins[0]!, "float64");
    return cast(g, g.node(op, [x], { axis, keepdims: 0 }), "int32");
  };
}

const cumsum: EquationWriter = ({ g, ins }, params: { readonly axis: number; readonly reverse: boolean }) => {
  const axis = g.scalar("int64", params.axis);
  return g.node("CumSum", [ins[0]!, axis], params.reverse ? { reverse: 1 } : {});
};

/**
 * Writes the lower or upper triangle of each matrix, with its diagonal multiplied by `diagonal`. Other elements are 0.
 */
const triangle: EquationWriter = ({ g, ins, types }, { lower, diagonal }: TriangleParams) => {
  const part = (x: string, upper: boolean, offset: number): string =>
    g.node("Trilu", [x, g.scalar("int64", offset)], { upper: upper ? 1 : 0 });
  const x = ins[0]!;
  if (diagonal === 1) return part(x, !lower, 0);
  const beside = part(x, !lower, lower ? -1 : 1);
  if (diagonal === 0) return beside;
  const own = part(part(x, true, 0), false, 0);
  return writeFormula(g, elementTypeOf(types[0]!.dtype), "x + y * part", {
    x: beside,
    y: own,
    part: diagonal,
  });
};

/**
 * Creates the writer of a bit shift by y modulo 32 bits. `formula` computes the result in 64-bit integers from x and
 * the power of two p = 2^y.
 */
function shift(formula: string): EquationWriter {
  return ({ g, ins, types, outs }) => {
    const { dtype } = outs[0]!;
    const [x, y] = ins.map((value, i) => (types[i]!.dtype === "uint32" ? value : cast(g, value, "int64"))) as [string, string]; // prettier-ignore
    const count = g.node("Mod", [y, g.scalar("int64", 32)]);
    const p = g.node("Pow", [g.scalar("int64", 2), count]);
    const moved = wrapped(g, writeFormula(g, "int64", formula, { x, p }));
    return convert({ g, ins: [moved], types: [arrayType("uint32", outs[0]!.shape)], outs }, {
      dtype,
    } as never);
  };
}

/**
 * Writes a product of arrays as a product of matrices. Two matrices of floats with one contracted axis are multiplied
 * by a `Gemm`, which engines optimise best. Otherwise it is a `MatMul` of operands whose batch, free and contracted
 * axes are merged.
 */
const dotGeneral: EquationWriter = ({ g, ins, types }, { contract, batch, order }: DotParams) => {
  const [left, right] = types as readonly [ArrayType, ArrayType];
  const isPlain = left.shape.length === 2 && right.shape.length === 2 && contract[0].length === 1;
  const isFloat = left.dtype === "float32" || left.dtype === "float64";
  if (isPlain && isFloat && batch[0].length === 0 && order === undefined) {
    return g.node("Gemm", ins, {
      ...(contract[0][0] === 0 && { transA: 1 }),
      ...(contract[1][0] === 1 && { transB: 1 }),
    });
  }
  const sizes = (operand: number, axes: readonly number[]): number[] =>
    axes.map((axis) => types[operand]!.shape[axis]!);
  const free = types.map(({ shape }, i) => otherAxes(shape.length, [...contract[i]!, ...batch[i]!]));
  const batches = sizes(0, batch[0]);
  const matrices = ([0, 1] as const).map((i) => {
    const [rows, columns] = i === 0 ? [free[0]!, contract[0]] : [contract[1], free[1]!];
    const ordered = transposed(g, ins[i]!, [...batch[i], ...rows, ...columns]);
    return reshaped(g, ordered, [...batches, sizeOf(sizes(i, rows)), sizeOf(sizes(i, columns))]);
  });
  const out = reshaped(g, g.node("MatMul", matrices), [
    ...batches,
    ...sizes(0, free[0]!),
    ...sizes(1, free[1]!),
  ]);
  return order === undefined ? out : transposed(g, out, order);
};

/**
 * Pads with zeros before, after and between elements; negative numbers before and after crop. For padding between
 * elements, each element becomes its own row along each axis, which is then padded.
 */
function padded(
  g: GraphBuilder,
  x: string,
  { dtype, shape }: ArrayType,
  { low, high, interior }: PadParams,
): string {
  const zero = g.scalar(elementTypeOf(dtype), 0);
  const pad = (value: string, before: readonly number[], after: readonly number[]): string => {
    const all = [...before, ...after];
    return all.every((n) => n === 0) ? value : g.node("Pad", [value, g.ints(all), zero]);
  };
  const gaps = interior.map((gap, axis) => (shape[axis] === 0 ? 0 : gap));
  if (gaps.every((gap) => gap === 0)) return pad(x, low, high);
  const apart = reshaped(g, x, shape.flatMap((n) => [n, 1])); // prettier-ignore
  const filled = pad(apart, gaps.flatMap(() => [0, 0]), gaps.flatMap((gap) => [0, gap])); // prettier-ignore
  const long = reshaped(g, filled, shape.map((n, axis) => n * (gaps[axis]! + 1))); // prettier-ignore
  return pad(long, low, high.map((n, axis) => n - gaps[axis]!)); // prettier-ignore
}

const convolve: EquationWriter = ({ g, ins, types }, params: ConvolveParams) => {
  const { strides, padding, lhsDilation, rhsDilation, groups } = params;
  const [x, w] = ins as [string, string];
  const isIrregular = lhsDilation.some((n) => n > 1) || padding.flat().some((n) => n < 0);
  const [low, high] = [padding.map(([n]) => n), padding.map(([, n]) => n)];
  const images = isIrregular
    ? padded(g, x, types[0]!, {
        low: [0, 0, ...low],
        high: [0, 0, ...high],
        interior: [0, 0, ...lhsDilation.map((n) => n - 1)],
      })
    : x;
  return g.node("Conv", [images, w], {
    ...unless("strides", strides, 1),
    ...unless("dilations", rhsDilation, 1),
    ...(isIrregular ? {} : unless("pads", [...low, ...high], 0)),
    ...(groups === 1 ? {} : { group: groups }),
  });
};

/** Normalises an index along an axis of n: negative ones count from the end, those out of range are clamped. */
function clamped(g: GraphBuilder, places: string, type: ArrayType, n: number): string {
  const x = type.dtype === "uint32" ? places : cast(g, places, "int64");
  return writeFormula(g, "int64", "Min(Max(x < 0 ? x + n : x, 0), last)", { x, n, last: n - 1 });
}

const take: EquationWriter = ({ g, ins, types }, { axis }: TakeParams) =>
  g.node("Gather", [ins[0]!, clamped(g, ins[1]!, types[1]!, types[0]!.shape[axis]!)], { axis });

/**
 * Creates the writer of a scatter along an axis. It combines rows of updates with the rows of an array at given
 * indices; `none` overwrites them, and of equal indices the last wins. The axis is moved to the front and back.
 */
function rowWriter(how: "add" | "max" | "min" | "none"): EquationWriter {
  return ({ g, ins, types }, { axis, isUnique, isWide = false }: TakeParams & Partial<SetParams>) => {
    const [x, places, updates] = types as readonly [ArrayType, ArrayType, ArrayType];
    const rank = places.shape.length;
    const others = otherAxes(x.shape.length, [axis]);
    const wide = (value: string): string => (isWide ? cast(g, value, "float64") : value);
    const rows = wide(transposed(g, ins[0]!, [axis, ...others]));
    const moved = [...range(axis, axis + rank), ...otherAxes(updates.shape.length, range(axis, axis + rank))];
    const count = sizeOf(places.shape);
    const rest = others.map((a) => x.shape[a]!);
    const at = reshaped(g, clamped(g, ins[1]!, places, x.shape[axis]!), [count]);
    const changes = wide(reshaped(g, transposed(g, ins[2]!, moved), [count, ...rest]));
    const last = how === "none" && isUnique !== true ? lastOf(g, at, count, x.shape[axis]!) : undefined;
    const out = g.node(
      "ScatterND",
      [
        rows,
        reshaped(g, at, [count, 1]),
        last === undefined ? changes : g.node("Gather", [changes, last], { axis: 0 }),
      ],
      { reduction: how },
    );
    return transposed(g, isWide ? cast(g, out, x.dtype) : out, x.shape.map((_, a) => (a === axis ? 0 : a < axis ? a + 1 : a))); // prettier-ignore
  };
}

/**
 * Returns, for each of `count` indices, the number (0 to `count` − 1) of the last index equal to it. The order in which
 * an engine writes to equal indices is undefined, so all of them write the same row.
 */
function lastOf(g: GraphBuilder, places: string, count: number, n: number): string {
  const none = expanded(g, g.scalar("int64", 0), [n]);
  const numbers = counted(g, count);
  const last = g.node("ScatterND", [none, reshaped(g, places, [count, 1]), numbers], { reduction: "max" });
  return g.node("Gather", [last, places], { axis: 0 });
}

const takeAlong: EquationWriter = ({ g, ins, types }, { axis }: TakeParams) =>
  g.node("GatherElements", [ins[0]!, clamped(g, ins[1]!, types[1]!, types[0]!.shape[axis]!)], { axis });

const scatterAddAlong: EquationWriter = ({ g, ins, types }, { axis }: TakeParams) => {
  const places = clamped(g, ins[1]!, types[1]!, types[0]!.shape[axis]!);
  return g.node("ScatterElements", [ins[0]!, places, ins[2]!], { axis, reduction: "add" });
};

/** Returns for each element of a block its index in the flattened array. Blocks are clamped to the array. */
function blockPlaces(
  { g }: Pick<EquationOperands, "g">,
  starts: string,
  shape: readonly number[],
  sizes: readonly number[],
  lead: number,
): string {
  const strides = stridesOf(shape);
  const most = sizes.map((n, axis) => shape[lead + axis]! - n);
  // [lead…, axes] · strides: offset of each block
  const parts = writeFormula(g, "int64", "Min(Max(int64(x), 0), most) * strides", {
    x: starts,
    most: g.ints(most),
    strides: g.ints(strides.slice(lead)),
  });
  const first = g.node("ReduceSum", [parts, g.ints([lead])], { keepdims: 0 });
  const whole = [...shape.slice(0, lead), ...sizes];
  const begin = reshaped(g, first, whole.map((n, axis) => (axis < lead ? n : 1))); // prettier-ignore
  return whole.reduce(
    (x, n, axis) =>
      writeFormula(g, "int64", "x + y * stride", {
        x,
        y: along(g, counted(g, n), whole, axis),
        stride: strides[axis]!,
      }),
    begin,
  );
}

const dynamicSlice: EquationWriter = (operands, { lead, sizes }: DynamicSliceParams) => {
  const { g, ins, types } = operands;
  const { shape } = types[0]!;
  const places = blockPlaces(operands, ins[1]!, shape, sizes, lead);
  return g.node("Gather", [reshaped(g, ins[0]!, [sizeOf(shape)]), places], { axis: 0 });
};

function blockWriter(mode: "none" | "add"): EquationWriter {
  return (operands, { lead }: { readonly lead: number }) => {
    const { g, ins, types } = operands;
    const [x, update] = types as readonly [ArrayType, ArrayType];
    const places = blockPlaces(operands, ins[2]!, x.shape, update.shape.slice(lead), lead);
    const count = sizeOf(update.shape);
    const row = reshaped(g, ins[0]!, [sizeOf(x.shape)]);
    const changes = reshaped(g, ins[1]!, [count]);
    const out = g.node("ScatterND", [row, reshaped(g, places, [count, 1]), changes], { reduction: mode });
    return reshaped(g, out, x.shape);
  };
}

const argsort: EquationWriter = /* @__PURE__ */ byNumbers(
  ({ g, ins }, { axis, descending, count }: { axis: number; descending: boolean; count: number }) =>
    cast(
      g,
      g.nodes("TopK", [ins[0]!, g.ints([count])], 2, { axis, largest: descending ? 1 : 0 })[1]!,
      "int32",
    ),
);

/** Splits the shape of an array into the number of planes and the spatial axes over which windows move. */
function planesOf({ shape }: ArrayType, rank: number): { readonly planes: number; readonly space: number[] } {
  return { planes: sizeOf(shape.slice(0, shape.length - rank)), space: shape.slice(shape.length - rank) };
}

/**
 * Returns, for each spatial axis, the number of positions by which the last window extends beyond the end of the array.
 * It is negative if the window ends before it.
 */
function overhang(
  { window, strides, dilation, low, sizes }: WindowParams,
  space: readonly number[],
): number[] {
  return space.map(
    (n, a) => (sizes[a]! - 1) * strides[a]! + (window[a]! - 1) * dilation[a]! + 1 - low[a]! - n,
  );
}

/** Writes window sums axis by axis, as sums of strided slices. */
const windowSum: EquationWriter = (operands, params: WindowParams) => {
  const { g, ins, types } = operands;
  const { window, strides, dilation, low, sizes } = params;
  const { shape } = types[0]!;
  const lead = shape.length - window.length;
  const zeros = range(0, lead).map(() => 0);
  const high = overhang(params, shape.slice(lead));
  const start = padded(g, ins[0]!, types[0]!, {
    low: [...zeros, ...low],
    high: [...zeros, ...high],
    interior: shape.map(() => 0),
  });
  const lengths = shape.map((n, axis) => (axis < lead ? n : n + low[axis - lead]! + high[axis - lead]!));
  return window.reduce((value, count, w) => {
    const axis = lead + w;
    const terms = range(0, count).map((k) => {
      const from = k * dilation[w]!;
      const starts = lengths.map((_, i) => (i === axis ? from : 0));
      const ends = lengths.map((n, i) => (i === axis ? from + (sizes[w]! - 1) * strides[w]! + 1 : n));
      return sliced(g, value, starts, ends, lengths.map((_, i) => (i === axis ? strides[w]! : 1))); // prettier-ignore
    });
    lengths[axis] = sizes[w]!;
    return terms.reduce((sum, term) => g.node("Add", [sum, term]));
  }, start);
};

/**
 * Writes operators that compute the largest element of each window, and its index among the elements of its image and
 * channel.
 */
const windowMax: EquationWriter = ({ g, ins, types, outs }, params: WindowParams) => {
  const { window, strides, dilation, low } = params;
  const { planes, space } = planesOf(types[0]!, window.length);
  // windows that do not reach the end leave fewer positions than a stride
  const high = overhang(params, space).map((n) => Math.max(n, 0));
  const [best, places] = g.nodes("MaxPool", [reshaped(g, ins[0]!, [planes, 1, ...space])], 2, {
    kernel_shape: window,
    ...unless("strides", strides, 1),
    ...unless("dilations", dilation, 1),
    ...unless("pads", [...low, ...high], 0),
  });
  const inPlane = writeFormula(g, "int64", "int32(Mod(x, size))", {
    x: places!,
    size: Math.max(1, sizeOf(space)),
  });
  return [reshaped(g, best!, outs[0]!.shape), reshaped(g, inPlane, outs[1]!.shape)];
};

const windowTake: EquationWriter = ({ g, ins, types, outs }, { window }: WindowParams) => {
  const { planes, space } = planesOf(types[0]!, window.length);
  const rows = reshaped(g, ins[0]!, [planes, sizeOf(space)]);
  const places = reshaped(g, cast(g, ins[1]!, "int64"), [
    planes,
    sizeOf(outs[0]!.shape) / Math.max(1, planes),
  ]);
  return reshaped(g, g.node("GatherElements", [rows, places], { axis: 1 }), outs[0]!.shape);
};

const windowPut: EquationWriter = ({ g, ins, types, outs }, { window }: WindowParams) => {
  const { planes, space } = planesOf(outs[0]!, window.length);
  const each = [planes, sizeOf(types[0]!.shape) / Math.max(1, planes)];
  const zeros = expanded(g, g.scalar(elementTypeOf(outs[0]!.dtype), 0), [planes, sizeOf(space)]);
  const values = reshaped(g, ins[0]!, each);
  const places = reshaped(g, cast(g, ins[1]!, "int64"), each);
  const out = g.node("ScatterElements", [zeros, places, values], { axis: 1, reduction: "add" });
  return reshaped(g, out, outs[0]!.shape);
};

const concatenate: EquationWriter = ({ g, ins }, { axis }: ConcatenateParams) =>
  g.node("Concat", ins, { axis });

/** Writers of primitives without a formula, by name. */
export const arrayForms: ReadonlyMap<string, EquationWriter> = /* @__PURE__ */ makeArrayForms();

function makeArrayForms(): ReadonlyMap<string, EquationWriter> {
  const forms: Readonly<Record<string, EquationWriter>> = {
    full,
    iota,
    broadcast,
    reshape: ({ g, ins }, { shape }: ReshapeParams) => reshaped(g, ins[0]!, shape),
    transpose: ({ g, ins }, { axes }: TransposeParams) => transposed(g, ins[0]!, axes),
    sum: reduction("ReduceSum"),
    max: reduction("ReduceMax"),
    min: reduction("ReduceMin"),
    argmax: placeOfExtreme("ArgMax"),
    argmin: placeOfExtreme("ArgMin"),
    cumsum,
    cummax: runningExtreme("maximum"),
    cummin: runningExtreme("minimum"),
    linearRecurrence,
    triangle,
    leftShift: shift("x * p"),
    rightShift: shift("(x - Mod(x, p)) / p"), // the remainder has the sign of p, so the division is exact
    dotGeneral,
    convolve,
    slice: ({ g, ins }, { starts, limits, strides }: SliceParams) =>
      sliced(g, ins[0]!, starts, limits, strides),
    pad: ({ g, ins, types }, params: PadParams) => padded(g, ins[0]!, types[0]!, params),
    reverse: ({ g, ins, types }, { axes }: { readonly axes: readonly number[] }) => {
      const { shape } = types[0]!;
      const isReversed = (axis: number): boolean => axes.includes(axis);
      return sliced(
        g,
        ins[0]!,
        shape.map((n, axis) => (isReversed(axis) ? n - 1 : 0)),
        shape.map((n, axis) => (isReversed(axis) ? -n - 1 : n)), // before the first element
        shape.map((_, axis) => (isReversed(axis) ? -1 : 1)),
      );
    },
    concatenate,
    concatenateMany: concatenate,
    split: ({ g, ins }, { axis, sizes }: SplitParams) =>
      g.nodes("Split", [ins[0]!, g.ints(sizes)], sizes.length, { axis }),
    take,
    scatterAdd: rowWriter("add"),
    scatterSet: rowWriter("none"),
    scatterMax: rowWriter("max"),
    scatterMin: rowWriter("min"),
    placeWithin: ({ g, ins, types }, { n }: { readonly n: number }) =>
      cast(g, clamped(g, ins[0]!, types[0]!, n), "int32"),
    takeAlong,
    scatterAddAlong,
    dynamicSlice,
    dynamicUpdate: blockWriter("none"),
    dynamicAdd: blockWriter("add"),
    argsort,
    windowSum,
    windowMax,
    windowTake,
    windowPut,
    convert,
    wholePlace: (operands) => convert(operands, { dtype: "int32" } as never),
    threefry,
    randomBits,
    randomUnit,
  };
  return new Map(Object.entries(forms));
}
