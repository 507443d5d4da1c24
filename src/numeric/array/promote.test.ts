import { describe, expect, test } from "vitest";
import type { DType, Tensor } from "downhill";
import { add, concatenate, div, grad, jit, less, mean, mul, ones, sin, stack, tensor, where } from "downhill";
import { f64 } from "../../../test/support/op-table.ts";
import { broadcastShapes } from "../../engine/util/shape.ts";

const dtypes: readonly DType[] = ["bool", "uint32", "int32", "float32", "float64"];

describe("promotion", () => {
  // NumPy's promotion, except for uint32 + int32 (NumPy: int64) and integers + float32 (NumPy: float64), which follow
  // JAX.
  test.each(dtypes.flatMap((a) => dtypes.map((b) => [a, b] as const)))(
    "%s and %s give the later of the two",
    (a, b) => {
      const expected = dtypes[Math.max(dtypes.indexOf(a), dtypes.indexOf(b))]!;
      const [x, y] = [ones([2], { dtype: a }), ones([2], { dtype: b })];
      expect(add(x, y).dtype).toBe(expected);
      expect(where(true, x, y).dtype).toBe(expected);
      expect(concatenate([x, y]).dtype).toBe(expected);
      expect(jit(add)(x, y).dtype).toBe(expected);
    },
  );

  test.each([
    ["float64", 2, "float64"],
    ["float32", 2, "float32"],
    ["float32", 2.5, "float32"],
    ["int32", 2, "int32"],
    ["int32", 2.5, "float64"],
    ["uint32", 2, "uint32"],
    ["bool", 2, "int32"],
    ["bool", 2.5, "float64"],
  ] as const)("%s and the plain number %s give %s, on either side", (dtype, number, expected) => {
    const x = ones([2], { dtype });
    expect(add(x, number).dtype).toBe(expected);
    expect(mul(number, x).dtype).toBe(expected);
  });

  test("a traced plain number is a weak float", () => {
    const f = (x: Tensor, s: Tensor): Tensor => x.mul(s);
    expect(jit(f)(ones([2], { dtype: "float32" }), 2).dtype).toBe("float32");
    expect(jit(f)(ones([2], { dtype: "int32" }), 2).dtype).toBe("float64");
    expect(
      jit((s: Tensor) =>
        sin(s)
          .add(1)
          .mul(ones([2], { dtype: "float32" })),
      )(2).dtype,
    ).toBe("float32");
  });

  test("a tensor created from a number is not weak", () => {
    expect(mul(tensor(2), ones([2], { dtype: "float32" })).dtype).toBe("float64");
  });

  test("an array of numbers combined with float32 is float64", () => {
    expect(add([1, 2], ones([2], { dtype: "float32" })).dtype).toBe("float64");
  });

  test("a gradient has the dtype of its argument", () => {
    const f = (x: Tensor, y: Tensor): Tensor => mul(x, y).sum();
    const [gx, gy] = grad(f, { argnums: [0, 1] })(ones([2], { dtype: "float32" }), f64([1, 2]));
    expect([gx.dtype, gy.dtype]).toEqual(["float32", "float64"]);
  });

  test("quotients and means of integers are float64", () => {
    const x = tensor([7, 2], { dtype: "int32" });
    expect(div(x, 2).tolist()).toEqual([3.5, 1]);
    expect(mean(x).item()).toBe(4.5);
    expect(mean(ones([2], { dtype: "float32" })).dtype).toBe("float32");
  });

  test("comparisons give bool", () => {
    expect(less(1, ones([2], { dtype: "float32" })).dtype).toBe("bool");
  });
});

describe("broadcasting", () => {
  test.each<[number[], number[], number[] | undefined]>([
    [[], [], []],
    [[], [2, 3], [2, 3]],
    [[3], [2, 3], [2, 3]],
    [[2, 1], [3], [2, 3]],
    [
      [2, 1, 4],
      [3, 1],
      [2, 3, 4],
    ],
    [[1], [0], [0]],
    [
      [2, 0],
      [1, 1],
      [2, 0],
    ],
    [
      [8, 1, 6, 1],
      [7, 1, 5],
      [8, 7, 6, 5],
    ],
    [[2], [3], undefined],
    [[2, 3], [2], undefined],
    [[0], [2], undefined],
  ])("%j and %j give %j", (a, b, expected) => {
    expect(broadcastShapes(a, b)).toEqual(expected);
    expect(broadcastShapes(b, a)).toEqual(expected);
    if (expected === undefined) expect(() => add(ones(a), ones(b))).toThrow("shapes are incompatible");
    else expect(add(ones(a), ones(b)).shape).toEqual(expected);
  });

  test("stack and concatenate do not broadcast", () => {
    expect(() => stack([1, [1, 2]])).toThrow("they must have the same shape");
  });
});
