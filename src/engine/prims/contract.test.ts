import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tensor } from "downhill";
import type { Sample } from "downhill/testing";
import { checkPrimitive } from "downhill/testing";
import { bool, checkFamily, f32, f64, i32, on } from "../../../test/support/op-table.ts";
import * as contract from "./contract.ts";
import type { DotParams } from "./contract.ts";
import { extent } from "../../../test/support/extent.ts";

const { dotGeneral } = contract;
const numbers = (n: number, phase: number): number[] =>
  Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + phase));
const pair = (left: number[], right: number[], make: typeof f64 = f64): Sample => {
  const size = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);
  return { ins: [make(numbers(size(left), 0), left), make(numbers(size(right), 1), right)] };
};
const dot =
  (
    left: readonly number[],
    right: readonly number[],
    leftBatch: readonly number[] = [],
    rightBatch: readonly number[] = [],
  ) =>
  (x: Parameters<typeof dotGeneral>[0], y: Parameters<typeof dotGeneral>[1]): ReturnType<typeof dotGeneral> =>
    dotGeneral(x, y, { contract: [left, right], batch: [leftBatch, rightBatch] });

describe("contract", () => {
  checkFamily(contract, {
    dotGeneral: [
      on(dot([1], [0]), [
        pair([2, 3], [3, 5]),
        pair([2, 3], [3, 5], f32),
        pair([1, 1], [1, 1]),
        pair([2, 0], [0, 2]),
        pair([0, 2], [2, 3]),
      ]),
      on(dot([0], [0]), [pair([4], [4]), pair([3, 2], [3, 6]), pair([0], [0])]),
      on(dot([1], [1]), [pair([2, 3], [6, 3])]),
      on(dot([], []), [pair([2], [3]), pair([], [2, 2]), { ins: [2, 3] }]),
      on(dot([2], [1], [0], [0]), [pair([2, 3, 4], [2, 4, 5]), pair([2, 3, 4], [2, 4, 1], f32)]),
      on(dot([0], [2], [2], [1]), [pair([3, 2, 4], [5, 4, 3])]),
      on(dot([0, 2], [1, 0]), [pair([2, 3, 4], [4, 2, 3])]),
      on(dot([1, 0], [0, 1]), [pair([2, 3], [3, 2])]),
      on(dot([], [], [0], [0]), [pair([3], [3]), pair([2, 2], [2, 3])]),
      on(dot([0], [0]), [
        { ins: [i32([1, 2, 3]), i32([4, 5, 6])] },
        { ins: [i32([65536, 65536]), i32([65536, 1])] },
      ]),
    ],
  });

  test("any choice of axes yields the sums of a loop over all indices", () => {
    const axes = fc.record({
      batch: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      contracted: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      left: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 1 }),
      right: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 2 }),
      seed: fc.integer({ min: 0, max: 1000 }),
    });
    fc.assert(
      fc.property(axes, ({ batch, contracted, left, right, seed }) => {
        const x = place([...batch, ...contracted, ...left], seed);
        const y = place([...batch, ...contracted, ...right], seed + 1);
        const b = batch.map((_, i) => i);
        const c = contracted.map((_, i) => batch.length + i);
        const params: DotParams = {
          contract: [c.map((i) => x.at[i]!), c.map((i) => y.at[i]!)],
          batch: [b.map((i) => x.at[i]!), b.map((i) => y.at[i]!)],
        };
        checkPrimitive((u, v) => dotGeneral(u, v, params), [{ ins: [x.value, y.value] }], { order: 1 });
        const free = (operand: Placed, sizes: number[]): number[] =>
          // free axes are in the order of the operand
          sizes
            .map((_, i) => batch.length + contracted.length + i)
            .toSorted((i, j) => operand.at[i]! - operand.at[j]!);
        const [freeX, freeY] = [free(x, left), free(y, right)];
        const out = dotGeneral(x.value, y.value, params);
        const total = new Map<string, number>();
        forEachIndex([...batch, ...contracted, ...left], (i) => {
          forEachIndex(right, (r) => {
            const j = [...i.slice(0, batch.length + contracted.length), ...r];
            const key = [
              ...i.slice(0, batch.length),
              ...freeX.map((axis) => i[axis]!),
              ...freeY.map((axis) => j[axis]!),
            ].join();
            total.set(key, (total.get(key) ?? 0) + x.read(i) * y.read(j));
          });
        });
        forEachIndex(out.shape, (index) => {
          const value = index.reduce<unknown>(
            (nest, i) => (nest as readonly unknown[])[i],
            out.tolist(),
          ) as number;
          expect(value).toBeCloseTo(total.get(index.join()) ?? 0, 12);
        });
      }),
      { numRuns: extent(6, 100, 12), seed: 7 },
    );
  });

  test("sizes that do not match are named", () => {
    expect(() =>
      dot([1], [0])(f64(numbers(6, 0), [2, 3]), f64(numbers(4, 0), [2, 2])),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: dotGeneral: axis 1 of f64[2,3] and axis 0 of f64[2,2] differ in size.]`,
    );
  });

  test("operands of two dtypes are refused", () => {
    expect(() => dot([0], [0])(f64([1]), f32([1]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: dotGeneral: f64[] and f32[] differ in dtype. Convert one with astype.]`,
    );
    expect(() => dot([0], [0])(bool([1]), tensor([1]))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: dotGeneral: bool[] and f64[] differ in dtype. Convert one with astype.]`,
    );
  });
});

interface Placed {
  readonly value: ReturnType<typeof f64>;
  /** Position of each logical axis. */
  readonly at: readonly number[];
  readonly read: (index: readonly number[]) => number;
}

/** Creates an array whose logical axes are in a seeded random order. */
function place(sizes: readonly number[], seed: number): Placed {
  const order = sizes
    .map((_, i) => i)
    .toSorted((i, j) => Math.sin(seed * (i + 1)) - Math.sin(seed * (j + 1)));
  const shape = order.map((axis) => sizes[axis]!);
  const flat = numbers(
    shape.reduce((a, b) => a * b, 1),
    seed,
  );
  return {
    value: f64(flat, shape),
    at: sizes.map((_, axis) => order.indexOf(axis)),
    read: (index) => flat[order.reduce((n, axis, i) => n * shape[i]! + index[axis]!, 0)]!,
  };
}

function forEachIndex(
  shape: readonly number[],
  f: (index: readonly number[]) => void,
  index: readonly number[] = [],
): void {
  if (index.length === shape.length) return f(index);
  for (let i = 0; i < shape[index.length]!; i++) forEachIndex(shape, f, [...index, i]);
}
