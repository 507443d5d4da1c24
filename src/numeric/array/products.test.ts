import { describe, expect, test } from "vitest";
import { ones } from "downhill";
import { checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as p from "./products.ts";

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const rows = { ins: [f64(numbers(6), [2, 3]), f64(numbers(12), [4, 3])] };
const alike = { ins: [f64(numbers(6), [2, 3]), f64(numbers(6).reverse(), [2, 3])] };
const singles = { ins: [f32(numbers(3)), f32([1, 2, 3])] };
const ints = { ins: [i32([1, 2, 3]), i32([4, 5, 6])] };
const stacked = { ins: [f64(numbers(12), [2, 2, 3]), f64(numbers(6), [2, 3])] };

describe("products", () => {
  checkFamily(p, {
    inner: [on(p.inner, [rows, singles, ints, { ins: [2, f64([1, 2])] }])],
    vdot: [on(p.vdot, [alike, singles, ints])],
    vecdot: [on((x, y) => p.vecdot(x, y), [alike, { ins: [f64(numbers(6), [2, 3]), f64(numbers(3))] }])],
    matvec: [on(p.matvec, [stacked, { ins: [f64(numbers(6), [2, 3]), f64(numbers(3))] }])],
    vecmat: [on(p.vecmat, [{ ins: [f64(numbers(2)), f64(numbers(12), [2, 2, 3])] }, { ins: [f64(numbers(2)), f64(numbers(6), [2, 3])] }])], // prettier-ignore
    tensordot: [
      on((x, y) => p.tensordot(x, y), [alike]),
      on((x, y) => p.tensordot(x, y, [1, 1]), [rows]),
      on((x, y) => p.tensordot(x, y, 0), [singles]),
    ],
    cross: [
      on(
        (x, y) => p.cross(x, y),
        [alike, singles, ints, { ins: [f64(numbers(6), [2, 3]), f64(numbers(3))] }],
      ),
      on((x, y) => p.cross(x, y, { axis: 0 }), [alike]),
    ],
  });

  test("sizes that do not fit are refused", () => {
    const x = ones([2, 3]);
    expect(() => p.inner(x, [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: inner: f64[2,3] and f64[2]: their last axes differ in size.]`,
    );
    expect(() => p.vdot(x, [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vdot: f64[2,3] and f64[2]: 6 and 2 elements.]`,
    );
    expect(() => p.tensordot(x, x, { axes: 1 } as never)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensordot: axes are a number of axes or two lists, as in tensordot(x, y, 1) or tensordot(x, y, [[1], [0]]); got [object Object].]`,
    );
    expect(() => p.tensordot(x, x, 1)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensordot: f64[2,3] and f64[2,3]: axes [1] and [0] must be equal in number and sizes, without repeated axes.]`,
    );
    expect(() => p.cross([1, 2, 3, 4], [1, 2, 3, 4])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: cross: f64[4] and f64[4]: axis 0 has 4 components; cross products need 3 or 2.]`,
    );
    expect(() => p.matvec(x, [1, 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: matvec: f64[2,3] and f64[2]: needs matrices with as many columns as vectors have elements.]`,
    );
    expect(() => p.vecmat([1, 2, 3], x)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: vecmat: f64[3] and f64[2,3]: needs matrices with as many rows as vectors have elements.]`,
    );
  });
});
