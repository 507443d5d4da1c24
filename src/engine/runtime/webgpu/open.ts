/// <reference lib="esnext.disposable" preserve="true" />
import type { GpuProbe } from "../../backends/webgpu/index.ts";
import { makeMachine, probeGpu } from "../../backends/webgpu/index.ts";
import { refuseExtra } from "../../errors/arguments.ts";
import { DownhillError } from "../../errors/index.ts";
import { checkChoice, checkOptions } from "../../errors/options.ts";
import { expectDevices } from "../cpu.ts";
import type { WebGpu } from "./device.ts";
import { makeGpuDevice } from "./device.ts";

/** Options of `openWebGpu`. */
export interface WebGpuOptions {
  /** Preferred GPU of a machine with several. Default: the browser's choice. */
  readonly powerPreference?: "low-power" | "high-performance";
  /** Maximum bytes of tensors in the memory of the GPU. Default: as much as one buffer of the device may have. */
  readonly memoryBudget?: number;
  /**
   * True for the bits of the interpreter wherever the device can compute them, which costs speed. False for results
   * within a few units in the last place. Default true.
   */
  readonly reproducible?: boolean;
  /** WebGPU entry point. Default: `navigator.gpu`, and in Node that of the package `webgpu`. */
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
  const adapter = await adapterOf(options.gpu ?? (await entryPoint()), powerPreference);
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
  const machine = makeMachine(device, { dialect: exact, budget: Math.min(most, memoryBudget ?? most) });
  let probe = await probeGpu(machine, exact);
  let dialect = exact;
  if (reproducible && probe.division + probe.squareRoot > 0) {
    dialect = { ...exact, hasExactDivision: false };
    probe = await probeGpu(machine, dialect);
  }
  expectDevices();
  const bits = reproducible && isExact(probe) ? "exact" : "close";
  return makeGpuDevice({ ...machine, dialect }, { adapter: nameOf(adapter), probe, bits });
}

function isExact({ division, squareRoot, arithmetic }: GpuProbe): boolean {
  return division + squareRoot + arithmetic === 0;
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

/** Dawn in Node, kept because it ends when it is collected. */
let dawn: GPU | undefined;

/** WebGPU of this environment. @throws DownhillError `device` without WebGPU. */
async function entryPoint(): Promise<GPU> {
  const ofPage = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (ofPage !== undefined) return ofPage;
  if (typeof process !== "object" || process.versions?.node === undefined)
    throw new DownhillError(
      "device",
      "openWebGpu: this browser has no WebGPU (navigator.gpu). Pages need https or localhost, and a recent browser. " +
        "jit without device runs on the processor.",
    );
  if (dawn !== undefined) return dawn;
  const name = "webgpu"; // not a literal, so that bundlers for browsers do not search for it
  try {
    const { create } = (await import(/* @vite-ignore */ name)) as { create: (flags: string[]) => GPU };
    dawn = create([]);
    return dawn;
  } catch (error) {
    throw new DownhillError(
      "device",
      `openWebGpu: Node needs the package webgpu, which did not load (${(error as Error).message}). Run npm install webgpu.`,
      { cause: error },
    );
  }
}
