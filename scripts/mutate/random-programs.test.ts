// Random programs under the active mutant: loop nests, plain functions, regions and tensor programs in turn, for a time.
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { configure } from "downhill";
import { expectAgreement, trials } from "../../test/support/random-agreement.ts";
import { searchNests } from "../../test/support/nest-soak.ts";
import { faultOfPlainSeed, faultOfRegionSeed } from "../../test/support/plain-soak.ts";
import { randomStrips } from "../../test/support/random-strips.ts";

const milliseconds = Number(process.env["DOWNHILL_MUTANT_MILLISECONDS"] ?? 8000);

afterAll(() => configure({}));

/** A fault of the tensor program of a seed. */
function faultOfTensors(seed: number): string | undefined {
  configure({ reproducible: true });
  const check = fc.check(
    fc.property(trials(), (trial) => expectAgreement(trial, new Map(), false)),
    { numRuns: 1, seed, endOnFailure: true },
  );
  configure({});
  return check.failed ? String(check.errorInstance) : undefined;
}

test("random programs agree", { timeout: 10 * milliseconds }, () => {
  const kinds: readonly ((seed: number) => string | undefined)[] = [
    (seed) => searchNests({ seed, programs: 1, isRaw: true }).fault,
    (seed) => faultOfPlainSeed(seed, 3, 160),
    faultOfTensors,
    (seed) => faultOfRegionSeed(seed, 3),
    (seed) => faultOfRegionSeed(seed, 3, randomStrips),
  ];
  const end = performance.now() + milliseconds;
  for (let i = 0; performance.now() < end; i++) {
    const fault = kinds[i % kinds.length]!(1 + Math.floor(i / kinds.length));
    expect(fault).toBeUndefined();
  }
});
