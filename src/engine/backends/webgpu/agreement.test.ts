import { expect } from "vitest";
import { gpuTrials } from "../../../../test/support/extent.ts";
import { compareRoutines, printTrials } from "../../../../test/support/gpu-trials.ts";
import { openMachine, testOnGpu } from "../../../../test/support/webgpu.ts";

testOnGpu("random routines have the interpreter's bits on the device", async () => {
  const { count, seed } = gpuTrials(1, 8);
  const result = await compareRoutines(openMachine, { count, seed });
  printTrials("Node, routines", result);
  const { ran, elements, differing } = result;
  expect(differing).toEqual([]);
  expect(ran).toBe(count);
  expect(elements).toBeGreaterThan(0);
});
