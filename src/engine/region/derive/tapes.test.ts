import { expect, test } from "vitest";
import { evaluateRegion } from "../../../../test/support/evaluate-region.ts";
import { formOfText } from "../../../../test/support/plain-region.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { gradient } from "./gradient.ts";
import { countTapes } from "./tapes.ts";

/** The tapes of the gradient of a function, with their bytes per element and the elements that a call stores. */
function tapesOf(text: string, active: readonly boolean[], args: readonly number[]): [number, number][] {
  const { region } = formOfText(text);
  const derived = gradient(region, active, scalarFunctions, { wanted: "values gradient", recompute: false });
  const { region: counting, tapes } = countTapes(derived);
  const { results } = evaluateRegion(counting, args);
  return tapes.map(({ bytesPerElement }, i) => [bytesPerElement, results[i] as number]);
}

test("a loop with a known number of iterations has a tape of that length", () => {
  const text = `export function f(x: number, n: number) {
    "use ad";
    let y = x;
    for (let i = 0; i < n; i++) y = Math.sin(y) * x;
    return y;
  }`;
  for (const n of [7, 0]) {
    const tapes = tapesOf(text, [true, false], [0.5, n]);
    expect(tapes.length).toBeGreaterThan(0);
    for (const tape of tapes) expect(tape).toEqual([8, n]);
  }
});

test("the tape of a loop without a known end holds one element per iteration", () => {
  const text = `export function f(x: number) {
    "use ad";
    let y = x;
    while (y < 100) y = y * y + 1;
    return y;
  }`;
  const iterations = (x: number): number => {
    let [y, count] = [x, 0];
    for (; y < 100; count++) y = y * y + 1;
    return count;
  };
  expect(iterations(0.5)).toBe(5);
  expect(tapesOf(text, [true], [0.5])).toEqual([[8, 5]]);
  expect(tapesOf(text, [true], [200])).toEqual([[8, 0]]);
});

test("the elements of nested loops are multiplied, and conditions take four bytes", () => {
  const text = `export function f(x: number, n: number, m: number) {
    "use ad";
    let y = x;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < m; j++) {
        if (y > 0.3) y = Math.sin(y) * x;
        else y = y + x;
      }
    return y;
  }`;
  const tapes = tapesOf(text, [true, false, false], [0.5, 3, 4]);
  expect(tapes).toContainEqual([8, 12]);
  expect(tapes).toContainEqual([4, 12]);
  for (const [, elements] of tapes) expect(elements).toBe(12);
});
