// Training steps of networks of several kinds on a GPU: number of dispatches, and the processor's bits.
import { expect } from "vitest";
import { jit, type Tensor } from "downhill";
import type { WebGpu } from "downhill/webgpu";
import { dispatchesOf } from "../src/engine/codegen/dispatch/kernels.ts";
import { planDispatches } from "../src/engine/codegen/dispatch/plan.ts";
import { flatten } from "../src/engine/tree/index.ts";
import { recordedRoutine } from "./support/device-plans.ts";
import { testInCi, testInSoak } from "./support/extent.ts";
import { networks, trainingStep } from "./support/gpu-networks.ts";
import { openGpuForFile } from "./support/open-gpu.ts";
import { gpuOfNode, testOnGpu } from "./support/webgpu.ts";

let gpu: WebGpu;
openGpuForFile((opened) => (gpu = opened));

const names = Object.keys(networks);

testInCi("training steps of networks have the recorded numbers of dispatches", () => {
  const counts = names.map((name) => {
    const { step, first } = trainingStep(networks[name]!);
    return dispatchesOf(planDispatches(recordedRoutine(step, [first])).steps);
  });
  expect(counts).toEqual([14, 17, 2, 2, 13, 5]);
});

const leavesOf = (tree: unknown): readonly Tensor[] => flatten(tree, "test").leaves as Tensor[];

// a software device takes minutes to compile all of them
(gpuOfNode === undefined ? testOnGpu : testInSoak).each(names)(
  "training steps on a GPU have the processor's bits: %s",
  async (name) => {
    const { step, first } = trainingStep(networks[name]!);
    const here = jit(step as (state: unknown) => [Tensor, unknown]);
    const there = jit(step as (state: unknown) => [Tensor, unknown], { device: gpu });
    let states: [unknown, unknown] = [first, first];
    for (let i = 0; i < 3; i++) {
      const [expected, got] = [here(states[0]), there(states[1])];
      const read = await Promise.all(leavesOf(got).map((x) => x.read()));
      expect(read).toEqual(leavesOf(expected).map((x) => x.data()));
      states = [expected[1], got[1]];
    }
  },
);
