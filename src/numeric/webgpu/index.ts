// Functions on a GPU by WebGPU.
export type { WebGpu, GpuStats } from "../../engine/runtime/webgpu/device.ts";
export { openWebGpu } from "../../engine/runtime/webgpu/open.ts";
export type { WebGpuOptions } from "../../engine/runtime/webgpu/open.ts";
