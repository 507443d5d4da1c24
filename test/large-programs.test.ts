// Random programs over matrices of many shapes and sizes, in both floating types, with their derivatives, on every
// backend. All must return the same bits.
import * as fc from "fast-check";
import { afterEach, describe, expect } from "vitest";
import { testWith } from "./support/conditions.ts";
import { configure } from "downhill";
import { makeWasmBackend, wasmBackend, wasmFeatures } from "../src/engine/backends/wasm/index.ts";
import { compileProgram } from "../src/engine/runtime/executable.ts";
import { traceProgram } from "../src/engine/trace/staging.ts";
import type { Tally } from "./support/random-agreement.ts";
import { expectAgreement, trials } from "./support/random-agreement.ts";
import { extent, testInCi } from "./support/extent.ts";
import { functionOf, largeDims, pointOf, recipes, smallDims } from "./support/random-programs.ts";

afterEach(() => configure({}));

describe("random programs on matrices of many shapes", () => {
  testInCi(
    "have the same bits by every backend, with and without passes, jitted, and so do all transforms of them",
    () => {
      configure({ reproducible: true });
      const tally: Tally = new Map();
      // `npm run soak` draws 100,000
      fc.assert(
        fc.property(trials(), (trial) => expectAgreement(trial, tally)),
        { numRuns: extent(20, 40), seed: 5 },
      );
      expect(tally.size).toBeGreaterThan(40); // of ways
    },
    300_000,
  );

  testWith("an engine with relaxed SIMD", wasmFeatures().relaxed)(
    "differ by little where products may be rounded once",
    () => {
      const relaxed = makeWasmBackend({ relaxed: true });
      fc.assert(
        fc.property(recipes([...smallDims, ...largeDims], true), (recipe) => {
          // a few ulps of numbers near 1, which sums, sines and quotients may amplify
          const tolerance = recipe.dtype === "float32" ? 2 ** -14 : 2 ** -40;
          const f = functionOf(recipe);
          const { program, captured } = traceProgram(
            "f",
            pointOf(recipe).map((x) => x.type),
            f,
          );
          const slots = [...captured, ...pointOf(recipe)].map((x) => x.slot!);
          const [exact, given] = [wasmBackend, relaxed].map((backend) =>
            compileProgram(program, backend).run(slots),
          );
          exact!.forEach((x, k) => {
            const got = given![k]!.data();
            x.data().forEach((value, i) =>
              expect(Math.abs(got[i]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value))),
            );
          });
        }),
        { numRuns: extent(4, 200, 10), seed: 6 },
      );
    },
    300_000,
  );
});
