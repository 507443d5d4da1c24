import { describe, expect, test } from "vitest";
import { jit, Tensor } from "downhill";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as create from "./create.ts";

const c = create;
const nothing = [{ ins: [] }];

describe("creation", () => {
  checkFamily(create, {
    tensor: [
      on((x) => c.tensor(x), [{ ins: [1.5] }, { ins: [f64([1, 2])] }, { ins: [true] }]),
      on(
        (x) => c.tensor(x, { dtype: "float32", shape: [2, 1] }),
        [{ ins: [f64([1, 2])] }, { ins: [i32([1, 2])] }],
      ),
    ],
    full: [on(() => c.full([2, 3], 1.5), nothing), on(() => c.full([2], 2, { dtype: "int32" }), nothing)],
    zeros: [on(() => c.zeros([0, 3]), nothing), on(() => c.zeros([], { dtype: "bool" }), nothing)],
    ones: [on(() => c.ones([2], { dtype: "float32" }), nothing)],
    zerosLike: [on(c.zerosLike, [{ ins: [f32([1, 2])] }, { ins: [1.5] }])],
    onesLike: [on(c.onesLike, [{ ins: [i32([1, 2])] }, { ins: [f64([1], [])] }])],
    arange: [on(() => c.arange(5), nothing), on(() => c.arange(1, 2, 0.25, { dtype: "float32" }), nothing)],
    linspace: [on(() => c.linspace(0, 1, 5), nothing)],
    eye: [on(() => c.eye(3, { dtype: "float32" }), nothing), on(() => c.eye(2, 4, { k: -1 }), nothing)],
    identity: [on(() => c.identity(2), nothing)],
    fullLike: [on((x) => c.fullLike(x, 2), [{ ins: [i32([1, 2])] }, { ins: [f32([1])] }])],
    geomspace: [on(() => c.geomspace(1, 8, 4), nothing)],
    logspace: [on(() => c.logspace(0, 2, 3, { base: 2 }), nothing)],
    fromFunction: [on(() => c.fromFunction((i, j) => i.add(j), [2, 3]), nothing)],
    hanning: [on(() => c.hanning(5), nothing)],
    hamming: [on(() => c.hamming(5), nothing)],
    blackman: [on(() => c.blackman(5), nothing)],
    bartlett: [on(() => c.bartlett(5), nothing)],
    indices: [on(() => c.indices([2, 3], 1), nothing)],
  });

  test("new Tensor throws an error that says how to create tensors", () => {
    expect(() => new (Tensor as unknown as new (x: number[]) => Tensor)([1, 2])).toThrow(
      "Tensor: tensors are created by functions such as tensor([1, 2]) or zeros([2, 3]), not by new.",
    );
  });

  test("invalid ends and counts are refused", () => {
    expect(() => c.geomspace(-1, 8, 4)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: geomspace: needs finite ends of one sign, other than 0; got -1 and 8.]`,
    );
    expect(() => c.logspace(0, Infinity, 4)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: logspace: needs finite numbers, got 0, Infinity, 10.]`,
    );
    expect(() => c.hanning(2.5)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: hanning: the count must be an integer from 0 to 2147483647, got 2.5.]`,
    );
    expect(() => c.eye(2, { k: 0.5 })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: eye: k must be an integer from -2147483647 to 2147483647, got 0.5.]`,
    );
    expect(() => c.fromFunction(3 as never, [2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: fromFunction: needs a function, as in fromFunction((i, j) => i.add(j), [2, 3]).]`,
    );
  });

  test("mutating a shape throws instead of changing the tensor silently", () => {
    const sizes = [2, 3];
    const made = c.zeros(sizes);
    const copies = [
      made,
      made.reshape([3, 2]),
      made.transpose(),
      made.add(1),
      jit((x: Tensor) => x.mul(2))(made),
    ];
    for (const x of copies) {
      const shape = x.shape as number[];
      expect(() => shape.pop()).toThrow(TypeError);
      expect(() => (shape[0] = 5)).toThrow(TypeError);
      expect(x.tolist()).toHaveLength(x.shape[0]!);
    }
    sizes.pop(); // the user's own array is neither retained nor frozen
    expect(made.shape).toEqual([2, 3]);
  });

  test("JavaScript values get the matching dtype", () => {
    expect(c.tensor(1).dtype).toBe("float64");
    expect(c.tensor([1, 2]).dtype).toBe("float64");
    expect(c.tensor(true).dtype).toBe("bool");
    expect(c.tensor([true, false]).dtype).toBe("bool");
    expect(c.tensor(new Float32Array(2)).dtype).toBe("float32");
    expect(c.tensor(new Int32Array(2)).dtype).toBe("int32");
    expect(c.tensor(new Uint32Array(2)).dtype).toBe("uint32");
    expect(c.tensor(new Uint8Array(2)).dtype).toBe("bool");
    expect(c.tensor([]).shape).toEqual([0]);
    expect(c.tensor([[], []]).shape).toEqual([2, 0]);
  });

  test("a tensor copies the values that it is created from", () => {
    const source = Float64Array.of(1, 2);
    const x = c.tensor(source);
    source[0] = 9;
    expect(x.tolist()).toEqual([1, 2]);
    x.data()[0] = 9;
    expect(x.tolist()).toEqual([1, 2]);
  });

  test("a byte array is not read as booleans", () => {
    expect(c.tensor(Uint8Array.of(1, 0)).dtype).toBe("bool");
    expect(c.tensor(Uint8Array.of(200, 0), { dtype: "float32" }).tolist()).toEqual([200, 0]);
    expect(() => c.tensor(Uint8Array.of(200, 0))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: a Uint8Array stands for booleans, but this one contains 200. Specify a dtype, as in tensor(bytes, { dtype: "float32" }).]`,
    );
  });

  test("arange counts as NumPy does", () => {
    expect(c.arange(3).tolist()).toEqual([0, 1, 2]);
    expect(c.arange(3).dtype).toBe("int32");
    expect(c.arange(0, 1, 0.3).tolist()).toEqual([0, 0.3, 0.6, 0.8999999999999999]);
    expect(c.arange(5, 1, -2).tolist()).toEqual([5, 3]);
    expect(c.arange(3, 1).tolist()).toEqual([]);
  });

  test("linspace ends at the given number", () => {
    expect(c.linspace(0, 0.7, 8).tolist()).toEqual(
      [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7].map((x) => expect.closeTo(x, 15) as number),
    );
    expect(c.linspace(1, 2, 1).tolist()).toEqual([1]);
    expect(c.linspace(1, 2, 0).tolist()).toEqual([]);
  });

  test("creation inside a jitted function is part of the program", () => {
    const f = jit(() =>
      c
        .eye(2)
        .add(c.full([2], 3))
        .add(c.arange(2)),
    );
    expect(f().tolist()).toEqual([
      [4, 4],
      [3, 5],
    ]);
  });

  test("dtype bool gives booleans", () => {
    expect(bool([1, 0]).dtype).toBe("bool");
  });

  test("invalid arguments are named, with a repair", () => {
    expect(() => c.tensor([[1, 2], [3]])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: a nested array is not rectangular: expected rows of length 2, found one of length 1.]`,
    );
    expect(() => c.tensor([1, [2]])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: a nested array is not rectangular: expected shape [2], found an array among the numbers.]`,
    );
    expect(() => c.tensor([[1], 2])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: a nested array is not rectangular: expected rows of length 1, found a number.]`,
    );
    expect(() => c.tensor([1, 2, 3], { shape: [2, 2] })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: 3 elements do not fill shape [2,2], which needs 4.]`,
    );
    expect(() => c.tensor(1, { dtype: "f32" as "float32" })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: unknown dtype f32. Use float64, float32, int32, uint32 or bool.]`,
    );
    expect(() => c.tensor(1, { type: "float32" } as object)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: unknown option "type". Did you mean "dtype"?]`,
    );
    expect(() => c.tensor("1" as unknown as number)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: the string "1" is not a tensor. Pass a tensor, a number, an array of numbers or a typed array.]`,
    );
    expect(() => c.tensor(["1"] as unknown as number[])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: element [0] of the array is the string "1", not a number. Convert it first, as with Number(…).]`,
    );
    expect(() => c.tensor([1, null] as unknown as number[])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: element [1] of the array is null, not a number. Use a number there, or NaN for a missing value.]`,
    );
    expect(() => c.tensor(null as unknown as number)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: null is not a tensor. Pass a tensor, a number, an array of numbers or a typed array.]`,
    );
    expect(() => c.zeros([2, -1])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: zeros: -1 in shape [2,-1] is not a size.]`,
    );
    expect(() => c.zeros(3 as unknown as number[])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: zeros: the shape must be an array of sizes, as in [2, 3]; got 3.]`,
    );
    expect(() => c.arange(0, 1, 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: arange: needs finite numbers and a step other than 0, got 0, 1, 0.]`,
    );
    expect(() => c.tensor([c.tensor(1), 2] as unknown as number[])).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: tensor: element [0] of the array is a tensor, not a number. To combine tensors, use stack([x, y]).]`,
    );
    expect(() => c.indices([2, 3], 5)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: indices: axis 5 is out of range for i32[2,3]: axes run from -2 to 1.]`,
    );
    expect(() => c.linspace("a" as unknown as number, 1, 3)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: linspace: needs finite numbers, got a and 1.]`,
    );
    expect(() => c.linspace(0, 1, 2.5)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: linspace: the count must be an integer from 0 to 2147483647, got 2.5.]`,
    );
    expect(() => c.full([2], 1, { dtype: "double" as "float64" })).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: full: unknown dtype double. Use float64, float32, int32, uint32 or bool.]`,
    );
  });

  test.each<[string, () => unknown, string]>([
    [
      "1.5",
      () => c.tensor([1, 1.5], { dtype: "int32" }),
      "tensor: 1.5 is not a valid int32, which represents the integers from -2147483648 to",
    ],
    ["3e10", () => c.tensor(3e10, { dtype: "int32" }), "tensor: 30000000000 is not a valid int32"],
    ["NaN", () => c.tensor([Number.NaN], { dtype: "int32" }), "NaN is not a valid int32"],
    [
      "-1",
      () => c.tensor([-1], { dtype: "uint32" }),
      "tensor: -1 is not a valid uint32, which represents the integers from 0 to 4294967295.",
    ],
    [
      "a typed array",
      () => c.tensor(Float32Array.of(0.5), { dtype: "uint32" }),
      'write astype(x, "uint32").',
    ],
    [
      "2",
      () => c.tensor([0, 2], { dtype: "bool" }),
      "tensor: 2 is not a valid bool, which represents 0 and 1. To test for nonzero elements, write notEqual(x, 0).",
    ],
    ["full", () => c.full([2], 1.5, { dtype: "int32" }), "full: 1.5 is not a valid int32"],
    ["arange", () => c.arange(0, 1, 0.5, { dtype: "int32" }), "arange: 0.5 is not a valid int32"],
    ["linspace", () => c.linspace(0, 1, 3, { dtype: "bool" }), "linspace: 0.5 is not a valid bool"],
  ])("what integers and booleans cannot hold is refused and not changed: %s", (_, make, message) => {
    expect(make).toThrow(message);
  });

  test("values that the dtype can hold are kept, and tensors are converted", () => {
    expect(c.tensor([-2147483648, -0, 2147483647], { dtype: "int32" }).tolist()).toEqual([
      -2147483648, 0, 2147483647,
    ]);
    expect(c.tensor([4294967295], { dtype: "uint32" }).tolist()).toEqual([4294967295]);
    expect(c.tensor([true, 0] as never, { dtype: "bool" }).tolist()).toEqual([1, 0]);
    expect(c.tensor(c.tensor([1.5, -0.5]), { dtype: "int32" }).tolist()).toEqual([1, 0]);
    expect(c.tensor([1e300], { dtype: "float32" }).tolist()).toEqual([Infinity]);
  });
});

test("ranges with more numbers than an array can hold are refused", () => {
  // the error was "RangeError: Invalid array length"
  expect(() => create.arange(1e30)).toThrow(
    "arange: it would have 1e+30 elements, more than an array can have.",
  );
  expect(() => create.linspace(0, 1, 2 ** 40)).toThrow(
    "linspace: the count must be an integer from 0 to 2147483647, got 1099511627776",
  );
});
