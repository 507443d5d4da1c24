import type { GpuCounts, GpuMachine, GpuProbe } from "../../backends/webgpu/index.ts";
import { makeGpuCode, planText } from "../../backends/webgpu/index.ts";
import { planDispatches } from "../../codegen/dispatch/plan.ts";
import type { ConcreteValue } from "../../ir/storage.ts";
import type { Routine } from "../../kernel/scalar.ts";
import type { Device, DeviceCode } from "../device.ts";
import type { GpuStorage } from "./memory.ts";
import { makeGpuMemory } from "./memory.ts";

/** Numbers of operations of a GPU since it was opened, and its present memory. */
export interface GpuStats extends Readonly<GpuCounts> {
  /** Number of compiled pipelines. */
  readonly pipelines: number;
  /** Bytes of tensors in the memory of the GPU (`bytesInUse`), and bytes that are allocated for them. */
  readonly bytesInUse: number;
  readonly bytesAllocated: number;
}

/** A GPU on which `jit` runs functions; see `openWebGpu`. */
export interface WebGpu extends Device {
  /** Name of the adapter, as the driver reports it. */
  readonly adapter: string;
  /** Number of probed results that differ from IEEE arithmetic, by property. */
  readonly probe: GpuProbe;
  /** Features and limits of the adapter that programs may depend on, for reports. */
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** Maximum memory for tensors in bytes. */
  readonly memoryBudget: number;
  stats(): GpuStats;
  /**
   * Opens the GPU again with the same options after it was lost. Returns `undefined` if it was not lost. The tensors in
   * its memory are lost.
   */
  reopen(): Promise<WebGpu | undefined>;
  /** Closes the device. Its tensors can no longer be read. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Properties of a GPU that are known when it is open. */
type GpuDescription = Pick<WebGpu, "adapter" | "probe" | "bits" | "features" | "limits" | "memoryBudget">;

/** Wraps a machine as a device for `jit`. */
export function makeGpuDevice(
  machine: GpuMachine,
  { open, ...about }: GpuDescription & { readonly open: () => Promise<WebGpu> },
): WebGpu {
  const name = `the GPU (${about.adapter})`;
  const memory = makeGpuMemory(machine, name);
  const close = (): void => machine.close();
  return {
    ...about,
    name,
    memory,
    types: ["f32", "i32", "u32", "bool"],
    scalarTypes: ["f64", "f32", "i32", "u32", "bool"],
    allocate: (type, n, operation = "a result") => memory.allocate(type, n, operation),
    compile: (routine) => compile(machine, routine),
    show: (routine) => ({ backend: "webgpu", code: planText(planDispatches(routine), machine.dialect) }),
    stats: () => ({
      ...machine.counts,
      pipelines: machine.pipelines.size(),
      bytesInUse: 4 * machine.ranges.used(),
      bytesAllocated: 4 * machine.ranges.total(),
    }),
    reopen: async () => (machine.log.isLost() ? open() : undefined),
    close,
    [Symbol.dispose]: close,
  };
}

function compile(machine: GpuMachine, routine: Routine): DeviceCode {
  const code = makeGpuCode(planDispatches(routine), machine);
  const kernels = code.texts.length;
  const codeBytes = code.texts.reduce((sum, text) => sum + text.length, 0);
  const startOf = (value: ConcreteValue): number => (value as GpuStorage).start;
  return {
    backend: "webgpu",
    call: (inputs, outputs) =>
      code.call(
        inputs.map((value) => (typeof value === "number" ? value : { start: startOf(value) })),
        outputs.map(startOf),
      ),
    prepare: code.prepare,
    size: () => ({ kernels, codeBytes, memoryBytes: 0, ownBytes: 0 }),
    release: code.release,
  };
}
