import { expect, test } from "vitest";
import { randomValues } from "../../../../test/support/sparse-matrices.ts";
import type { Front } from "./front.ts";
import { panelColumns } from "./front-kernel.ts";
import { eliminateInOrder } from "./ordered-pivots.ts";

/** A diagonally dominant front; its pivot `refused` is tiny compared with its column. */
function frontWith(size: number, summed: number, refused: number): Front {
  const elements = randomValues(size * size, 3);
  for (let j = 0; j < size; j++) elements[j * size + j]! += 2 * size;
  const front = { elements, size, summed, variables: Int32Array.from({ length: size }, (_, i) => i), scaled: new Float64Array((panelColumns + 1) * size) }; // prettier-ignore
  if (refused < size) elements[refused * size + refused] = schurOf(front, refused).correction;
  return front;
}

/** Lower triangle after elimination of the first `count` variables one by one, and the sum subtracted from the next pivot. */
function schurOf({ elements, size }: Front, count: number): { a: Float64Array; correction: number } {
  const a = elements.slice();
  for (let k = 0; k < count; k++) {
    const d = a[k * size + k]!;
    for (let j = k + 1; j < size; j++)
      for (let i = j; i < size; i++) a[j * size + i]! -= (a[k * size + j]! / d) * a[k * size + i]!;
    for (let i = k + 1; i < size; i++) a[k * size + i]! /= d;
  }
  return { a, correction: elements[count * size + count]! - (a[count * size + count] ?? 0) };
}

test.each([
  [90, 70, 90],
  [90, 70, 0],
  [90, 70, 5],
  [90, 70, 6],
  [90, 70, 32],
  [90, 70, 33],
  [40, 7, 6],
])("of %i variables, %i summed, stops at pivot %i with all columns up to date", (size, summed, refused) => {
  const front = frontWith(size, summed, refused);
  const count = Math.min(summed, refused);
  const expected = schurOf(front, count).a;
  const pivots = { diagonal: new Float64Array(size), below: new Float64Array(size).fill(1) };
  const rule = { tolerance: 0.01, sizes: new Float64Array(size), zeroShare: 0, refuse: () => expect.fail() };
  expect(eliminateInOrder(front, rule, pivots, 0, size)).toBe(count);
  for (let j = 0; j < size; j++)
    for (let i = j; i < size; i++) {
      const got = j < count && i === j ? pivots.diagonal[j]! : front.elements[j * size + i]!;
      expect(Math.abs(got - expected[j * size + i]!)).toBeLessThan(1e-11);
    }
  expect([...pivots.below.subarray(0, count)].every((b) => b === 0)).toBe(true);
});
