import { expect } from "vitest";
import { gpuTrials } from "../../../../test/support/extent.ts";
import { compareRoutines, printTrials, type TrialResult } from "../../../../test/support/gpu-trials.ts";
import { openMachine, testOnGpu } from "../../../../test/support/webgpu.ts";

testOnGpu("random routines have the interpreter's bits on the device", async () => {
  const { count, seed } = gpuTrials(1, 8);
  const note = (first: number, part: TrialResult): void => printTrials(`Node, seed ${first}, routines`, part);
  const result = await compareRoutines(openMachine, { count, seed, note });
  printTrials("Node, all routines", result);
  const { ran, elements, differing } = result;
  expect(differing).toEqual([]);
  expect(ran).toBe(count);
  expect(elements).toBeGreaterThan(0);
});
