import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { configure, makeProgram } from "downhill";
import { bool, checkFamily, f32, f64, i32, on, u32 } from "../../../test/support/op-table.ts";
import { countingInterp } from "../backends/interp/index.ts";
import { lowerProgram } from "../passes/lower.ts";
import * as sorts from "./sort.ts";

const { argsort } = sorts;
afterEach(() => configure({}));
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(3 * i + 1));
const samples = [
  { ins: [f64(numbers(12), [3, 4])] },
  { ins: [f32(numbers(12), [3, 4])] },
  { ins: [i32([3, -1, 3, 0, 2, 2, -5, 3], [2, 4])] },
  { ins: [u32([3, 4294967295, 3, 0], [2, 2])] },
  { ins: [bool([1, 0, 1, 0, 0, 1], [3, 2])] },
  { ins: [f64([], [0, 3])] },
  { ins: [f64([2, NaN, 1, -Infinity, NaN, Infinity], [2, 3])] },
];

describe("argsort", () => {
  checkFamily(sorts, {
    argsort: [
      on((x) => argsort(x, 1), samples),
      on((x) => argsort(x, 0, true), samples),
      on((x) => argsort(x, 1, true, 1), samples),
      on((x) => argsort(x, 1), [{ ins: [f64(numbers(12), [2, 3, 2])] }]),
    ],
  });

  const element = fc.oneof(
    fc.double({ noNaN: true }),
    fc.constantFrom(NaN, 0, -0, 1, 2, Infinity, -Infinity),
  );
  /** NaN after every number; -0 and 0 are equal. */
  const compare = (a: number, b: number): number =>
    Number.isNaN(a) || Number.isNaN(b)
      ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
      : a < b
        ? -1
        : a > b
          ? 1
          : 0;

  test("sorts any numbers, and keeps equal ones in order", () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 150 }), (values) => {
        const places = [...values.keys()];
        const up = places.toSorted((i, j) => compare(values[i]!, values[j]!));
        const down = places.toSorted((i, j) => compare(values[j]!, values[i]!));
        expect(argsort(f64(values), 0).tolist()).toEqual(up);
        expect(argsort(f64(values), 0, true).tolist()).toEqual(down);
        for (const count of [1, 16, 30].filter((n) => n <= values.length)) {
          expect(argsort(f64(values), 0, false, count).tolist()).toEqual(up.slice(0, count));
          expect(argsort(f64(values), 0, true, count).tolist()).toEqual(down.slice(0, count));
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  const special = [NaN, 0, -0, Infinity, -Infinity, 1, -1, 1e-310, -1e-310, 5e-324];
  const mixed = (n: number): number[] =>
    Array.from({ length: n }, (_, i) =>
      i % 4 === 0 ? special[(i / 4) % special.length]! : Math.sin(i * i) * 2 ** (i % 40),
    );
  const long = [
    { x: f64(mixed(300)), label: "float64" },
    { x: f32(mixed(300)), label: "float32" },
    { x: i32(Array.from({ length: 300 }, (_, i) => (i * 7919 * 7919) | 0)), label: "int32" },
    { x: u32(Array.from({ length: 300 }, (_, i) => Math.imul(i % 90, 7919 * 7919) >>> 0)), label: "uint32" },
    { x: bool(Array.from({ length: 300 }, (_, i) => ((i * i) % 3 === 0 ? 1 : 0))), label: "bool" },
    { x: i32(Array.from({ length: 300 }, (_, i) => (i % 2) * 256)), label: "one digit that differs" },
  ];
  test.each(long)("distributes long rows by digits, $label", ({ x }) => {
    const values = Array.from(x.data());
    const places = [...values.keys()];
    const up = places.toSorted((i, j) => compare(values[i]!, values[j]!));
    const down = places.toSorted((i, j) => compare(values[j]!, values[i]!));
    for (const backend of ["wasm", "js", "interpreter"] as const) {
      configure({ backend });
      expect(argsort(x, 0).tolist()).toEqual(up);
      expect(argsort(x, 0, true).tolist()).toEqual(down);
      expect(argsort(x, 0, true, 20).tolist()).toEqual(down.slice(0, 20));
      expect(argsort(x, 0, false, 10).tolist()).toEqual(up.slice(0, 10));
    }
  });

  // Merging took n log₂ n steps with two unordered reads each; the first few of many were found by a complete sort.
  test("reads each element only a few times", () => {
    const n = 4096;
    const array = Float64Array.from({ length: n }, (_, i) => Math.sin(i * i));
    const loadsOf = (f: (x: Tensor) => Tensor): number => {
      const { routine } = lowerProgram(makeProgram(f)(f64([...array])));
      const interpreter = countingInterp();
      interpreter.compile(routine)([{ array, offset: 0 }], [{ array: new Int32Array(n), offset: 0 }]);
      return interpreter.counts.loads;
    };
    expect(loadsOf((x) => argsort(x, 0, true, 5))).toBeLessThan(2 * n);
    expect(loadsOf((x) => argsort(x, 0))).toBeLessThan(50 * n);
  });
});
