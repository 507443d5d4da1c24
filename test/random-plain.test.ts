// Random TypeScript programs: values, gradients and second derivatives of their regions, by all available ways.
import { describe, expect, test } from "vitest";
import { extent } from "./support/extent.ts";
import { searchNests } from "./support/nest-soak.ts";
import { faultOfPlainSeed, faultOfProductsSeed, faultOfRegionSeed } from "./support/plain-soak.ts";
import { randomStrips } from "./support/random-strips.ts";

const first = (
  from: number,
  count: number,
  check: (seed: number) => string | undefined,
): string | undefined => {
  for (let seed = from; seed < from + count; seed++) {
    const fault = check(seed);
    if (fault !== undefined) return fault;
  }
  return undefined;
};

describe("random plain functions", () => {
  test("compute what JavaScript does, and their derivatives are exact by every way", () => {
    expect(first(1, extent(25, 20_000, 1000), (seed) => faultOfPlainSeed(seed, 50, 160))).toBeUndefined();
  });

  test("agree with JavaScript and with hyper-dual numbers where they are nests of loops", () => {
    expect(searchNests({ seed: 1, programs: extent(12, 10_000, 100) }).fault).toBeUndefined();
  });

  test("agree where they sum products in nests of loops", () => {
    expect(first(100_000, extent(2, 3000, 20), (seed) => faultOfProductsSeed(seed, 2))).toBeUndefined();
  });

  test("agree where they are regions without a source text", () => {
    expect(first(50_000, extent(6, 5000, 40), (seed) => faultOfRegionSeed(seed, 20))).toBeUndefined();
  });

  test("agree where their loops run in strips of iterations, or nearly could", () => {
    const fault = (seed: number): string | undefined => faultOfRegionSeed(seed, 4, randomStrips);
    expect(first(60_000, extent(3, 5000, 25), fault)).toBeUndefined();
  });
});
