// Training steps of networks of several kinds on a GPU: number of dispatches, and the processor's bits.
import { expect } from "vitest";
import type { WebGpu } from "downhill/webgpu";
import { dispatchesOf } from "../src/engine/codegen/dispatch/kernels.ts";
import { planDispatches } from "../src/engine/codegen/dispatch/plan.ts";
import { recordedRoutine } from "./support/device-plans.ts";
import { gpuTrials, softwareDeviceTimeout, testInCi, testInSoak } from "./support/extent.ts";
import { trainingStep } from "./support/gpu-networks.ts";
import { allNetworks, compareNetworks } from "./support/gpu-trials.ts";
import { openGpuForFile } from "./support/open-gpu.ts";
import { gpuOfNode, testOnGpu } from "./support/webgpu.ts";

let gpu: WebGpu;
openGpuForFile((opened) => (gpu = opened));

const names = Object.keys(allNetworks);

testInCi("training steps of networks have the recorded numbers of dispatches", () => {
  const counts = names.map((name) => {
    const { step, first } = trainingStep(allNetworks[name]!);
    return dispatchesOf(planDispatches(recordedRoutine(step, [first])).steps);
  });
  expect(counts).toEqual([14, 17, 2, 2, 13, 5, 26, 10, 2, 5, 10, 4, 3, 2, 18, 6, 17, 17]);
});

// a software device takes minutes to compile all of them
const isSoak = gpuTrials(0, 0).count > 0; // scripts/soak-webgpu.mjs
(gpuOfNode === undefined || isSoak ? testOnGpu : testInSoak).each(names)(
  "twenty training steps on a GPU have the processor's bits: %s",
  async (name) => {
    const { differing, elements } = await compareNetworks(gpu, [name], 20);
    expect(differing).toEqual([]);
    expect(elements).toBeGreaterThan(0);
  },
  softwareDeviceTimeout,
);
