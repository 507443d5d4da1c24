import { expect } from "vitest";
import type { WebGpu } from "downhill/webgpu";
import { gpuTrials } from "../../../../test/support/extent.ts";
import { compareCorners } from "../../../../test/support/gpu-corners.ts";
import { openGpuForFile } from "../../../../test/support/open-gpu.ts";
import { testOnGpuInCi } from "../../../../test/support/webgpu.ts";

let gpu: WebGpu;
openGpuForFile((opened) => (gpu = opened));

testOnGpuInCi("functions of empty, large and special arrays have the processor's bits", async () => {
  const { ran, differing } = await compareCorners(gpu, gpuTrials(0, 1).count >= 100);
  expect(differing).toEqual([]);
  expect(ran).toBeGreaterThan(15);
});
