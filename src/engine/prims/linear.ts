import { DownhillError, showType } from "../errors/index.ts";
import { hostStorage } from "../ir/host-memory.ts";
import type { Maybe, Primitive } from "../ir/primitive.ts";
import { builtIn } from "../ir/primitive.ts";
import type { Equation, Var } from "../ir/program.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import { arrayType, isFloating, scalarTypeOf } from "../ir/types.ts";
import * as k from "../kernel/build.ts";
import type { Expr } from "../kernel/scalar.ts";
import { makeArray } from "../kernel/executable.ts";
import { bind1, isStaging } from "../trace/bind.ts";
import type { Shape } from "../util/shape.ts";
import { sameShape, sizeOf } from "../util/shape.ts";
import { joinTypes, requireNumbers } from "./elementwise.ts";

export interface FullParams {
  readonly value: number;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly weak: boolean;
}

const fullPrim: Primitive<FullParams> = /* @__PURE__ */ builtIn<FullParams>({
  name: "full",
  typeOf: (_, { dtype, shape, weak }) => [arrayType(dtype, shape, weak)],
  derivative: { kind: "constant" },
  batch: (_, __, ___, params) => ({ outs: [bind1(fullPrim, [], params)], batched: [false] }),
  lowering: { kind: "map", element: (_, __, { value, dtype }) => k.constant(scalarTypeOf(dtype), value) },
  cost: "free",
  algebra: { constant: (_, { value }) => value },
  loop: { row: (params, depth) => ({ params: { ...params, shape: params.shape.slice(depth) }, isRow: [] }) },
});

/** Builds the equation that fills `out` with `value`. */
export function fullEquation(out: Var, value: number): Equation {
  const { dtype, shape, weak } = out.type;
  return { prim: fullPrim, params: { value, dtype, shape, weak }, ins: [], outs: [out] };
}

/** An array of this type filled with `value`: an equation while tracing, otherwise a concrete tensor. */
export function full(type: ArrayType, value: number): Tensor {
  const element = castNumber(type.dtype, value);
  if (isStaging())
    return bind1(fullPrim, [], { value: element, dtype: type.dtype, shape: type.shape, weak: type.weak });
  if (type.shape.length === 0) return new Tensor(type, element, undefined);
  const array = makeArray(scalarTypeOf(type.dtype), sizeOf(type.shape));
  return new Tensor(type, hostStorage(Object.is(element, 0) ? array : array.fill(element)), undefined);
}

/** Converts a number to an element of this dtype, as `convert` does. */
export function castNumber(dtype: DType, value: number): number {
  switch (dtype) {
    case "float64":
      return value;
    case "float32":
      return Math.fround(value);
    case "int32":
      return Math.min(Math.max(value, -2147483648), 2147483647) | 0;
    case "uint32":
      return Math.min(Math.max(value, 0), 4294967295) >>> 0;
    case "bool":
      return value === 0 ? 0 : 1;
  }
}

export function zeros(type: ArrayType): Tensor {
  return full(type, 0);
}

const addPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "add",
  algebra: { commutes: true },
  notation: { infix: "+", precedence: 1 },
  typeOf: (ins) => [joinTypes("add", ins)],
  derivative: {
    kind: "linear",
    operands: "all",
    zeros: "sum",
    jvp: ([dx, dy]) => [sumMaybe(dx, dy)],
    transpose([ct], _, __, into) {
      into[0]?.add(ct!);
      into[1]?.add(ct!);
    },
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x, y]) => (x!.type === "bool" ? k.or(x!, y!) : k.add(x!, y!)) },
});

/** Builds the equation `out = x + y`. */
export function addEquation(out: Var, x: Var, y: Var): Equation {
  return { prim: addPrim, params: {}, ins: [x, y], outs: [out] };
}

/** True if an equation is an addition. */
export function isAddition({ prim }: Equation): boolean {
  return prim === addPrim;
}

/** x + y; both operands have the same type. For booleans, this is the logical or. */
export function add(x: Tensor, y: Tensor): Tensor {
  return bind1(addPrim, [x, y], none);
}

const subPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "sub",
  notation: { infix: "-", precedence: 1 },
  typeOf: (ins) => [requireNumbers("sub", joinTypes("sub", ins))],
  derivative: {
    kind: "linear",
    operands: "all",
    zeros: "sum",
    jvp: ([dx, dy]) => [dx && dy ? sub(dx, dy) : (dx ?? (dy && neg(dy)))],
    transpose([ct], _, __, into) {
      into[0]?.add(ct!);
      into[1]?.add(neg(ct!));
    },
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x, y]) => k.sub(x!, y!) },
});

/** x − y; both operands have the same type. */
export function sub(x: Tensor, y: Tensor): Tensor {
  return bind1(subPrim, [x, y], none);
}

const negPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "neg",
  notation: { prefix: "-" },
  algebra: { undoesItself: true },
  typeOf: (ins) => [requireNumbers("neg", joinTypes("neg", ins))],
  derivative: {
    kind: "linear",
    operands: "all",
    transpose: ([ct], _, __, into) => into[0]?.add(neg(ct!)),
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x]) => k.neg(x!) },
});

/** −x. */
export function neg(x: Tensor): Tensor {
  return bind1(negPrim, [x], none);
}

const none = {};

export interface ConvertParams {
  readonly dtype: DType;
  readonly weak: boolean;
}

const convertPrim: Primitive<ConvertParams> = /* @__PURE__ */ builtIn<ConvertParams>({
  name: "convert",
  asked: "astype",
  typeOf: ([x], { dtype, weak }) => [arrayType(dtype, x!.shape, weak)],
  derivative: {
    kind: "linear",
    operands: "all",
    jvp: ([dx], [x], params) => [
      dx && isFloating(params.dtype) && isFloating(x!.dtype) ? bind1(convertPrim, [dx], params) : undefined,
    ],
    transpose([ct], _, __, into) {
      const x = into[0];
      x?.add(bind1(convertPrim, [ct!], { dtype: x.type.dtype, weak: x.type.weak }));
    },
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x], { dtype }) => convertScalar(dtype, x!) },
  algebra: { identity: (_, [x], { dtype }) => (x!.dtype === dtype ? 0 : undefined) },
});

function convertScalar(dtype: DType, x: Expr): Expr {
  const type = scalarTypeOf(dtype);
  return type === "bool" && x.type !== "bool" ? k.ne(x, k.constant(x.type, 0)) : k.convert(type, x);
}

/**
 * Converts x to another dtype. Float to integer truncates and saturates, and NaN becomes 0; the conversion to bool
 * tests for nonzero.
 */
export function convert(x: Tensor, dtype: DType, weak = false): Tensor {
  return x.type.dtype === dtype && x.type.weak === weak ? x : bind1(convertPrim, [x], { dtype, weak });
}

const wherePrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "where",
  typeOf([condition, x, y]) {
    if (condition!.dtype !== "bool") {
      throw new DownhillError(
        "dtype",
        `where: the condition is ${showType(condition!)}, not bool. Compare first, as in where(less(x, 0), …).`,
      );
    }
    if (!sameShape(condition!.shape, x!.shape))
      throw new DownhillError(
        "shape",
        `where: the condition ${showType(condition!)} does not have the shape of ${showType(x!)}.`,
      );
    return [joinTypes("where", [x!, y!])];
  },
  derivative: {
    kind: "linear",
    operands: [1, 2],
    transpose([ct], [condition], _, into) {
      into[1]?.add(where(condition!, ct!, zeros(ct!.type)), true);
      into[2]?.add(where(condition!, zeros(ct!.type), ct!), true);
    },
  },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([condition, x, y]) => k.select(condition!, x!, y!) },
  algebra: { identity: ([condition]) => (condition === undefined ? undefined : condition === 0 ? 2 : 1) },
});

/** Builds the equation `out = where(condition, x, y)`. */
export function whereEquation(out: Var, condition: Var, x: Var, y: Var): Equation {
  return { prim: wherePrim, params: {}, ins: [condition, x, y], outs: [out] };
}

/** True if an equation is a `where`. */
export function isWhere({ prim }: Equation): boolean {
  return prim === wherePrim;
}

/** x where the condition holds, otherwise y; all have the same shape. */
export function where(condition: Tensor, x: Tensor, y: Tensor): Tensor {
  return bind1(wherePrim, [condition, x, y], none);
}

const stopGradientPrim: Primitive<object> = /* @__PURE__ */ builtIn<object>({
  name: "stopGradient",
  typeOf: ([x]) => [x!],
  derivative: { kind: "constant" },
  batch: "elementwise",
  lowering: { kind: "elementwise", scalar: ([x]) => x! },
});

/** x with derivative zero. */
export function stopGradient(x: Tensor): Tensor {
  return bind1(stopGradientPrim, [x], none);
}

/** Sum of two tangents; a missing one is zero. */
export function sumMaybe(a: Maybe, b: Maybe): Maybe {
  return a && b ? add(a, b) : (a ?? b);
}

/** x, or zeros of this type if it is missing. */
export function instantiate(x: Maybe, type: ArrayType): Tensor {
  return x ?? zeros(type);
}
