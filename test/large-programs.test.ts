// Random programs over matrices of many shapes and sizes, in both floating types, run by everything that can run them, and
// so their derivatives. All must give the same bits.
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { configure, jit, jvp, printProgram, vjp } from "downhill";
import { interpBackend } from "../src/backends/interp/index.ts";
import { jsBackend } from "../src/backends/js/index.ts";
import { makeWasmBackend, wasmBackend, wasmFeatures } from "../src/backends/wasm/index.ts";
import type { Backend } from "../src/kernel/executable.ts";
import { compileProgram } from "../src/runtime/executable.ts";
import { traceProgram } from "../src/trace/staging.ts";
import type { Recipe } from "./support/random-programs.ts";
import { functionOf, largeDims, pointOf, recipes, smallDims } from "./support/random-programs.ts";
import { runPlain } from "./support/run-plain.ts";

afterEach(() => configure({}));

/** What runs programs without counting every step. */
const quick = [
  jsBackend,
  wasmBackend,
  makeWasmBackend({ loadConstants: true, manyRegisters: true, wide: true }),
];

/** Compares everything that can run a function, its gradient, and where asked its second derivatives, bit for bit. */
function expectAgreement(recipe: Recipe, backends: readonly Backend[], isTwice: boolean): void {
  const f = functionOf(recipe);
  const [point, tangents, cotangents] = [pointOf(recipe), pointOf(recipe, 1), pointOf(recipe, 2)];
  const gradient = (...xs: Tensor[]): Tensor[] => vjp(f, ...xs)[1](cotangents);
  const second = (...xs: Tensor[]): Tensor[] => jvp(gradient, xs, tangents)[1];
  for (const g of isTwice ? [f, gradient, second] : [f, gradient]) {
    const expected = g(...point);
    const { program, captured } = traceProgram(
      "f",
      point.map((x) => x.type),
      g,
    );
    const ins = [...captured, ...point];
    const look = (way: string, outs: readonly Tensor[]): void => {
      expected.forEach((x, k) => {
        const [want, got] = [x.data(), outs[k]!.data()];
        const i = want.findIndex((value, place) => !Object.is(value, got[place]));
        if (i < 0 && got.length === want.length) return;
        throw new Error(`${way}: result ${k} [${i}] is ${got[i]}, not ${want[i]}\n${printProgram(program)}`);
      });
    };
    for (const backend of backends) {
      look(`${backend.name}, as it is`, runPlain(program, backend, ins));
      const compiled = compileProgram(program, backend);
      look(`${backend.name}, optimised`, compiled.run(ins.map((x) => x.slot!)));
      compiled.drop();
    }
    look("jit", jit((...xs: Tensor[]) => g(...xs))(...point));
  }
}

describe("random programs on matrices of many shapes", () => {
  // `npm run soak` draws 100,000, in parts
  const count = Number(process.env["DOWNHILL_PROGRAMS"] ?? 50);
  const firstSeed = Number(process.env["DOWNHILL_PROGRAMS_SEED"] ?? 5);
  const perPart = 1000;
  const parts = Array.from({ length: Math.ceil(count / perPart) }, (_, part) => part);
  test.each(parts)(
    "have the same bits by every backend, with and without passes, jitted, and so do their derivatives (part %d)",
    (part) => {
      configure({ reproducible: true });
      const numRuns = Math.min(perPart, count - part * perPart);
      let run = 0;
      const agree = (recipe: Recipe, isLarge: boolean): void => {
        run++;
        // interpreting long loops takes long: one in ten
        expectAgreement(recipe, isLarge && run % 10 > 0 ? quick : [...quick, interpBackend], run % 4 === 0);
      };
      const seed = firstSeed + part;
      fc.assert(
        fc.property(recipes(smallDims), (recipe) => agree(recipe, false)),
        { numRuns: Math.ceil(numRuns * 0.9), seed },
      );
      fc.assert(
        fc.property(recipes(largeDims), (recipe) => agree(recipe, true)),
        { numRuns: Math.floor(numRuns * 0.1), seed },
      );
    },
    3_600_000,
  );

  test.runIf(wasmFeatures().relaxed)("differ by little where products may be rounded once", () => {
    const relaxed = makeWasmBackend({ relaxed: true });
    fc.assert(
      fc.property(recipes([...smallDims, ...largeDims], true), (recipe) => {
        // a few last bits of numbers of the size of 1, which sums, sines and quotients of some operations may blow up
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
      { numRuns: 40, seed: 6 },
    );
  });
});
