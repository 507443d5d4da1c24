import { expect, test } from "vitest";
import { formOfText } from "../../../../test/support/plain-region.ts";
import { positionsInOrder, regionKey } from "./key.ts";
import type { Region } from "./region.ts";

/** The region of a function of two numbers that adds up an expression in a loop. */
function regionOf(expression: string, sum = "s", index = "i"): Region {
  return formOfText(`export function f(x: number, y: number): number {
    "use ad";
    let ${sum} = 0;
    for (let ${index} = 0; ${index} < 3; ${index}++) ${sum} += ${expression};
    return ${sum};
  }`).region;
}

test("regions that differ in names of locals, and in positions, have one key", () => {
  const [a, b] = [regionOf("x * i"), regionOf("x    * counter", "total", "counter")];
  expect(regionKey(b)).toBe(regionKey(a));
  expect(positionsInOrder(b)).toHaveLength(positionsInOrder(a).length);
});

test.each([
  ["operations", "x * i", "x / i"],
  ["functions", "Math.sin(x)", "Math.cos(x)"],
  ["operands", "x * i", "y * i"],
  ["constants", "x * 2", "x * 3"],
  ["constants that JSON writes alike", "x * Infinity", "x * -Infinity"],
  ["non-finite constants", "x * Infinity", "x * NaN"],
  ["the sign of zero", "x * 0", "x * -0"],
])("regions that differ in %s have different keys", (_, first, second) => {
  expect(regionKey(regionOf(second))).not.toBe(regionKey(regionOf(first)));
});
