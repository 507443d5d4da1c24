import { describe, expect, test } from "vitest";
import { grad, sqrt, type Tensor } from "downhill";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as module from "./pad.ts";

const { pad } = module;
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const matrix = { ins: [f64(numbers(6), [2, 3])] };
const others = [{ ins: [f32(numbers(6), [2, 3])] }, { ins: [i32([1, 2, 3, 4, 5, 6], [2, 3])] }, { ins: [bool([1, 0, 1, 1, 0, 0], [2, 3])] }]; // prettier-ignore

describe("pad", () => {
  checkFamily(module, {
    pad: [
      on((x) => pad(x, [[1, 0], [0, 2]]), [matrix, ...others]), // prettier-ignore
      on((x) => pad(x, [[0, 0]]), [{ ins: [f64(numbers(3))] }]),
      on((x) => pad(x, [[-1, 1], [1, -1]]), [matrix]), // prettier-ignore
      on((x) => pad(x, 1, { value: 7 }), [matrix, ...others.slice(0, 2)]),
      on((x, value) => pad(x, [1, 2], { value }), [{ ins: [f64(numbers(3)), 2.5] }]),
      on((x) => pad(x, [[1, 1], [2, 2]], { mode: "reflect" }), [matrix, ...others]), // prettier-ignore
      on((x) => pad(x, [3, 4], { mode: "symmetric" }), [{ ins: [f64(numbers(3))] }]),
      on((x) => pad(x, [-1, 4], { mode: "wrap" }), [{ ins: [f64(numbers(3))] }]),
      on((x) => pad(x, 1, { mode: "edge" }), [matrix]),
    ],
  });

  test("the padding value does not affect the derivative in x", () => {
    const f = (x: Tensor): Tensor => pad(sqrt(x), 1, { value: 3 }).at(1);
    expect(grad(f)([4, 0]).tolist()).toEqual([0.25, 0]);
  });

  test("widths and modes that do not fit are refused", () => {
    const x = f64(numbers(6), [2, 3]);
    expect(() => pad(x, [[1, 1]])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: pad: the widths do not fit f64[2,3]: give one [before, after] per axis, as in [[1, 2], [0, 0]], one pair for all axes, or a number.]`,
    );
    expect(() => pad(x, [0.5, 1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: pad: a width must be an integer from -2147483647 to 2147483647, got 0.5.]`,
    );
    expect(() => pad([], 1, { mode: "edge" })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: pad: axis 0 of f64[0] has no elements to pad with.]`,
    );
    expect(() => pad(x, 1, { mode: "edge", value: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: pad: mode "edge" does not take a value.]`,
    );
    expect(() => pad(x, 1, { value: [1, 2] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: pad: the value is f64[2]; it must be a number.]`,
    );
    expect(() => pad(x, 1, { mode: "replicate" as never })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: pad: mode must be "constant" or "edge" or "reflect" or "symmetric" or "wrap", got "replicate".]`,
    );
  });
});
