// Random programs under the active mutant, for a time: the kinds of program that reach the mutated file, in turn.
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { configure } from "downhill";
import { expectPlanAgrees, inputsOfRoutine } from "../../test/support/device-plans.ts";
import { contestants, expectSameKernel } from "../../test/support/kernel-agreement.ts";
import { searchNests } from "../../test/support/nest-soak.ts";
import { faultOfPlainSeed, faultOfProductsSeed, faultOfRegionSeed } from "../../test/support/plain-soak.ts";
import { expectAgreement, expectDerivatives, trials } from "../../test/support/random-agreement.ts";
import { kernels } from "../../test/support/random-kernels.ts";
import { maskedFault } from "../../test/support/random-masked.ts";
import { bufferSize, routines } from "../../test/support/random-routines.ts";
import { sizedKernels } from "../../test/support/random-sizes.ts";
import { randomStrips } from "../../test/support/random-strips.ts";

type FaultOfSeed = (seed: number) => string | undefined;

const milliseconds = Number(process.env["DOWNHILL_MUTANT_MILLISECONDS"] ?? 8000);
const source = process.env["DOWNHILL_MUTANT_SOURCE"] ?? "";

afterAll(() => configure({}));

/** The fault of the value that a seed draws. */
function drawnFault<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (drawn: T) => void,
  seed: number,
): string | undefined {
  const { failed, errorInstance } = fc.check(fc.property(arbitrary, check), {
    numRuns: 1,
    seed,
    endOnFailure: true,
  });
  return failed ? String(errorInstance) : undefined;
}

/** A fault of the tensor program of a seed. */
const tensors: FaultOfSeed = (seed) => {
  configure({ reproducible: true });
  const fault = drawnFault(trials(), (trial) => expectAgreement(trial, new Map(), false), seed);
  configure({});
  return fault;
};
const derivatives: FaultOfSeed = (seed) => {
  configure({ reproducible: true });
  const fault = drawnFault(trials(), expectDerivatives, seed);
  configure({});
  return fault;
};
const masks: FaultOfSeed = (seed) => maskedFault(seed, 2);
/** One program in this number also runs on the backends, which takes ten times as long. */
const rarely = 40;
const plainDerivatives: FaultOfSeed = (seed) => faultOfPlainSeed(seed, rarely, 160);
const regionDerivatives: FaultOfSeed = (seed) => faultOfRegionSeed(seed, rarely);
const stripDerivatives: FaultOfSeed = (seed) => faultOfRegionSeed(seed, rarely, randomStrips);
const nests: FaultOfSeed = (seed) => searchNests({ seed, programs: 1, isRaw: true }).fault;
const plain: FaultOfSeed = (seed) => faultOfPlainSeed(seed, 3, 160);
const products: FaultOfSeed = (seed) => faultOfProductsSeed(seed, 3);
const regions: FaultOfSeed = (seed) => faultOfRegionSeed(seed, 3);
const strips: FaultOfSeed = (seed) => faultOfRegionSeed(seed, 3, randomStrips);
const routinesInSettings: FaultOfSeed = (seed) =>
  drawnFault(kernels(), (routine) => expectSameKernel(routine, contestants), seed);
const sizedRoutines: FaultOfSeed = (seed) =>
  drawnFault(sizedKernels(), ({ routine, ...sizes }) => expectSameKernel(routine, contestants, sizes), seed);
const devicePlans: FaultOfSeed = (seed) =>
  drawnFault(
    routines(120),
    (routine) => void expectPlanAgrees(routine, inputsOfRoutine(routine, bufferSize)),
    seed,
  );

/** Kinds of program for the files of a folder. The first folder that a file is in decides. */
const kindsByFolder: readonly (readonly [folder: string, kinds: readonly FaultOfSeed[]])[] = [
  ["engine/codegen/dispatch", [devicePlans]],
  ["engine/codegen", [routinesInSettings, sizedRoutines, devicePlans, nests, tensors]],
  ["engine/backends", [routinesInSettings, sizedRoutines, nests, tensors]],
  ["engine/passes", [tensors]],
  ["engine/transforms/taylor", [derivatives, masks, plain]],
  ["engine/transforms", [derivatives, masks, tensors]],
  ["engine/region/derive", [regionDerivatives, plainDerivatives, stripDerivatives, nests]],
  ["engine/region/flat", [regionDerivatives, plainDerivatives, stripDerivatives, nests]],
  ["engine/region/form", [regionDerivatives, plainDerivatives, nests]],
  ["engine/loops", [nests, products, strips, plain, regions]],
  ["engine", [nests, plain, tensors, regions, strips, products]],
];

test("random programs agree", { timeout: 10 * milliseconds }, () => {
  const [, kinds] = kindsByFolder.find(([folder]) => source.includes(`${folder}/`)) ?? kindsByFolder.at(-1)!;
  const end = performance.now() + milliseconds;
  for (let i = 0; performance.now() < end; i++) {
    const fault = kinds[i % kinds.length]!(1 + Math.floor(i / kinds.length));
    expect(fault).toBeUndefined();
  }
});
