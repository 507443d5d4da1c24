import { afterAll, expect } from "vitest";
import { openWebGpu } from "downhill/webgpu";
import { gpuTrials } from "../../../../test/support/extent.ts";
import { comparePrograms, printTrials, type TrialResult } from "../../../../test/support/gpu-trials.ts";
import { oneDevice } from "../../../../test/support/open-gpu.ts";
import { gpuOfNode, testOnGpuInCi } from "../../../../test/support/webgpu.ts";

afterAll(oneDevice);

testOnGpuInCi("random programs and their derivatives have the processor's bits", async () => {
  const { count, seed } = gpuTrials(0, 4);
  const note = (first: number, part: TrialResult): void => printTrials(`Node, seed ${first}, programs`, part);
  const result = await comparePrograms(() => openWebGpu({ gpu: gpuOfNode! }), { count, seed, note });
  printTrials("Node, all programs", result);
  const { ran, refused, differing } = result;
  expect(differing).toEqual([]);
  expect(ran + refused).toBe(count);
  expect(refused).toBeLessThan(count / 2);
});
