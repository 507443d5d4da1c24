import fc from "fast-check";
import { expect, test } from "vitest";
import { binaryRange, isWithin, typeRange, unionRange } from "./range.ts";
import type { IntegerInterval } from "./range.ts";
import type { BinaryOp } from "./scalar.ts";

/** The results of operations on integers, before they wrap. */
const exact: { readonly [op in BinaryOp]?: (x: bigint, y: bigint) => bigint } = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => (y === 0n ? 0n : x / y),
  rem: (x, y) => (y === 0n ? 0n : x % y),
  min: (x, y) => (x < y ? x : y),
  max: (x, y) => (x > y ? x : y),
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  xor: (x, y) => x ^ y,
};

/** Two integers, and a range that contains each of them. */
const placed = (integer: fc.Arbitrary<number>): fc.Arbitrary<{ value: number; range: IntegerInterval }> =>
  fc.tuple(integer, integer, integer).map((three) => {
    const [low, value, high] = three.sort((a, b) => a - b);
    return { value, range: { low, high } };
  });

const any32 = fc.oneof(fc.integer(), fc.integer({ min: -9, max: 9 }), fc.nat(300));

test("the result of an operation is within the stated range", () => {
  for (const [op, f] of Object.entries(exact)) {
    fc.assert(
      fc.property(placed(any32), placed(any32), (x, y) => {
        const said = binaryRange(op as BinaryOp, x.range, y.range);
        if (said === undefined) return;
        const got = f(BigInt(x.value), BigInt(y.value));
        expect(
          got >= BigInt(Math.floor(said.low)) && got <= BigInt(Math.ceil(said.high)),
          `${op}: ${got}`,
        ).toBe(true);
      }),
      { numRuns: 1000, seed: 1 },
    );
  }
});

test("the ranges of types and of either of two values", () => {
  expect(typeRange("bool")).toEqual({ low: 0, high: 1 });
  expect(typeRange("f64")).toBeUndefined();
  expect(unionRange({ low: 0, high: 3 }, { low: -1, high: 2 })).toEqual({ low: -1, high: 3 });
  expect(isWithin({ low: 0, high: 1 }, typeRange("i32")!)).toBe(true);
  expect(isWithin({ low: -1, high: 1 }, typeRange("u32")!)).toBe(false);
});
