import type { test } from "vitest";
import { testWith } from "./conditions.ts";

/**
 * Chooses the size of a test: `quick` in `npm test`, `thorough` in `npm run soak`, which sets DOWNHILL_THOROUGH. Both
 * check the same contract. The thorough extent finds faults that need many draws, long chains or large arrays.
 * `integration`, if given, is used with CI set, for work that is too slow for each change but not for each day.
 */
export function extent(quick: number, thorough: number, integration: number = quick): number {
  if (process.env["DOWNHILL_THOROUGH"] === "1") return thorough;
  return process.env["CI"] === "true" ? integration : quick;
}

/**
 * Returns all items in CI and in the thorough extent, otherwise the `i`-th in turn. For near-identical variants of a
 * test that runs for many numbers `i`.
 */
export function inTurn<T>(items: readonly T[], i: number): readonly T[] {
  return extent(0, 1, 1) === 1 ? items : [items[i % items.length]!];
}

/**
 * Number and seed of the random trials of a test on a GPU: `integration` with CI set, otherwise `quick`.
 * `scripts/soak-webgpu.mjs` sets DOWNHILL_GPU_TRIALS and DOWNHILL_GPU_SEED, which replace both.
 */
export function gpuTrials(
  quick: number,
  integration: number,
): { readonly count: number; readonly seed: number } {
  const { DOWNHILL_GPU_TRIALS: count, DOWNHILL_GPU_SEED: seed } = process.env;
  return {
    count: count === undefined ? extent(quick, integration, integration) : Number(count),
    seed: Number(seed ?? 20261202),
  };
}

/** Time limit of a test on a software device, in milliseconds, because a busy machine compiles shaders for minutes. 0 sets no limit. */
export const softwareDeviceTimeout: number = process.env["DOWNHILL_GPU_TRIALS"] === undefined ? 900_000 : 0;

/** Requirement of tests that take seconds each. */
export const inCi = "CI=true, because each takes seconds";

/**
 * `test` for a test that takes seconds because it starts processes or pages and waits for them. It runs if CI is set and in the
 * thorough extent. At least one test of each such group is a plain test, so that `npm test` tries every kind.
 */
export const testInCi: typeof test = testWith(inCi, extent(0, 1, 1) === 1);

/** `test` for a large case. It runs in `npm run soak`. */
export const testInSoak: typeof test = testWith("npm run soak, because each is large", extent(0, 1) === 1);
