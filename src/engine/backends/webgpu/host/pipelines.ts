import type { DownhillError } from "../../../errors/index.ts";
import { internalError } from "../../../errors/index.ts";
import type { ProblemLog } from "./problems.ts";

const computeStage = 4;

/** Cache of compute pipelines by WGSL source. `about` describes the kernel in errors. */
export interface PipelineCache {
  readonly layout: GPUBindGroupLayout;
  readonly get: (text: string, about: () => string) => GPUComputePipeline;
  /**
   * Compiles a pipeline without blocking, unless it is in the cache.
   *
   * @throws DownhillError `internal` if the module is invalid.
   */
  readonly prepare: (text: string, about: () => string) => Promise<void>;
  readonly size: () => number;
}

/**
 * Creates the pipeline cache of a device. All kernels have the same bind group layout: parameters, the arena, loop
 * counters.
 */
export function makePipelineCache(device: GPUDevice, log: ProblemLog): PipelineCache {
  const pipelines = new Map<string, GPUComputePipeline>();
  const layout = device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility: computeStage, buffer: { type: "uniform" } },
      { binding: 1, visibility: computeStage, buffer: { type: "storage" } },
      { binding: 2, visibility: computeStage, buffer: { type: "uniform", hasDynamicOffset: true } },
    ],
  });
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
  const descriptor = (text: string): GPUComputePipelineDescriptor => ({
    layout: pipelineLayout,
    compute: { module: device.createShaderModule({ code: text }), entryPoint: "main" },
  });
  const shaderError =
    (text: string, about: () => string) =>
    (message: string): DownhillError =>
      internalError(`a shader does not compile: ${message}\n${about()}\n${text}`);
  return {
    layout,
    size: () => pipelines.size,
    get(text, about) {
      const known = pipelines.get(text);
      if (known !== undefined) return known;
      const make = (): GPUComputePipeline => device.createComputePipeline(descriptor(text));
      const made = log.watched("validation", make, shaderError(text, about));
      pipelines.set(text, made);
      return made;
    },
    async prepare(text, about) {
      if (pipelines.has(text)) return;
      const wanted = log.watched("validation", () => descriptor(text), shaderError(text, about));
      try {
        pipelines.set(text, await device.createComputePipelineAsync(wanted));
      } catch (error) {
        await log.settled("warm");
        throw shaderError(text, about)((error as Error).message);
      }
    },
  };
}
