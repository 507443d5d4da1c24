// Array functions, eager and compiled, against values made with NumPy and SciPy (test/testdata/numpy, which includes
// the script).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as d from "downhill";
import { Tensor, jit, tensor } from "downhill";
import { root } from "./support/snippets.ts";

interface Given {
  readonly shape: readonly number[];
  readonly dtype: d.DType;
  readonly data: readonly (number | string)[];
}

interface Case {
  readonly f: string;
  readonly args: readonly unknown[];
  readonly out: Given | readonly Given[];
}

const { cases } = JSON.parse(readFileSync(join(root, "test/testdata/numpy/arrays.json"), "utf8")) as {
  cases: Case[];
};

const isGiven = (value: unknown): value is Given =>
  typeof value === "object" && value !== null && "data" in value && "dtype" in value;

/** Decodes an argument, with tensors for their encoded forms. */
function decode(value: unknown): unknown {
  if (isGiven(value)) return tensor(value.data.map(Number), { shape: value.shape, dtype: value.dtype });
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, decode(part)]));
  return value;
}

/** Returns the tensors among arguments, and a function that substitutes other tensors for them. */
function tensorsOf(args: readonly unknown[]): readonly [Tensor[], (xs: readonly Tensor[]) => unknown[]] {
  const found: Tensor[] = [];
  const walk = (value: unknown, visit: (x: Tensor) => unknown): unknown => {
    if (value instanceof Tensor) return visit(value);
    if (Array.isArray(value)) return value.map((part) => walk(part, visit));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, walk(part, visit)]));
    return value;
  };
  walk(args, (x) => found.push(x));
  return [
    found,
    (xs) => {
      let next = 0;
      return walk(args, () => xs[next++]) as unknown[];
    },
  ];
}

/** Tolerance relative to the largest number, for other orders of summation, recurrences and methods of least squares. */
const toleranceOf = (f: string): number => (f === "polyfit" ? 1e-9 : f === "mapCoordinates" ? 1e-12 : 1e-13);

function expectEqual(actual: Tensor, { shape, dtype, data }: Given, what: string, tolerance: number): void {
  expect(actual.shape, `${what}: shape`).toEqual(shape);
  expect(actual.dtype, `${what}: dtype`).toBe(dtype);
  const numbers = data.map(Number);
  const scale = Math.max(1e-300, ...numbers.filter(Number.isFinite).map(Math.abs));
  const reach = (dtype === "float32" ? 4e-7 : tolerance) * scale;
  const given = Array.from(actual.data());
  for (const [i, value] of numbers.entries()) {
    const ok = Object.is(given[i]! + 0, value + 0) || Math.abs(given[i]! - value) <= reach;
    if (!ok) expect(given, `${what}, element ${i}`).toEqual(numbers);
  }
}

describe("as NumPy", () => {
  const functions = d as unknown as Readonly<
    Record<string, (...args: readonly unknown[]) => Tensor | Tensor[]>
  >;
  const names = [...new Set(cases.map(({ f }) => f))];
  test.each(names)("%s", (name) => {
    for (const [number, { f, args, out }] of cases.entries()) {
      if (f !== name) continue;
      const what = `case ${number}: ${f}(${JSON.stringify(args).slice(0, 200)})`;
      const expected = isGiven(out) ? [out] : out;
      const decoded = decode(args) as unknown[];
      const [tensors, withTensors] = tensorsOf(decoded);
      const call = (xs: readonly Tensor[]): Tensor[] => [functions[f]!(...withTensors(xs))].flat();
      const isEager = tensors.length === 0 || /^(intersect|union|setdiff|setxor)1d$/.test(f); // sets have lengths that depend on values
      const ways = isEager ? [call(tensors)] : [call(tensors), jit((xs: Tensor[]) => call(xs))(tensors)]; // prettier-ignore
      for (const outs of ways) {
        expect(outs.length, what).toBe(expected.length);
        outs.forEach((x, i) => expectEqual(x, expected[i]!, what, toleranceOf(f)));
      }
    }
    expect.hasAssertions();
  });
});
