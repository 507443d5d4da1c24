// The GPU that the tests of one file share.
import { openWebGpu, type WebGpu } from "downhill/webgpu";
import { afterAll, beforeAll } from "vitest";
import { engine } from "../../src/engine/runtime/engine.ts";
import { gpuOfNode } from "./webgpu.ts";

/** Removes what opened GPUs add to the engine, because other test files in this process use one device. */
export function oneDevice(): void {
  engine.copies = undefined;
  engine.chooser = undefined;
}

/** Opens the GPU of Node before the tests of a file, if there is one, and closes it after them. `use` receives it. */
export function openGpuForFile(use: (gpu: WebGpu) => void): void {
  let gpu: WebGpu | undefined;
  beforeAll(async () => {
    if (gpuOfNode === undefined) return;
    gpu = await openWebGpu({ gpu: gpuOfNode });
    use(gpu);
  });
  afterAll(() => {
    gpu?.close();
    oneDevice();
  });
}
