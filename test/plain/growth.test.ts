// Growth of gradients: eight times the data take eight times the iterations and bytes, whatever is saved for the
// backward pass.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { scalarFunctions } from "../../src/engine/prims/scalar-functions.ts";
import { cotangents, gradient } from "../../src/engine/region/derive/gradient.ts";
import { lowerRegion } from "../../src/engine/region/lower/routine.ts";
import { tangent } from "../../src/engine/region/derive/tangent.ts";
import { backendFor } from "../../src/engine/runtime/choices.ts";
import "../../src/engine/runtime/install.ts";
import type { RegionCounts, RegionValue } from "../support/evaluate-region.ts";
import { evaluateRegion } from "../support/evaluate-region.ts";
import { formOfText, regionArguments } from "../support/plain-region.ts";
import { mapValue, realParams } from "../support/region-derivatives.ts";
import { seeded } from "../support/sampling.ts";

const text = readFileSync(new URL("functions.ts", import.meta.url), "utf8");
const random = seeded(3);
const typed = (n: number, low = -1, high = 1): Float64Array =>
  Float64Array.from({ length: n }, () => low + (high - low) * random());

/** Arguments of size n. The work of the function is linear in n. */
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
    // loops over neighbours have one iteration fewer
    const [small, large] = [count(16), count(128)];
    for (const which of ["first", "both"] as const) {
      const times = (of: (counts: RegionCounts) => number): number =>
        of(large[which]) / Math.max(1, of(small[which]));
      expect(times(({ iterations }) => iterations)).toBeLessThan(9);
      expect(times(({ statements }) => statements)).toBeLessThan(9);
      expect(times(({ peakBytes }) => peakBytes)).toBeLessThan(9);
      // cost of an iteration of the function: forward pass, backward pass, and arrays that start with zeros
      expect(large[which].iterations / large.value.iterations).toBeLessThan(which === "first" ? 4 : 8);
    }
  });
});

describe("gradients of nests of loops", () => {
  const adbench = readFileSync(new URL("adbench.ts", import.meta.url), "utf8");

  test("save one iteration of the loop over points of a mixture of Gaussians, for any number of points", () => {
    const { region } = formOfText(adbench, "gmm");
    const made = gradient(
      region,
      region.params.map(({ name }) => name.startsWith("p_")),
      scalarFunctions,
      { wanted: "values gradient" },
    );
    const rows = (n: number, m: number): number[][] => Array.from({ length: n }, () => [...typed(m)]);
    const bytes = (n: number): number => {
      const components = { alphas: [...typed(3)], means: rows(3, 4), icf: rows(3, 10) };
      const args = [components, rows(n, 4), { gamma: 1, m: 0, constant: -20 }];
      return evaluateRegion(made, regionArguments(formOfText(adbench, "gmm"), args).values).counts.peakBytes;
    };
    expect(bytes(64)).toBe(bytes(2));
  });

  test.each([
    ["gmm", adbench, "wasm"],
    ["lstm", adbench, "wasm"],
    ["alignment", text, "wasm"],
    ["softDtw", text, "wasm"],
    ["barrier", text, "js"],
    ["rosenbrock", text, "js"],
    ["newton", text, "js"],
  ])(
    "are WebAssembly, and those of passes over arrays and few numbers JavaScript: %s",
    (name, source, backend) => {
      const { region } = formOfText(source, name);
      const made = gradient(region, realParams(region), scalarFunctions, { wanted: "values gradient" });
      expect(backendFor(lowerRegion(made, scalarFunctions).routine).name).toMatch(backend);
    },
  );
});
