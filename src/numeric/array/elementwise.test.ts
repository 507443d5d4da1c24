import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, isFinite as isFiniteTensor, isNaN as isNaNTensor } from "downhill";
import {
  bool,
  booleans,
  broadcasting,
  checkFamily,
  f32,
  f64,
  floats,
  i32,
  on,
  special,
} from "../../../test/support/op-table.ts";
import * as elementwise from "./elementwise.ts";

const e = elementwise;
const x = [1.5, -2, 0.25, 3, -0.5, 7];
const y = [-0.75, 4, 2.5, -1, 0.125, 6];
const positive = [1.5, 2, 0.25, 3, 0.5, 7];
const inner = [0.5, -0.25, 0.7, -0.1, 0.3, -0.6];
const far = [1.25, -2.25, 0.75, 3.25, -0.75, 7.25];
const odd = [0, -0, NaN, Infinity, -Infinity, 1];
const whole = i32([1, 2, 0]);
const few = (numbers: readonly number[]): ReturnType<typeof floats> => floats(numbers).slice(0, 4);
/** Operations with one floating operand that also accept integers, as float64. */
const unary = (op: (x: Tensor) => Tensor, numbers: readonly number[]): ReturnType<typeof on>[] => [
  on(op, [...few(numbers), { ins: [i32([1, 2])] }]),
];
const comparison = (op: (x: Tensor, y: Tensor) => Tensor): ReturnType<typeof on>[] => [
  on(op, [...broadcasting(x, y), ...broadcasting(y, x), { ins: [whole, 1.5] }, ...special(odd, x)]),
];

describe("elementwise functions", () => {
  checkFamily(elementwise, {
    add: [
      on(e.add, [
        ...broadcasting(x, y),
        { ins: [whole, f32(x.slice(0, 3))] },
        { ins: [whole, 2] },
        { ins: [whole, 2.5] },
      ]),
    ],
    sub: [on(e.sub, [...broadcasting(x, y), { ins: [2, f32(x)] }])],
    mul: [on(e.mul, [...broadcasting(x, y), { ins: [bool([1, 0]), f64([2, 3])] }])],
    div: [on(e.div, [...broadcasting(x, positive), { ins: [whole, i32([2, 4, 5])] }, { ins: [whole, 2] }])],
    rem: [on(e.rem, [...broadcasting(far, [1.1, 1.7, 0.9, 2.3, 0.7, 5]), { ins: [i32([7, -7]), 4] }])],
    pow: [
      on(e.pow, [...broadcasting(positive, y), { ins: [whole, i32([2, 2, 3])], differentiable: false }]),
      on((a) => e.pow(a, 2), few(x)),
      on((a) => e.pow(a, 1), [...few(x), { ins: [whole] }]),
      on((a) => e.pow(a, 3), [...few(x), { ins: [f64([0, -0])] }]),
      on((a) => e.pow(a, 0), [...few(x), { ins: [f64([0, -0])] }]),
      on((a) => e.pow(2, a), few(x)),
    ],
    maximum: [on(e.maximum, [...broadcasting(x, y), { ins: [whole, 0.7] }])],
    minimum: [on(e.minimum, [...broadcasting(x, y), { ins: [whole, 1.5] }])],
    atan2: [on(e.atan2, [...broadcasting(x, positive), { ins: [whole, 2] }])],
    neg: [on(e.neg, few(x))],
    abs: [on(e.abs, few(x))],
    sign: [on(e.sign, few(x))],
    square: [on(e.square, [...few(x), { ins: [whole] }])],
    reciprocal: [on(e.reciprocal, [...few(positive), { ins: [i32([2, 4])] }])],
    floor: [on(e.floor, few(far))],
    ceil: [on(e.ceil, few(far))],
    round: [on(e.round, few(far))],
    trunc: [on(e.trunc, few(far))],
    sqrt: unary(e.sqrt, positive),
    cbrt: unary(e.cbrt, positive),
    exp: unary(e.exp, inner),
    exp2: unary(e.exp2, inner),
    expm1: unary(e.expm1, inner),
    log: unary(e.log, positive),
    log1p: unary(e.log1p, positive),
    log2: unary(e.log2, positive),
    log10: unary(e.log10, positive),
    sin: unary(e.sin, x),
    cos: unary(e.cos, x),
    tan: unary(e.tan, inner),
    asin: [on(e.asin, few(inner))],
    acos: [on(e.acos, few(inner))],
    atan: unary(e.atan, x),
    sinh: unary(e.sinh, inner),
    cosh: unary(e.cosh, inner),
    tanh: unary(e.tanh, inner),
    asinh: unary(e.asinh, x),
    acosh: [on(e.acosh, few(positive.map((v) => v + 1)))],
    atanh: [on(e.atanh, few(inner))],
    erf: unary(e.erf, inner),
    erfc: unary(e.erfc, inner),
    sigmoid: unary(e.sigmoid, x),
    softplus: unary(e.softplus, x),
    less: comparison(e.less),
    lessEqual: comparison(e.lessEqual),
    greater: comparison(e.greater),
    greaterEqual: comparison(e.greaterEqual),
    equal: comparison(e.equal),
    notEqual: comparison(e.notEqual),
    logicalAnd: [on(e.logicalAnd, [...booleans(2), ...broadcasting(odd, y)])],
    logicalOr: [on(e.logicalOr, [...booleans(2), ...broadcasting(odd, y)])],
    logicalNot: [on(e.logicalNot, [...booleans(1), ...special(odd)])],
    isNaN: [on(e.isNaN, [...special(odd), { ins: [whole] }])],
    isFinite: [on(e.isFinite, [...special(odd), { ins: [whole] }])],
    where: [
      on(e.where, [
        { ins: [bool([1, 0, 1]), f64(x, [2, 3]), 2] },
        { ins: [true, f64(x), f32([2])] },
        { ins: [bool([1, 0], [2, 1]), f64([1], []), f64([1, 2, 3])] },
        { ins: [bool([1, 0]), i32([1, 2]), 3] },
      ]),
    ],
    clip: [
      on((a) => e.clip(a, -0.6, 2), [...few(x), { ins: [f64([-0.6, 2, NaN])], differentiable: false }]),
      on((a) => e.clip(a, 0, 1), [{ ins: [i32([-5, 0, 7])] }, { ins: [f32(x)] }]),
      on((a) => e.clip(a, -Infinity, 1), few(x)),
      on((a, low, high) => e.clip(a, low, high), [{ ins: [f64([-2, 0.5, 3]), f64([-1, 0, 1]), 2] }]),
      on((a, low) => e.clip(a, low, null), [{ ins: [f64([-2, 0.5, 3], [3, 1]), f64([-1, 0.25])] }]),
    ],
    astype: [
      on((a) => e.astype(a, "float32"), few(x)),
      on((a) => e.astype(a, "int32"), few(far)),
      on((a) => e.astype(a, "bool"), few(x)),
    ],
    stopGradient: [
      on(
        e.stopGradient,
        few(x).map((s) => ({ ...s, differentiable: false })),
      ),
    ],
  });

  test("the derivative of clip is 1 at the bounds", () => {
    expect(grad((a) => e.clip(a, 0, 1).sum())([-1, 0, 0.5, 1, 2]).tolist()).toEqual([0, 1, 1, 1, 0]);
  });

  test("the derivative of a clipped element flows to the bound", () => {
    const f = (x: Tensor, low: Tensor): Tensor => e.clip(x, low, 2).sum();
    expect(grad(f, { argnums: [0, 1] })([-1, 1, 3], [0, 0, 0]).map((g) => g.tolist())).toEqual([[0, 1, 0], [1, 0, 0]]); // prettier-ignore
    expect(e.clip([1, 5], [2, 2], [3, 1]).tolist()).toEqual([2, 1]);
  });

  test("clip of integers with fractional bounds gives fractions", () => {
    expect(e.clip(i32([-5, 0, 1, 2, 7]), 0.5, 2.5).tolist()).toEqual([0.5, 0.5, 1, 2, 2.5]);
    expect(e.clip(i32([-5, 0, 7]), 0, Infinity).dtype).toBe("int32");
  });

  test("isNaN and isFinite distinguish NaN and infinity", () => {
    expect(isNaNTensor(f64(odd)).tolist()).toEqual([0, 0, 1, 0, 0, 0]);
    expect(isFiniteTensor(f64(odd)).tolist()).toEqual([1, 1, 0, 0, 0, 1]);
  });

  test("log of a guarded operand has no NaN in its derivative", () => {
    const f = (a: Tensor): Tensor => e.where(e.greater(a, 0), e.log(e.where(e.greater(a, 0), a, 1)), 0).sum();
    expect(grad(f)([-1, 0, 2]).tolist()).toEqual([0, 0, 0.5]);
  });

  test("invalid arguments are named, with a repair", () => {
    expect(() => e.where(f64([1]), 1, 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: where: the condition is f64[1], not bool. Compare first, as in where(less(x, 0), …).]`,
    );
    expect(() => e.where(bool([1, 0]), f64([1, 2, 3]), 2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: where: condition bool[2] does not fit f64[3].]`,
    );
    expect(() => e.where([true] as never, ...([] as unknown as [1, 2]))).toThrow("nonzero(mask)");
    expect(() => e.clip(1, 2, 1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: clip: needs bounds, low before high, as in clip(x, 0, 1); got 2 and 1. Give null for no bound.]`,
    );
    expect(() => e.astype(1, "f32" as "float32")).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: astype: unknown dtype f32. Use float64, float32, int32, uint32 or bool.]`,
    );
    expect(() => e.add(f64([1, 2]), f64([1, 2, 3]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: add: shapes are incompatible: f64[2] and f64[3]: counted from the last axis, sizes must be equal or 1, and axis −1 has 2 and 3.]`,
    );
    expect(() =>
      e.add(f64([1, 2], [2, 1]), f64([1, 2, 3, 4, 5, 6], [2, 3, 1])),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: add: shapes are incompatible: f64[2,1] and f64[2,3,1]: counted from the last axis, sizes must be equal or 1, and axis −2 has 2 and 3. Reshape one of them to insert an axis of size 1 where it should be repeated.]`,
    );
    expect(() => e.add("2" as unknown as number, 1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: add: the string "2" is not a tensor. Pass a tensor, a number, an array of numbers or a typed array.]`,
    );
    expect(() => e.sin(undefined as unknown as number)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sin: undefined is not a tensor. Pass a tensor, a number, an array of numbers or a typed array. Is a key of the parameters misspelt, or an argument left out?]`,
    );
  });
});
