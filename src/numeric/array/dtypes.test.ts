import { finfo, full, iinfo, issubdtype, promoteTypes, resultType, tensor, add } from "downhill";
import { describe, expect, test } from "vitest";

const dtypes = ["float64", "float32", "int32", "uint32", "bool"] as const;

describe("resultType", () => {
  test("is the dtype of a sum of the operands", () => {
    for (const a of dtypes.slice(0, 4)) {
      for (const b of dtypes.slice(0, 4)) {
        const sum = add(full([1], 1, { dtype: a }), full([1], 1, { dtype: b }));
        expect([a, b, resultType(a, b)]).toEqual([a, b, sum.dtype]);
        expect(promoteTypes(a, b)).toBe(sum.dtype);
        expect(resultType(full([1], 1, { dtype: a }), b, 2)).toBe(sum.dtype);
      }
    }
    expect(resultType(0.5, "int32")).toBe(add(0.5, tensor([1], { dtype: "int32" })).dtype);
    expect([resultType(1), resultType(2, tensor(1, { dtype: "int32" })), resultType("bool")]).toEqual([
      "float64",
      "int32",
      "bool",
    ]);
  });

  test("refuses operands without a dtype", () => {
    expect(() => resultType()).toThrow("resultType: needs an operand");
    expect(() => resultType("float16" as never)).toThrow("resultType: unknown dtype float16. Use float64");
  });
});

test("issubdtype knows NumPy's kinds, where bool is not a number", () => {
  const of = (kind: Parameters<typeof issubdtype>[1]): string =>
    dtypes.filter((x) => issubdtype(x, kind)).join(" ");
  expect(of("floating")).toBe("float64 float32");
  expect(of("inexact")).toBe("float64 float32");
  expect(of("integer")).toBe("int32 uint32");
  expect(of("signedinteger")).toBe("int32");
  expect(of("unsignedinteger")).toBe("uint32");
  expect(of("number")).toBe("float64 float32 int32 uint32");
  expect(of("generic")).toBe("float64 float32 int32 uint32 bool");
  expect(of("bool")).toBe("bool");
  expect(() => issubdtype("int32", "float" as never)).toThrow('issubdtype: unknown kind "float".');
  expect(() => issubdtype("int" as never, "integer")).toThrow("issubdtype: unknown dtype int.");
});

describe("finfo and iinfo", () => {
  test("agree with arithmetic", () => {
    expect(finfo("float64")).toMatchObject({
      eps: Number.EPSILON,
      max: Number.MAX_VALUE,
      min: -Number.MAX_VALUE,
      smallestSubnormal: Number.MIN_VALUE,
    });
    const { eps, epsneg, max, smallestNormal, tiny, smallestSubnormal } = finfo("float32");
    expect([Math.fround(1 + eps) > 1, Math.fround(1 + eps / 2)]).toEqual([true, 1]);
    expect([Math.fround(1 - epsneg) < 1, Math.fround(1 - epsneg / 4)]).toEqual([true, 1]);
    expect([Math.fround(max), Math.fround(max * (1 + eps))]).toEqual([max, Infinity]);
    expect([Math.fround(smallestSubnormal), Math.fround(smallestSubnormal / 2)]).toEqual([
      smallestSubnormal,
      0,
    ]);
    expect([tiny, Math.fround(smallestNormal * (1 - eps / 2)) * 2 ** 20]).toEqual([
      smallestNormal,
      smallestNormal * 2 ** 20, // it has lost a digit
    ]);
    for (const dtype of ["int32", "uint32"] as const) {
      const { min, max: most, bits } = iinfo(dtype);
      expect(tensor([min, most], { dtype }).tolist()).toEqual([min, most]);
      expect(most - min).toBe(2 ** bits - 1);
    }
  });

  test("refuse each other's dtypes", () => {
    expect(() => finfo("int32")).toThrow("finfo: int32 is not floating. For integers use iinfo.");
    expect(() => iinfo("bool")).toThrow("iinfo: bool is not an integer dtype.");
    expect(() => finfo("float" as never)).toThrow("finfo: unknown dtype float.");
  });
});
