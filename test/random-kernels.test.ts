// Random routines with the size and form of compiled programs, run by the interpreter, by generated JavaScript and by
// WebAssembly in all of its settings. All must return the same bits.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printRoutine } from "../src/engine/kernel/print.ts";
import type { Routine } from "../src/engine/kernel/scalar.ts";
import { contestants, expectSameKernel } from "./support/kernel-agreement.ts";
import { extent } from "./support/extent.ts";
import { kernels } from "./support/random-kernels.ts";
import type { SizedRoutine } from "./support/random-sizes.ts";
import { sizedKernels } from "./support/random-sizes.ts";

describe("random kernels give the bits of the interpreter", () => {
  test("in all settings", () => {
    let run = 0;
    const some = (): typeof contestants => contestants.filter((_, i) => i === 0 || (i + run) % 3 === 0);
    const agree = (routine: Routine): void => {
      run++;
      expectSameKernel(routine, some());
    };
    fc.assert(fc.property(kernels(), agree), { numRuns: extent(6, 500, 12), seed: 1 });
    fc.assert(fc.property(kernels(true), agree), { numRuns: extent(2, 50), seed: 1 });
  }, 300_000);

  test("in all settings, with sizes that calls compute", () => {
    let run = 0;
    const agree = ({ routine, ...numbers }: SizedRoutine): void => {
      run++;
      const among = contestants.filter((_, i) => (i + run) % 3 === 0);
      expectSameKernel(routine, among, numbers);
    };
    fc.assert(fc.property(sizedKernels(), agree), { numRuns: extent(10, 500, 24), seed: 3 });
    fc.assert(fc.property(sizedKernels(true), agree), { numRuns: extent(2, 50), seed: 3 });
  }, 300_000);

  test("which reach every kind of statement and expression", () => {
    const text = fc.sample(kernels(), { numRuns: 150, seed: 7 }).map(printRoutine).join("\n");
    const parts =
      "for each |reverse|while |if rarely |if simply |else|let |?|digits[|coefficients[|mulAdd(|fromWords(|contract |batch |+=|add of |own(|exp|formula(";
    for (const part of parts.split("|")) expect(text).toContain(part);
  });
});
