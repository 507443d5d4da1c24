import { afterAll, beforeAll, expect } from "vitest";
import type { GpuMachine } from "./index.ts";
import { compareTable, tableTypes } from "../../../../test/support/gpu-table.ts";
import { gpuOfNode, openMachine, testOnGpu } from "../../../../test/support/webgpu.ts";
import { extent } from "../../../../test/support/extent.ts";

let machine: GpuMachine;
beforeAll(async () => {
  if (gpuOfNode !== undefined) machine = await openMachine();
});
afterAll(() => machine?.close());

testOnGpu.each(tableTypes.slice(extent(1, 0, 0)))(
  "every operation and conversion of %s has the interpreter's bits",
  async (type) => {
    const { count, differing } = await compareTable(machine, type, false);
    expect(count).toBeGreaterThan(20);
    expect(differing).toEqual([]);
  },
);
