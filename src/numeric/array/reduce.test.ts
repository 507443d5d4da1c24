import { describe, expect, test } from "vitest";
import { grad, hessian, jit, sqrt, tensor, type Tensor } from "downhill";
import { checkPrimitive } from "downhill/testing";
import type { Sample } from "downhill/testing";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as reduce from "./reduce.ts";

const r = reduce;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 5) % n) / 2 - 1.2); // no two are close
const arrays: Sample[] = [
  { ins: [f64(numbers(6), [2, 3])] },
  { ins: [f32(numbers(6), [2, 3])] },
  { ins: [i32([3, -1, 2, 5, 0, 4], [2, 3])] },
];
const scalar: Sample[] = [{ ins: [1.5] }, { ins: [f64([2], [])] }];
const floating = arrays.slice(0, 2);

describe("reductions", () => {
  checkFamily(reduce, {
    sum: [
      on((x) => r.sum(x), [...arrays, ...scalar, { ins: [bool([1, 1, 0])] }, { ins: [f64([], [0, 2])] }]),
      on((x) => r.sum(x, { axis: -1, keepdims: true }), arrays),
      on((x) => r.sum(x, { axis: [0, 1] }), floating),
      on((x) => r.sum(x, { axis: [] }), floating),
    ],
    mean: [on((x) => r.mean(x), [...arrays, ...scalar]), on((x) => r.mean(x, { axis: 0 }), arrays)],
    variance: [
      on((x) => r.variance(x), arrays),
      on((x) => r.variance(x, { axis: 1, ddof: 1, keepdims: true }), floating),
      on((x) => r.variance(x), [{ ins: [f64([3, 3, 3])] }]),
    ],
    std: [
      on((x) => r.std(x), arrays),
      on((x) => r.std(x, { axis: 0, ddof: 1 }), floating),
      on((x) => r.std(x), [{ ins: [f64([3, 3, 3])], differentiable: false }]),
    ],
    prod: [
      on((x) => r.prod(x), [...arrays, ...scalar, { ins: [bool([1, 1, 0])] }, { ins: [f64([], [0, 2])] }]),
      on((x) => r.prod(x, { axis: 1, keepdims: true }), arrays),
      on((x) => r.prod(x, { axis: 0 }), [{ ins: [f64([2, 0, 3, 0, 5, 1, 4])] }]),
    ],
    max: [
      on((x) => r.max(x), [...arrays, ...scalar]),
      on((x) => r.max(x, { axis: 1, keepdims: true }), floating),
    ],
    min: [on((x) => r.min(x), [...arrays, ...scalar]), on((x) => r.min(x, { axis: -2 }), floating)],
    argmax: [on((x) => r.argmax(x, { axis: -1 }), arrays)],
    argmin: [on((x) => r.argmin(x, { axis: 0 }), arrays), on((x) => r.argmin(x, { keepdims: true }), arrays)],
    logsumexp: [
      on((x) => r.logsumexp(x), [...arrays, ...scalar, { ins: [f64([1000, 1001])], differentiable: false }]),
      on((x) => r.logsumexp(x, { axis: 1, keepdims: true }), floating),
      on(
        (x) => r.logsumexp(x),
        [
          { ins: [f64([-Infinity, -Infinity])], differentiable: false },
          { ins: [f64([Infinity, 1])], differentiable: false },
        ],
      ),
    ],
    softmax: [
      on((x) => r.softmax(x), floating),
      on((x) => r.softmax(x, { axis: 0 }), [...arrays, { ins: [f64([1000, 0])] }]),
    ],
    logSoftmax: [on((x) => r.logSoftmax(x), floating), on((x) => r.logSoftmax(x, { axis: 0 }), arrays)],
    all: [
      on((x) => r.all(x), arrays),
      on((x) => r.all(x, { axis: 0 }), [{ ins: [bool([1, 1, 0, 1], [2, 2])] }]),
    ],
    any: [
      on((x) => r.any(x), arrays),
      on((x) => r.any(x, { axis: 1 }), [{ ins: [bool([0, 0, 0, 1], [2, 2])] }]),
    ],
    norm: [
      on((x) => r.norm(x), [...arrays, { ins: [-2.5] }, { ins: [f64([0, 0])], differentiable: false }]),
      on((x) => r.norm(x, { axis: 1 }), floating),
    ],
  });

  const chosen = bool([1, 0, 1, 0, 1, 1], [2, 3]);
  const masked: Readonly<Record<string, (x: Tensor, options: object) => Tensor>> = {
    sum: r.sum, prod: r.prod, mean: r.mean, std: r.std, variance: r.variance, max: r.max, min: r.min,
  }; // prettier-ignore
  test.each(Object.entries(masked))("%s with a mask: every rule", (name, f) => {
    const lines = [(x: Tensor) => f(x, { where: chosen, axis: 1 }), (x: Tensor) => f(x, { where: chosen })];
    for (const op of lines) expect(checkPrimitive(op, arrays, { name }).samples).toBe(3);
  });

  test.each(Object.entries(masked))("%s: elements that a mask excludes have derivative 0", (_, f) => {
    const slope = grad((x: Tensor) => f(sqrt(x), { where: [true, false, true] }))([
      4, 0, 9,
    ]).tolist() as number[];
    expect(slope[1]).toBe(0);
    expect(slope.every(Number.isFinite)).toBe(true);
  });

  test("a mask that selects nothing gives the neutral element", () => {
    const none = { where: [false, false] };
    const x = [3, 4];
    expect([r.sum(x, none).item(), r.prod(x, none).item(), r.mean(x, none).item()]).toEqual([0, 1, NaN]);
    expect([r.max(x, none).item(), r.min(x, none).item()]).toEqual([-Infinity, Infinity]);
    expect(r.max(i32(x), none).item()).toBe(-(2 ** 31));
    expect([r.all([0, 0], none).item(), r.any([1, 1], none).item()]).toEqual([1, 0]);
  });

  test("the derivative of a product is right at zeros, to second order", () => {
    expect(grad((x: Tensor) => r.prod(x))([2, 0, 5]).tolist()).toEqual([0, 10, 0]);
    expect(hessian((x: Tensor) => r.prod(x))([0, 0, 5]).tolist()).toEqual([[0, 5, 0], [5, 0, 0], [0, 0, 0]]); // prettier-ignore
  });

  test("the standard deviation of equal numbers has derivative 0", () => {
    expect(grad((x: Tensor) => r.std(x))([3, 3]).tolist()).toEqual([0, 0]);
  });

  test("without an axis, argmax and argmin return row-major indices", () => {
    expect(r.argmax([[1, 5], [7, 2]]).item()).toBe(2); // prettier-ignore
    expect(r.argmin([[1, 5], [7, 0]], { keepdims: true }).tolist()).toEqual([[3]]); // prettier-ignore
  });

  test("invalid masks are refused", () => {
    const x = f64(numbers(6), [2, 3]);
    expect(() => r.sum(x, { where: [1, 0, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sum: where is f64[3], not bool. Compare first, as in { where: greater(x, 0) }.]`,
    );
    expect(() => r.mean(x, { where: [true, false] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: mean: where is bool[2], which cannot be broadcast to the shape of f64[2,3].]`,
    );
    expect(() => r.std(x, { ddof: tensor(1) as never })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: std: ddof must be a plain number, got object.]`,
    );
  });

  test("the norm has gradient 0 at 0, to second order", () => {
    expect(grad((x) => r.norm(x))([0, 0]).tolist()).toEqual([0, 0]);
    expect(grad((x) => grad((y) => r.norm(y))(x).sum())([0, 0]).tolist()).toEqual([0, 0]);
  });

  test("logsumexp neither overflows nor turns −∞ into NaN", () => {
    expect(r.logsumexp(f64([1000, 1000])).item()).toBe(1000 + Math.LN2);
    expect(r.logsumexp(f64([-Infinity, -Infinity])).item()).toBe(-Infinity);
    expect(r.logsumexp(f64([Infinity, 1])).item()).toBe(Infinity);
    expect(grad((x) => r.logsumexp(x))([-Infinity, 0]).tolist()).toEqual([0, 1]);
  });

  test("the mean of no elements is NaN", () => {
    expect(r.mean(f64([])).item()).toBeNaN();
  });

  test("all and any of no elements are true and false", () => {
    expect(r.all(f64([], [2, 0]), { axis: 0 }).shape).toEqual([0]);
    expect([r.all(f64([])).item(), r.any(f64([])).item()]).toEqual([1, 0]);
  });

  test("invalid axes and options are named, with a repair", () => {
    const x = f64(numbers(6), [2, 3]);
    expect(() => r.sum(x, { axis: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sum: axis 2 is out of range for f64[2,3]: axes run from -2 to 1.]`,
    );
    expect(() => r.sum(1, { axis: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sum: axis 0 is out of range for f64[]: it is a scalar and has no axes.]`,
    );
    expect(() => r.sum(x, { axis: [0, -2] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sum: repeated axis in [0,0].]`,
    );
    expect(() => r.sum(x, { keepDims: true } as object)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sum: unknown option "keepDims". Did you mean "keepdims"?]`,
    );
    expect(() => r.sum(x, 1 as unknown as object)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sum: the options must be an object, as in { axis: … }; got 1.]`,
    );
    expect(() => r.max(f64([]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: max: f64[0] has no elements along axes [0].]`,
    );
  });
});

describe("empty and infinite operands", () => {
  test("logsumexp of no elements is −∞ and softmax of no elements is empty; errors named max", () => {
    expect(r.logsumexp([]).item()).toBe(-Infinity);
    expect(r.softmax([]).tolist()).toEqual([]);
    expect(r.logSoftmax([]).tolist()).toEqual([]);
    const flat = f64([], [0, 2]);
    expect(r.logsumexp(flat, { axis: 0 }).tolist()).toEqual([-Infinity, -Infinity]);
    expect(r.logsumexp(flat, { axis: 1, keepdims: true }).shape).toEqual([0, 1]);
    for (const axis of [0, 1]) {
      expect(r.softmax(flat, { axis }).shape).toEqual([0, 2]);
      expect(r.logSoftmax(flat, { axis }).shape).toEqual([0, 2]);
    }
    expect(grad((x: Tensor) => r.logsumexp(x))(f64([])).shape).toEqual([0]);
    expect(jit((x: Tensor) => r.softmax(x))(f64([])).shape).toEqual([0]);
  });

  test("an infinite element makes softmax NaN and logsumexp ∞, as in PyTorch", () => {
    for (const f of [r.softmax, r.logSoftmax]) expect(f([Infinity, 0]).tolist()).toEqual([NaN, NaN]);
    expect(r.softmax([-Infinity, 0]).tolist()).toEqual([0, 1]);
    expect(r.logSoftmax([-Infinity, 0]).tolist()).toEqual([-Infinity, 0]);
    expect(r.logsumexp([Infinity, 0]).item()).toBe(Infinity);
    expect(r.variance([Infinity, 0]).item()).toBeNaN();
  });

  test("logSoftmax keeps its digits next to a large number", () => {
    expect(r.logSoftmax([1e15, 1e15]).tolist()).toEqual([-Math.LN2, -Math.LN2]);
  });
});

test.each([reduce.mean, reduce.logsumexp, reduce.sum, reduce.variance])(
  "$name says that its options are null",
  (f) => {
    // the error was "Cannot read properties of null (reading 'axis')"
    expect(() => f([1], null as never)).toThrow(
      `${f.name}: the options must be an object, as in { axis: … }; got null.`,
    );
  },
);
