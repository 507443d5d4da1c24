import { describe, expect, test } from "vitest";
import * as downhill from "downhill";
import { Tensor, tensor } from "downhill";

const x = tensor([
  [0.5, 2],
  [1.5, 0.25],
]);
const calls: Record<string, readonly unknown[]> = {
  add: [2],
  sub: [2],
  mul: [2],
  div: [2],
  pow: [3],
  neg: [],
  abs: [],
  square: [],
  sqrt: [],
  exp: [],
  log: [],
  sin: [],
  cos: [],
  tanh: [],
  sum: [{ axis: 0 }],
  mean: [{ axis: 1 }],
  max: [],
  min: [{ axis: 0, keepdims: true }],
  argmax: [{ axis: 1 }],
  std: [{ ddof: 1 }],
  less: [1],
  greater: [1],
  equal: [0.5],
  dot: [x],
  matmul: [x],
  reshape: [[4]],
  transpose: [[1, 0]],
  at: [1],
  astype: ["float32"],
};

describe("methods of Tensor", () => {
  test.each(Object.entries(calls))("%s agrees with the function of its name", (name, args) => {
    const call = (downhill as unknown as Record<string, (...args: unknown[]) => Tensor>)[name]!;
    const method = (x as unknown as Record<string, (...args: unknown[]) => Tensor>)[name]!;
    expect(method.apply(x, [...args]).tolist()).toEqual(call(x, ...args).tolist());
  });

  test("reductions take their axes first and options after them", () => {
    expect(x.sum(0).tolist()).toEqual([2, 2.25]);
    expect(x.mean([0, 1]).item()).toBe(1.0625);
    expect(x.max(-1, { keepdims: true }).tolist()).toEqual([[2], [1.5]]);
    expect(x.argmax(1).tolist()).toEqual([1, 0]);
    expect(x.var(0).tolist()).toEqual(downhill.variance(x, { axis: 0 }).tolist());
    expect(x.std(0, { ddof: 1 }).tolist()).toEqual(downhill.std(x, { axis: 0, ddof: 1 }).tolist());
    expect(x.sum({ where: downhill.greater(x, 1) }).item()).toBe(3.5);
    expect(() => x.sum({ axis: 0 }, { keepdims: true })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sum: takes one argument, and more are given: number 2 is an object.]`,
    );
    expect(() => x.sum(2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sum: axis 2 is out of range for f64[2,2]: axes run from -2 to 1.]`,
    );
    expect(() => x.sum("0" as never)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sum: the options must be an object, as in { axis: … }; got "0".]`,
    );
  });

  test("T reverses the axes, and where keeps the elements that its condition selects", () => {
    expect(x.T.tolist()).toEqual([[0.5, 1.5], [2, 0.25]]); // prettier-ignore
    expect(downhill.ones([2, 3, 4]).T.shape).toEqual([4, 3, 2]);
    expect(x.where(x.less(1), 9).tolist()).toEqual([[0.5, 9], [9, 0.25]]); // prettier-ignore
    expect(downhill.grad((y) => y.T.at(0).at(1))(x).tolist()).toEqual([[0, 0], [1, 0]]); // prettier-ignore
  });

  test("slice takes a range of the first axis", () => {
    expect(x.slice(1).tolist()).toEqual([[1.5, 0.25]]);
    expect(x.slice(0, -1).tolist()).toEqual([[0.5, 2]]);
  });

  test("every method is listed here", () => {
    const readers = [
      "T",
      "var",
      "where",
      "slice",
      "item",
      "tolist",
      "data",
      "read",
      "toString",
      "toJSON",
      "constructor",
      "shape",
      "dtype",
      "ndim",
      "size",
    ];
    expect(Object.getOwnPropertyNames(Tensor.prototype).toSorted()).toEqual(
      [...Object.keys(calls), ...readers].toSorted(),
    );
  });

  test("size is the number of elements, also of a traced tensor", () => {
    expect([x.size, tensor(3).size, tensor([[], []]).size]).toEqual([4, 1, 0]);
    const mean = downhill.vmap((row) => row.sum().div(row.size));
    expect(mean([[1, 2, 6]]).tolist()).toEqual([3]);
    expect(() => Object.assign(x, { size: 2 })).toThrow("x.size = …: a tensor is immutable.");
  });

  test("methods are not enumerable properties of a tensor", () => {
    expect(Object.keys(x)).not.toContain("add");
  });
});

describe("reading", () => {
  test("gives numbers, nested lists, and typed arrays of the dtype", async () => {
    expect(tensor([2.5]).item()).toBe(2.5);
    expect(tensor(true).item()).toBe(1);
    expect(x.tolist()).toEqual([
      [0.5, 2],
      [1.5, 0.25],
    ]);
    expect(tensor(3).tolist()).toBe(3);
    expect(x.data()).toEqual(Float64Array.of(0.5, 2, 1.5, 0.25));
    expect(await tensor([1, 2], { dtype: "int32" }).read()).toEqual(Int32Array.of(1, 2));
    expect(tensor([[], []]).tolist()).toEqual([[], []]);
    expect(downhill.zeros([0, 2]).tolist()).toEqual([]);
  });

  test("of several elements as one number is refused", () => {
    expect(() => x.item()).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: item: f64[2,2] has 4 elements, not one. Use tolist() or data().]`,
    );
  });

  test("of a traced value is refused, with a repair", () => {
    expect(() => downhill.grad((y) => y.mul(y.item()))(2)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: item: this f64[] is a traced value inside a transform (grad or jvp); its number is not known there. Return it from the function (see hasAux), and choose between values with where(…) instead of if.]`,
    );
  });
});
