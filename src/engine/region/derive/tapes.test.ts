import { expect, test } from "vitest";
import * as r from "../../../../test/support/region-build.ts";
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

/** Sum of the terms for i < n that are not negative. */
const total = (n: number, term: (i: number) => number): number =>
  Array.from({ length: n }, (_, i) => Math.max(0, term(i))).reduce((a, b) => a + b, 0);

test.each<[loops: string, elements: (n: number) => number]>([
  ["for (let i = 0; i < n; i += 2)", (n) => Math.ceil(n / 2)],
  ["for (let i = 2; i < n; i += 3)", (n) => Math.ceil((n - 2) / 3)],
  ["for (let i = n; i > 1; i--)", (n) => n - 1],
  ["for (let i = n - 1; i >= 0; i -= 2)", (n) => Math.ceil(n / 2)],
  ["for (let i = 0; i < n; i++) for (let j = 0; j < i; j++)", (n) => n * (n - 1)],
  ["for (let i = 0; i < n; i++) for (let j = i; j < n; j++)", (n) => n * n],
  ["for (let i = 0; i < n; i++) for (let j = 0; j < 2 * i + 1; j++)", (n) => n * (2 * (n - 1) + 1)],
  // without a linear bound of a step of 1, tapes hold the iterations that happen
  ["for (let i = 0; i < n; i++) for (let j = 0; j < n - 3 * i; j++)", (n) => total(n, (i) => n - 3 * i)],
  ["for (let i = 0; i < 3 * n; i++) for (let j = i; j < 3 * n; j++)", (n) => 9 * n * n],
  ["for (let i = 0; i < n; i++) for (let j = 0; j < i; j += 2)", (n) => total(n, (i) => Math.ceil(i / 2))],
])("%s has tapes for its iterations", (loops, elements) => {
  const text = `export function f(x: number, n: number) {
    "use ad";
    let y = x;
    ${loops} y = Math.sin(y) * x;
    return y;
  }`;
  for (const n of [4, 7]) {
    const tapes = tapesOf(text, [true, false], [0.5, n]);
    const numbers = tapes.filter(([bytes]) => bytes === 8).map(([, count]) => count);
    expect(numbers).toEqual([elements(n), elements(n)]);
    // bounds and offsets of inner loops, an int32 per iteration of the outer loop
    for (const [bytes, count] of tapes) if (bytes !== 8) expect([bytes, count]).toEqual([4, n]);
  }
});

test("elements have the bytes of their type", () => {
  const types = ["f64", "f32", "i32", "bool"] as const;
  const body = types.map((type) => ({ ...r.array(`${type}_tape`, type, [r.i32(3)]), records: { name: type, at: undefined } })); // prettier-ignore
  const { tapes } = countTapes({ name: "f", params: [], body, results: [], positions: [] });
  expect(tapes.map(({ name, bytesPerElement }) => [name, bytesPerElement])).toEqual([
    ["f64", 8],
    ["f32", 4],
    ["i32", 4],
    ["bool", 4],
  ]);
});
