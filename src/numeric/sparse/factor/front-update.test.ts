import { expect, test } from "vitest";
import { randomValues } from "../../../../test/support/sparse-matrices.ts";
import { panelColumns, updateTrailing } from "./front-update.ts";

test.each([
  ["loops", 90, 30, 61, 90],
  ["loops, with a limit", 90, 30, 50, 71],
  ["compiled products", 64, panelColumns, 64 + 10, 64 + 10 + 590],
  ["compiled products, with a limit", 70, 50, 80, 80 + 530],
])("updates the lower triangle of columns by %s", (_, first, pivots, from, last) => {
  const size = Math.max(last, 90) + (last < 90 ? 0 : 7);
  const front = randomValues(size * size, first);
  const scaled = randomValues(pivots * size, 2);
  const expected = front.slice();
  for (let j = from; j < last; j++)
    for (let i = j; i < size; i++)
      for (let p = 0; p < pivots; p++)
        expected[j * size + i]! -= scaled[p * size + j]! * front[p * size + i]!;
  const got = front.slice();
  updateTrailing(got, size, from, last, 0, pivots, scaled);
  expect(got.reduce((most, x, t) => Math.max(most, Math.abs(x - expected[t]!)), 0)).toBeLessThan(1e-13);
});
