// Compares the functions that measure copies of arrays of objects with hand-written ones.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { valueAndGrad } from "downhill";
import { compile } from "downhill/plain";
import { inTurn, pairs, points } from "./lists.ts";

const text = readFileSync(new URL("lists.ts", import.meta.url), "utf8");

test("values and gradients are the same in all three kinds", async () => {
  const own = await compile<{ points: typeof points; pairs: typeof pairs; inTurn: typeof inTurn }>(text);
  const numbers = Float64Array.from({ length: 10 }, (_, i) => ((i * 7) % 5) + 1); // small integers, whose sums are exact
  const tuples = Array.from({ length: 5 }, (_, i): [number, number] => [
    numbers[2 * i]!,
    numbers[2 * i + 1]!,
  ]);
  const objects = tuples.map(([x, y]) => ({ x, y }));
  const slopes = tuples.map(([x, y]): [number, number] => [2 * x * y, x * x]);
  expect(valueAndGrad(own.points)(objects)).toEqual([points(objects), slopes.map(([x, y]) => ({ x, y }))]);
  expect(valueAndGrad(own.pairs)(tuples)).toEqual([pairs(tuples), slopes]);
  expect(valueAndGrad(own.inTurn)(numbers)).toEqual([inTurn(numbers), Float64Array.from(slopes.flat())]);
});
