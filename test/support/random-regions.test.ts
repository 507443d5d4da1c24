import { describe, expect, test } from "vitest";
import { extent } from "./extent.ts";
import { Choices } from "./random-choices.ts";
import { choicesOf, regionOf, shrink } from "./draw-region.ts";
import { evaluateOver, evaluateRegion, isArray } from "./evaluate-region.ts";
import type { RegionValue } from "./evaluate-region.ts";
import { hyperDuals } from "./hyper-dual.ts";
import type { RandomRegion } from "./random-regions.ts";
import { randomRegion } from "./random-regions.ts";
import { plainScalarValues } from "./scalar-values.ts";

const duals = hyperDuals(plainScalarValues);

/** Arguments with `change` applied to each number and its direction component. "zero" and integers stay. */
function moved<S extends number | object>(
  { region, args }: RandomRegion,
  change: (x: number, along: number) => S,
): RegionValue<S>[] {
  return args.map((arg, i) => {
    const { name, type } = region.params[i]!;
    const isStill = type === "i32" || name === "zero";
    const one = (x: number, j: number): S => change(x, isStill ? 0 : Math.cos(i + j));
    return isArray(arg) ? { dims: arg.dims, data: Array.from(arg.data, one) } : one(arg, 0);
  });
}

describe("random regions", () => {
  test("keep every rule, end, and give finite numbers with finite derivatives", () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= extent(100, 1000, 300); seed++) {
      const drawn = regionOf(seed);
      const args = moved(drawn, (x, along) => ({ x, a: along, b: along, ab: 0 }));
      const { results } = evaluateOver(duals, drawn.region, args, { maxStatements: 100_000 });
      const first = results[0]!;
      if (isArray(first)) throw new Error("the first result is a number");
      expect([first.x, first.a, first.ab].every(Number.isFinite)).toBe(true);
      for (const [, kind] of JSON.stringify(drawn.region).matchAll(/"kind":"(\w+)"/g)) kinds.add(kind!);
    }
    const all =
      "const local load length apply convert select let set array store swap for while if throw scalar";
    expect([...kinds].sort()).toEqual(all.split(" ").sort());
  });

  test("have the derivatives that differences show, where two steps agree on them", () => {
    let compared = 0;
    for (let seed = 1000; seed < 1200; seed++) {
      const drawn = regionOf(seed);
      if (!drawn.isFine) continue;
      const at = (h: number): number =>
        evaluateRegion(
          drawn.region,
          moved(drawn, (x, along) => x + h * along),
        ).results[0] as number;
      const [near, far] = [1e-6, 3e-6].map((h) => (at(h) - at(-h)) / (2 * h)) as [number, number];
      const size = Math.max(1, Math.abs(near));
      if (Math.abs(near - far) > 1e-5 * size) continue; // a kink is between
      const args = moved(drawn, (x, along) => ({ x, a: along, b: 0, ab: 0 }));
      const { a } = evaluateOver(duals, drawn.region, args).results[0] as { readonly a: number };
      expect(Math.abs(a - near) / size, `seed ${seed}`).toBeLessThan(1e-5);
      compared++;
    }
    expect(compared).toBeGreaterThan(100);
  });

  test("shrink to the smallest that still has a property", () => {
    const hasSwap = (choices: readonly number[]): boolean =>
      JSON.stringify(randomRegion(new Choices(choices)).region).includes(`"kind":"swap"`);
    let seed = 1;
    while (!hasSwap(choicesOf(seed))) seed++;
    const small = shrink(choicesOf(seed), hasSwap);
    expect(small.length).toBeLessThan(60);
    const { body } = randomRegion(new Choices(small)).region;
    expect(body.filter(({ kind }) => kind === "swap")).toHaveLength(1);
    expect(body.some(({ kind }) => kind === "while" || kind === "if")).toBe(false);
  });
});
