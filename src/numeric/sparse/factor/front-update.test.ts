import { expect, test } from "vitest";
import { randomValues } from "../../../../test/support/sparse-matrices.ts";
import { frontMemory, panelColumns } from "./front-kernel.ts";
import { updateBlock } from "./front-update.ts";

test.each([
  { size: 90, first: 31, last: 90, end: 90, from: 0, to: 30 },
  { size: 90, first: 31, last: 62, end: 77, from: 3, to: 31 },
  { size: 70, first: 33, last: 34, end: 70, from: 1, to: 33 },
  { size: 67, first: 9, last: 67, end: 67, from: 2, to: 9 },
  { size: 300, first: 64, last: 300, end: 300, from: 0, to: panelColumns },
])("updates columns $first to $last of $size, with equal results by WebAssembly", (given) => {
  const { size, first, last, end, from, to } = given;
  const front = randomValues(size * size, first);
  const scaled = randomValues((to - from) * size, 2);
  const expected = front.slice();
  for (let j = first; j < last; j++)
    for (let i = j; i < end; i++)
      for (let p = from; p < to; p++)
        expected[j * size + i]! -= scaled[(p - from) * size + j]! * front[p * size + i]!;
  const got = front.slice();
  updateBlock(got, size, first, last, end, from, to, scaled);
  expect(got.reduce((most, x, t) => Math.max(most, Math.abs(x - expected[t]!)), 0)).toBeLessThan(1e-13);

  const memory = frontMemory(size)!;
  memory.elements.set(front);
  memory.scaled.set(scaled);
  updateBlock(memory.elements, size, first, last, end, from, to, memory.scaled);
  expect(got.findIndex((x, t) => !Object.is(x, memory.elements[t]))).toBe(-1);
});

test("fronts above 1 GiB get no memory", () => {
  expect(frontMemory(11_586)).toBeUndefined();
});
