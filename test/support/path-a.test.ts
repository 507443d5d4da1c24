import { describe, expect, test } from "vitest";
import { regionOf } from "./draw-region.ts";
import { evaluateRegion } from "./evaluate-region.ts";
import { extent } from "./extent.ts";
import { along, byTensors, direction, inner, isReal, numbersOf, resultTypes } from "./region-derivatives.ts";

describe("path A", () => {
  test("gives what the evaluator gives, and the derivatives of hyper-dual numbers in both modes", () => {
    for (let seed = 1; seed <= extent(10, 24, 24); seed++) {
      const { region, args, isFine } = regionOf(seed);
      const { results, counts } = evaluateRegion(region, args);
      const types = region.params.map(({ type }) => type);
      const tangents = direction(args, types, seed).filter((_, i) => isReal(types[i]!));
      const outs = resultTypes(region);
      const cotangents = direction(results, outs, seed + 1).filter((_, i) => isReal(outs[i]!));
      const { first } = along(region, args, tangents, tangents);
      const got = byTensors(region, args, counts, tangents, cotangents);
      const expected = inner(cotangents, first);
      // float32 rounds at 6e-8, and derivatives along hyper-dual numbers do not
      const tolerance = (isFine ? 1e-11 : 1e-4) * Math.max(1, Math.abs(expected));
      const values = results.filter((_, i) => isReal(outs[i]!)).flatMap(numbersOf);
      got.values.flatMap(numbersOf).forEach((x, i) => {
        expect(Math.abs(x - values[i]!), `value, seed ${seed}`).toBeLessThan(tolerance);
      });
      expect(Math.abs(inner(cotangents, got.forward) - expected), `forward, seed ${seed}`).toBeLessThan(
        tolerance,
      );
      expect(Math.abs(inner(got.backward, tangents) - expected), `backward, seed ${seed}`).toBeLessThan(
        tolerance,
      );
    }
  });
});
