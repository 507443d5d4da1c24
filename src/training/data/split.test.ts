import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digits } from "./digits.ts";
import { randomSplit, type Split, stratifiedSplit } from "./split.ts";

const fractions = fc.double({ min: 0.05, max: 0.95, noNaN: true });

/** Checks that every item is in exactly one part, and each part is ascending. */
function checkPartition(split: Split, count: number): void {
  const all = [...split.train, ...split.test].sort((a, b) => a - b);
  expect(all).toEqual(Array.from({ length: count }, (_, i) => i));
  expect([...split.train]).toEqual([...split.train].sort((a, b) => a - b));
  expect([...split.test]).toEqual([...split.test].sort((a, b) => a - b));
}

describe("stratifiedSplit", () => {
  test("puts every item in one part and keeps each class's share up to rounding", () => {
    const anyLabels = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 40, maxLength: 200 });
    fc.assert(
      fc.property(anyLabels, fractions, fc.integer(), (labels, testFraction, seed) => {
        const split = stratifiedSplit({ labels, testFraction, seed });
        checkPartition(split, labels.length);
        for (const label of new Set(labels)) {
          const n = labels.filter((x) => x === label).length;
          const held = [...split.test].filter((i) => labels[i] === label).length;
          expect(Math.abs(held - n * testFraction)).toBeLessThan(1);
          expect(held).toBeLessThan(n);
        }
        expect(stratifiedSplit({ labels, testFraction, seed })).toEqual(split);
      }),
    );
  });

  test("holds out the rounded fraction of all items if no class is too small", () => {
    const { labels } = digits();
    const { train, test: held } = stratifiedSplit({ labels, testFraction: 0.2 });
    expect([train.length, held.length]).toEqual([1438, 359]);
    expect(stratifiedSplit({ labels, testFraction: 0.2, seed: 1 }).test).not.toEqual(held);
  });

  test("accepts names, and every member of a class has the same chance", () => {
    const labels = ["ash", "ash", "ash", "ash", "oak", "oak", "oak", "oak"];
    const held = new Array<number>(8).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      for (const i of stratifiedSplit({ labels, testFraction: 0.25, seed }).test) held[i]!++;
    }
    for (const n of held) expect(Math.abs(n - 500)).toBeLessThan(5 * Math.sqrt(2000 * 0.25 * 0.75)); // 5 standard deviations
  });

  test("keeps the only member of a class in the training part", () => {
    const { train } = stratifiedSplit({ labels: [0, 1, 1, 1, 1, 1, 1], testFraction: 0.5 });
    expect([...train]).toContain(0);
  });
});

describe("randomSplit", () => {
  test("puts every item in one part, the rounded fraction in the test part", () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 300 }), fractions, fc.integer(), (count, testFraction, seed) => {
        const split = randomSplit({ count, testFraction, seed });
        checkPartition(split, count);
        expect(split.test.length).toBe(Math.round(count * testFraction));
        expect(randomSplit({ count, testFraction, seed })).toEqual(split);
      }),
    );
    const of = (seed: number): Split => randomSplit({ count: 50, testFraction: 0.5, seed });
    expect(of(0)).not.toEqual(of(1));
  });
});

describe("misuse", () => {
  test.each([0, 1, -0.1, 20, Number.NaN])("a fraction of %d is refused", (testFraction) => {
    const message = `testFraction must be between 0 and 1, as in 0.2; got ${testFraction}.`;
    expect(() => stratifiedSplit({ labels: [0, 1], testFraction })).toThrow(`stratifiedSplit: ${message}`);
    expect(() => randomSplit({ count: 10, testFraction })).toThrow(`randomSplit: ${message}`);
  });

  test("a part that would be empty is refused", () => {
    expect(() => randomSplit({ count: 3, testFraction: 0.1 })).toThrow(
      "randomSplit: of 3 items none would be in the test part. Change testFraction or use more items.",
    );
    expect(() => randomSplit({ count: 3, testFraction: 0.9 })).toThrow("none would be in the training part");
    expect(() => stratifiedSplit({ labels: [0, 1, 2], testFraction: 0.5 })).toThrow(
      "none would be in the test part",
    );
    expect(() => stratifiedSplit({ labels: [], testFraction: 0.5 })).toThrow("of 0 items");
  });

  test("misspelt options are named", () => {
    expect(() => stratifiedSplit({ labels: [0], testFracton: 0.2 } as never)).toThrow(
      'stratifiedSplit: unknown option "testFracton". Did you mean "testFraction"?',
    );
    expect(() => randomSplit({ n: 5, testFraction: 0.2 } as never)).toThrow(
      'randomSplit: unknown option "n"',
    );
  });
});
