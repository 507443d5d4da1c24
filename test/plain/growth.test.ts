// How gradients grow: iterations and bytes of eight times the data are eight times as many, whatever is recorded.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { cotangents } from "../../src/engine/region/gradient.ts";
import { tangent } from "../../src/engine/region/tangent.ts";
import type { RegionCounts, RegionValue } from "../support/evaluate-region.ts";
import { evaluateRegion } from "../support/evaluate-region.ts";
import { formOfText, regionArguments } from "../support/plain-region.ts";
import { mapValue, realParams } from "../support/region-derivatives.ts";
import { seeded } from "../support/sampling.ts";

const text = readFileSync(new URL("functions.ts", import.meta.url), "utf8");
const random = seeded(3);
const typed = (n: number, low = -1, high = 1): Float64Array =>
  Float64Array.from({ length: n }, () => low + (high - low) * random());

/** Arguments of a size n, in which the work of the function is linear. */
const sizes: readonly (readonly [name: string, args: (n: number) => readonly unknown[]])[] = [
  ["regression", (n) => [{ w: [0.1, -0.2, 0.3], b: 0.2 }, typed(3 * n), typed(n)]],
  ["logistic", (n) => [{ w: [0.1, -0.2, 0.3], b: 0.2 }, typed(3 * n), typed(n)]],
  ["convolution", (n) => [typed(n + 3), typed(4), typed(n)]],
  ["pendulum", (n) => [{ angle: 1, gravity: 9.81, damping: 0.1 }, n]],
  ["softDtw", (n) => [typed(n), typed(7), 0.5]],
  ["alignment", (n) => [typed(n), typed(7), 0.3]],
  ["mixture", (n) => [{ alpha: typed(3), mu: typed(6), logs: typed(6) }, typed(2 * n), 2]],
  ["barrier", (n) => [typed(n, 0.1, 12)]],
  ["sumOfSquares", (n) => [typed(n)]],
  ["rosenbrock", (n) => [typed(n)]],
];

describe("gradients grow with their function", () => {
  test.each(sizes)("%s, and second derivatives do too", (name, argsOf) => {
    const { region } = formOfText(text, name);
    const isReal = realParams(region);
    const gradient = cotangents(region, isReal, scalarFunctions);
    const second = tangent(gradient, [...isReal, false], scalarFunctions, { primal: false });
    const count = (
      n: number,
    ): { readonly value: RegionCounts; readonly first: RegionCounts; readonly both: RegionCounts } => {
      const values = regionArguments(formOfText(text, name), argsOf(n)).values;
      const tangents: RegionValue[] = values.filter((_, i) => isReal[i]).map((x) => mapValue(x, () => 1));
      return {
        value: evaluateRegion(region, values).counts,
        first: evaluateRegion(gradient, [...values, 1]).counts,
        both: evaluateRegion(second, [...values, 1, ...tangents]).counts,
      };
    };
    // loops over neighbours have one iteration less
    const [small, large] = [count(16), count(128)];
    for (const which of ["first", "both"] as const) {
      const times = (of: (counts: RegionCounts) => number): number =>
        of(large[which]) / Math.max(1, of(small[which]));
      expect(times(({ iterations }) => iterations)).toBeLessThan(9);
      expect(times(({ statements }) => statements)).toBeLessThan(9);
      expect(times(({ peakBytes }) => peakBytes)).toBeLessThan(9);
      // what an iteration of the function costs: forwards, backwards, and arrays that begin with zeros
      expect(large[which].iterations / large.value.iterations).toBeLessThan(which === "first" ? 4 : 8);
    }
  });
});
