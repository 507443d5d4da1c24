import { afterEach, describe, expect, test } from "vitest";
import { configure, full, grad, jit, segmentSum, takeAlongAxis, tensor, type Tensor } from "downhill";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as c from "./cumulative.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => ((i * 5) % n) / 2 - 1.2); // no two are close
const matrix = { ins: [f64(numbers(6), [2, 3])] };
const single = { ins: [f32(numbers(6), [2, 3])] };
const ints = { ins: [i32([3, -1, 2, 5, 0, 4], [2, 3])] };
const floating = [matrix, single];

describe("along an axis", () => {
  checkFamily(c, {
    cumsum: [
      on((x) => c.cumsum(x, { axis: -1 }), [matrix, ints, { ins: [bool([1, 1, 0])] }]),
      on((x) => c.cumsum(x, { axis: 0, reverse: true }), [...floating, ints]),
      on((x) => c.cumsum(x), [matrix]),
    ],
    cumprod: [
      on((x) => c.cumprod(x, { axis: 1 }), [...floating, ints]),
      on((x) => c.cumprod(x, { reverse: true }), [matrix, { ins: [f64([2, 0, 3])] }]),
    ],
    argcummax: [on((x) => c.argcummax(x, { axis: 1 }), [...floating.slice(0, 1), ints])],
    argcummin: [on((x) => c.argcummin(x, { axis: 0, reverse: true }), [...floating.slice(0, 1), ints])],
    cummax: [on((x) => c.cummax(x, { axis: 1 }), [...floating, ints])],
    cummin: [on((x) => c.cummin(x, { axis: 0, reverse: true }), [...floating, ints])],
    logcumsumexp: [
      on((x) => c.logcumsumexp(x, { axis: 1 }), floating),
      on((x) => c.logcumsumexp(x, { reverse: true }), [matrix]),
    ],
    nancumsum: [on((x) => c.nancumsum(x, { axis: 1 }), floating)],
    nancumprod: [on((x) => c.nancumprod(x, { axis: 1 }), floating)],
    diff: [on((x) => c.diff(x), [...floating, ints]), on((x) => c.diff(x, { axis: 0, prepend: 1, n: 2 }), [matrix])], // prettier-ignore
    ediff1d: [on(c.ediff1d, [matrix])],
    trapezoid: [
      on((x) => c.trapezoid(x), floating),
      on((x, at) => c.trapezoid(x, { x: at }), [{ ins: [f64(numbers(6), [2, 3]), f64([0, 1, 3])] }]),
    ],
    cumulativeTrapezoid: [on((x) => c.cumulativeTrapezoid(x, { dx: 0.5 }), floating)],
    gradient: [
      on((x) => c.gradient(x, { axis: 1 }), floating),
      on((x) => c.gradient(x, { axis: [0, 1] }), [matrix]),
      on((x, at) => c.gradient(x, { axis: 1, spacing: at }), [{ ins: [f64(numbers(6), [2, 3]), f64([0, 1, 3])] }]), // prettier-ignore
    ],
  });

  test("argcummax and argcummin give the last of equal elements, as PyTorch, and the last NaN", () => {
    expect(c.argcummax([1, 3, 2, 3, NaN, 5, NaN, 9]).tolist()).toEqual([0, 1, 1, 3, 4, 4, 6, 6]);
    expect(c.argcummin([2, 3, 2, 1, 1], { reverse: true }).tolist()).toEqual([3, 3, 3, 3, 4]);
    const x = tensor([[3, 1, 3], [2, 5, 0]]); // prettier-ignore
    for (const options of [{ axis: 0 }, { axis: 1 }, { axis: 1, reverse: true }] as const)
      expect(takeAlongAxis(x, c.argcummax(x, options), { axis: options.axis }).tolist()).toEqual(
        c.cummax(x, options).tolist(),
      );
    expect([c.argcummin([]).dtype, c.argcummin([]).shape]).toEqual(["int32", [0]]);
  });

  test("logcumsumexp has finite derivatives after −∞", () => {
    const last = (x: Tensor): Tensor => c.logcumsumexp(x).at(-1);
    expect(grad(last)([-Infinity, -800, -800]).tolist()).toEqual([0, 0.5, 0.5]);
  });

  describe("of many float32 numbers", () => {
    afterEach(() => configure({}));
    const n = 100_000;
    const tenths = full([n], 0.1, { dtype: "float32" });
    const ends = (t: Tensor): readonly number[] => [t.at(0).item(), t.at(-1).item()];

    test("sums lose no digits, in either direction and in derivatives", () => {
      const million = full([1_000_000], 0.1, { dtype: "float32" });
      expect(ends(c.cumsum(million))).toEqual([Math.fround(0.1), 100_000]);
      expect(ends(c.cumsum(tenths, { reverse: true }))).toEqual([10_000, Math.fround(0.1)]);
      expect(ends(c.nancumsum(tenths))[1]).toBe(10_000);
      expect(ends(c.cumulativeTrapezoid(tenths))[1]).toBeCloseTo(10_000 - 0.1, 1);
      const slope = grad((x: Tensor) => c.cumsum(x).mul(0.1).sum())(tenths);
      expect(ends(slope)).toEqual([10_000, Math.fround(0.1)]);
      const single = c.cumprod(full([n], 1 + 2 ** -20, { dtype: "float32" }));
      expect(ends(single)[1]).toBeCloseTo((1 + 2 ** -20) ** n, 6);
      const logarithm = c.logcumsumexp(full([n], -2.5, { dtype: "float32" }));
      expect(ends(logarithm)[1]).toBeCloseTo(Math.log(n) - 2.5, 5);
      const one = tensor(new Int32Array(n));
      expect(segmentSum(tenths, one, { size: 1 }).tolist()).toEqual([10_000]);
    });

    test("results have the same bits on every backend and with any number of threads", () => {
      const x = tensor(
        Float32Array.from({ length: 6000 }, (_, i) => Math.sin(i) + 0.1),
        { shape: [2, 3000] },
      );
      const all = jit((y: Tensor) => [
        c.cumsum(y, { axis: 1 }),
        c.cumsum(y, { axis: 0, reverse: true }),
        c.cumprod(y.mul(0.1).add(1), { axis: 1 }),
        c.logcumsumexp(y, { axis: 1 }),
      ]);
      const options = [{ backend: "interpreter" }, { backend: "js" }, { backend: "wasm", threads: 1 }, { backend: "wasm", threads: 2 }] as const; // prettier-ignore
      const [first, ...others] = options.map((each) => {
        configure({ ...each, reproducible: true });
        return all(x).map((y) => y.tolist());
      });
      for (const other of others) expect(other).toEqual(first);
    });
  });

  test("coordinates that do not fit are named, with a repair", () => {
    const x = f64(numbers(6), [2, 3]);
    expect(() => c.trapezoid(x, { x: [0, 1] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: trapezoid: coordinates are f64[2]; for axis 1 of f64[2,3] they must be a vector of length 3, or an array of its shape.]`,
    );
    expect(() => c.trapezoid(x, { x: [0, 1, 2], dx: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: trapezoid: takes x or dx, not both.]`,
    );
    expect(() => c.gradient(x)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: gradient: give an axis, as in { axis: -1 }.]`,
    );
    expect(() => c.gradient([1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: gradient: axis 0 of f64[1] has 1 values, and slopes need two.]`,
    );
    expect(() => c.diff(1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: diff: f64[] has no neighbours. Give an array.]`,
    );
    expect(() => c.diff(x, { n: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: diff: n must be an integer from 0 to 2147483647, got -1.]`,
    );
  });
});
