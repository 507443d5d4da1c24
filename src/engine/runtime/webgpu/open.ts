/// <reference lib="esnext.disposable" preserve="true" />
import type { GpuProbe } from "../../backends/webgpu/index.ts";
import { makeMachine, probeGpu } from "../../backends/webgpu/index.ts";
import { refuseExtra } from "../../errors/arguments.ts";
import { DownhillError } from "../../errors/index.ts";
import { checkChoice, checkOptions } from "../../errors/options.ts";
import { makeDeviceChooser } from "../auto-device.ts";
import { expectDevices } from "../cpu.ts";
import { engine } from "../engine.ts";
import type { WebGpu } from "./device.ts";
import { makeGpuDevice } from "./device.ts";

/** Options of `openWebGpu`. */
export interface WebGpuOptions {
  /** Preferred GPU of a computer with several. Default: the browser's choice. */
  readonly powerPreference?: "low-power" | "high-performance";
  /** Maximum memory for tensors on the GPU in bytes, 65,536 or more. Default: the largest buffer of the device. */
  readonly memoryBudget?: number;
  /**
   * True to compute the same bits as the interpreter wherever the device can, which is slower. False for results within
   * a few units in the last place. Default true.
   */
  readonly reproducible?: boolean;
  /** WebGPU entry point. Default: `navigator.gpu`, or that of the package `webgpu` in Node. */
  readonly gpu?: GPU;
}

/**
 * Opens a GPU by WebGPU, in browsers, workers, and in Node with the package `webgpu`. Pass it to `jit` as `device`.
 *
 * At opening a probe compares the arithmetic of the device with IEEE 754. `bits` of the result is `"exact"` if compiled
 * functions have the interpreter's bits, apart from subnormal numbers on a device that flushes them (see `probe`), and
 * `"close"` otherwise.
 *
 * @throws DownhillError `device` if there is no WebGPU or no adapter, with the reason and what to try. `option` and
 *   `range` for wrong options.
 *
 * @example
 * const onGpu = async () => {
 *   const gpu = await openWebGpu();
 *   const f = jit((x: Tensor) => x.mul(x).sum(), { device: gpu });
 *   return await f(tensor([1, 2, 3], { dtype: "float32" })).read(); // Float32Array [14]
 * };
 */
export async function openWebGpu(options: WebGpuOptions = {}): Promise<WebGpu> {
  if (arguments.length > 1) refuseExtra("openWebGpu", arguments, 1);
  checkOptions("openWebGpu", options, ["powerPreference", "memoryBudget", "reproducible", "gpu"]);
  const { powerPreference, memoryBudget, reproducible = true } = options;
  if (powerPreference !== undefined)
    checkChoice("openWebGpu", "powerPreference", powerPreference, ["low-power", "high-performance"]);
  if (typeof reproducible !== "boolean")
    throw new DownhillError("option", "openWebGpu: reproducible must be true or false.");
  if (memoryBudget !== undefined && !(typeof memoryBudget === "number" && memoryBudget >= 2 ** 16))
    throw new DownhillError(
      "range",
      `openWebGpu: memoryBudget must be a number of bytes of at least 65536, not ${String(memoryBudget)}.`,
    );
  if (options.gpu !== undefined && typeof options.gpu.requestAdapter !== "function")
    throw new DownhillError(
      "option",
      "openWebGpu: gpu must be a WebGPU entry point, such as navigator.gpu. Leave it out for the one of this environment.",
    );
  const gpu = options.gpu ?? (await entryPoint());
  const adapter = await adapterOf(gpu, powerPreference);
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter
    .requestDevice({ requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } })
    .catch((error: unknown) => {
      throw new DownhillError(
        "device",
        `openWebGpu: the GPU refused to open: ${(error as Error).message}. Close other programs that use it, and try again.`,
      );
    });
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  const exact = { isExact: reproducible, hasExactDivision: true };
  const budget = Math.min(most, memoryBudget ?? most);
  const machine = makeMachine(device, { dialect: exact, budget, gpu });
  let probe = await probeGpu(machine, exact);
  let dialect = exact;
  if (reproducible && probe.division + probe.squareRoot > 0) {
    dialect = { ...exact, hasExactDivision: false };
    probe = await probeGpu(machine, dialect);
  }
  expectDevices();
  const bits = reproducible && isExact(probe) ? "exact" : "close";
  const opened = makeGpuDevice(
    { ...machine, dialect },
    {
      adapter: nameOf(adapter),
      probe,
      bits,
      features: [...adapter.features].sort(),
      limits: limitsOf(adapter),
      memoryBudget: budget,
      open: () => openWebGpu({ ...options, gpu }),
    },
  );
  engine.chooser = makeDeviceChooser(opened);
  return opened;
}

function isExact({ division, squareRoot, arithmetic }: GpuProbe): boolean {
  return division + squareRoot + arithmetic === 0;
}

const reportedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

function limitsOf({ limits }: GPUAdapter): Readonly<Record<string, number>> {
  return Object.fromEntries(reportedLimits.map((name) => [name, limits[name]]));
}

function nameOf({ info }: GPUAdapter): string {
  return [info.description, info.device, info.architecture, info.vendor].find(Boolean) ?? "unnamed";
}

async function adapterOf(gpu: GPU, powerPreference: WebGpuOptions["powerPreference"]): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter(powerPreference === undefined ? {} : { powerPreference });
  if (adapter !== null) return adapter;
  throw new DownhillError(
    "device",
    "openWebGpu: WebGPU finds no GPU here. On Linux install a Vulkan driver (apt-get install mesa-vulkan-drivers has one for the processor); " +
      "in browsers check that hardware acceleration is on. jit without device runs on the processor.",
  );
}

/** Returns the WebGPU entry point of this environment. @throws DownhillError `device` without WebGPU. */
async function entryPoint(): Promise<GPU> {
  const ofPage = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (ofPage !== undefined) return ofPage;
  if (typeof process !== "object" || process.versions?.node === undefined)
    throw new DownhillError(
      "device",
      "openWebGpu: this browser has no WebGPU (navigator.gpu). Pages need https or localhost, and a recent browser. " +
        "jit without device runs on the processor.",
    );
  const name = "webgpu"; // not a literal, so that bundlers for browsers do not search for it
  try {
    const { create } = (await import(/* @vite-ignore */ name)) as { create: (flags: string[]) => GPU };
    return create([]);
  } catch (error) {
    throw new DownhillError(
      "device",
      `openWebGpu: Node needs the package webgpu, which did not load (${(error as Error).message}). Run npm install webgpu.`,
      { cause: error },
    );
  }
}
