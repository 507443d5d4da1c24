import { afterEach, describe, expect, test } from "vitest";
import { i32 } from "../../../test/support/op-table.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { embedding } from "../nn/embedding.ts";
import { debug } from "../../engine/runtime/debug.ts";
import "../../engine/runtime/install.ts";
import { jit } from "../../engine/runtime/jit.ts";
import { grad } from "../../engine/transforms/grad.ts";
import { vmap } from "../../engine/transforms/vmap.ts";
import { at } from "./at.ts";
import { tensor } from "./create.ts";
import * as g from "./gather.ts";
import "./methods.ts";
import * as s from "./shape.ts";

type Anything = (...words: unknown[]) => Tensor;
const x = [10, 20, 30];

/** Each function that takes indices, applied to an array of three elements. */
const takers: Readonly<Record<string, (places: never) => Tensor>> = {
  take: (i) => s.take(x, i),
  "take along an axis": (i) => s.take([x], i, { axis: 1 }),
  at: (i) => (at as Anything)(x, (i as readonly unknown[])[0]),
  "at of a tensor": (i) => at(x, i32(i).at(0)),
  scatterAdd: (i) => s.scatterAdd(x, i, 1),
  takeAlongAxis: (i) => g.takeAlongAxis(x, i, { axis: 0 }),
  scatterAddAlongAxis: (i) => g.scatterAddAlongAxis(x, i, 1, { axis: 0 }),
  embedding: (i) => embedding([[1], [2], [3]], i),
};

describe.each(Object.entries(takers))("%s", (_, f) => {
  test.each([3, -4, 1e6])("refuses index %s, which it clamped", (place) => {
    expect(() => f([place] as never)).toThrow(new RegExp(`: index ${place} is out of range for f64\\[`));
  });

  test("takes the first and the last index, from either end", () => {
    for (const place of [0, 2, -1, -3]) expect(() => f([place] as never)).not.toThrow();
  });
});

describe("booleans are a mask and not indices: they counted as 0 and 1", () => {
  test.each(Object.entries(takers).filter(([name]) => !name.startsWith("at")))("%s", (_, f) => {
    expect(() => f([true, false, true] as never)).toThrow(
      /: indices are bool\[3?\], a mask, .* write where\(mask, x, 0\)\.$/,
    );
  });

  test("tensors of booleans, and booleans among numbers", () => {
    expect(() => s.take(x, s.oneHot(0, 3).astype("bool"))).toThrow("take: indices are bool[3], a mask");
    expect(() => (s.take as Anything)(x, [true, 0])).toThrow("take: indices are f64[2], not integers.");
    expect(() => g.dynamicSlice(x, [s.oneHot(0, 1).astype("bool").at(0)], [1])).toThrow("a mask");
  });
});

describe("inside of compiled functions", () => {
  const compiled = jit((xs: Tensor, i: Tensor) => at(xs, i));
  afterEach(() => debug({ nan: false }));

  test("JavaScript integers are accepted as indices", () => {
    expect([0, 1, 2, -1, -3].map((i) => compiled(x, i).item())).toEqual([10, 20, 30, 30, 10]);
    expect(compiled.stats().programs).toBe(1);
    expect(jit((xs: Tensor, i: Tensor) => s.take(xs, i.add(1)))(x, 1).item()).toBe(30);
    expect(grad((xs: Tensor, i: Tensor) => at(xs, i))(x, 1).tolist()).toEqual([0, 1, 0]);
    expect(jit(grad((xs: Tensor, i: Tensor) => at(xs, i)))(x, 1).tolist()).toEqual([0, 1, 0]);
    expect(jit((xs: Tensor, i: Tensor) => g.dynamicSlice(xs, [i], [2]))(x, 1).tolist()).toEqual([20, 30]);
    expect(() => grad((xs: Tensor, i: Tensor) => at(xs, i))(x, 0.5)).toThrow(
      "at: indices are f64[], not integers.",
    );
  });

  test("indices out of bounds are clamped, and debug detects them", () => {
    const take = jit((i: Tensor) => s.take(x, i));
    const add = jit((i: Tensor) => s.scatterAdd(x, i, 1));
    expect(take(i32([7, -9])).tolist()).toEqual([30, 10]);
    expect(add(i32([7, -9])).tolist()).toEqual([11, 20, 31]);
    expect(compiled(x, 7).item()).toBe(30);
    debug({ nan: true });
    expect(() => take(i32([0, 7]))).toThrow(
      /^take: index 7 at element 1 is out of range for f64\[3\]; without debugging it is clamped\. Called at .*places\.test\.ts/,
    );
    expect(() => add(i32([-9]))).toThrow(/^scatterAdd: index -9 at element 0 is out of range/);
    expect(() => vmap(take)(i32([[0], [7]].flat(), [2, 1]))).toThrow(/^take: index 7 at element 1/);
    expect(() => compiled(x, 7)).toThrow(/^take: index 7 is out of range/);
    expect(() => compiled(x, 1.5)).toThrow(/^wholePlace: index 1\.5 is not an integer/);
    expect(compiled(x, 2).item()).toBe(30);
  });
});

describe("an empty list of indices", () => {
  // it was refused as a list of floats
  const empty = [[], i32([])];

  test.each(empty)("selects nothing", (none) => {
    expect(s.take(x, none).shape).toEqual([0]);
    expect(s.take([x], none, { axis: 1 }).shape).toEqual([1, 0]);
    expect(s.take([], none).shape).toEqual([0]); // also of an empty array
    expect(at([x], none as never).shape).toEqual([0, 3]);
    expect(s.scatterAdd(x, none, none as never).tolist()).toEqual(x);
    expect(g.takeAlongAxis(x, none, { axis: 0 }).shape).toEqual([0]);
    expect(embedding([[1, 2]], none).shape).toEqual([0, 2]);
    expect(s.oneHot(none, 3).shape).toEqual([0, 3]);
  });

  test("has a zero derivative, also compiled", () => {
    const f = (y: Tensor): Tensor => s.take(y, []).sum();
    expect(grad(f)(x).tolist()).toEqual([0, 0, 0]);
    expect(jit(grad(f))(x).tolist()).toEqual([0, 0, 0]);
    expect(jit(grad((y: Tensor) => s.take(y, []).sum()))([]).shape).toEqual([0]);
  });
});

describe("floats written into integers", () => {
  // 1.5 was truncated to 1
  const whole = i32([0, 0]);
  const writers: Readonly<Record<string, (values: never) => Tensor>> = {
    scatterAdd: (values) => s.scatterAdd(whole, [0], values),
    scatterAddAlongAxis: (values) => g.scatterAddAlongAxis(whole, [0], values, { axis: 0 }),
    dynamicUpdateSlice: (values) => g.dynamicUpdateSlice(whole, values, [0]),
  };

  test.each(Object.entries(writers))("%s refuses floats that the dtype cannot hold", (name, write) => {
    for (const values of [[1.5], [3e9], [NaN], tensor([1]), Float64Array.of(1)])
      expect(() => write(values as never)).toThrow(
        `${name}: values of f64[1] do not fit into i32[2]. Convert one of them, as in x.astype("float64").`,
      );
    expect(write([7] as never).tolist()).toEqual([7, 0]);
    expect(write([true] as never).tolist()).toEqual([1, 0]);
  });
});

test("scatterAdd reports the shape that its updates must have", () => {
  // the error mentioned a reshape
  expect(() => s.scatterAdd([[0, 0]], [0, 0], [[1, 2, 3]])).toThrow(
    "scatterAdd: updates are f64[1,3]; for indices i32[2] in f64[1,2] they must have shape [2,2] or broadcast to it.",
  );
});

test("constant indices out of bounds in a compiled function are refused", () => {
  // they were clamped
  for (const place of [3, -4]) {
    const message = `index ${place} is out of range for f64[3], whose first axis has size 3.`;
    expect(() => jit((y: Tensor) => s.take(y, [place]))(x)).toThrow(`take: ${message}`);
    expect(() => jit((y: Tensor) => s.scatterAdd(y, [[place]], [[1]]))(x)).toThrow(`scatterAdd: ${message}`);
    expect(() => grad((y: Tensor) => s.take(y, [0, place]).sum())(x)).toThrow(`take: ${message}`);
  }
  expect(jit((y: Tensor) => s.take(y, [-3, 2]))(x).tolist()).toEqual([10, 30]);
});
