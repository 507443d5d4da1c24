import type { GpuCounts, GpuMachine, GpuProbe } from "../../backends/webgpu/index.ts";
import { makeGpuCode, planText } from "../../backends/webgpu/index.ts";
import { planDispatches } from "../../codegen/dispatch/plan.ts";
import type { ConcreteValue } from "../../ir/storage.ts";
import type { Routine } from "../../kernel/scalar.ts";
import type { Device, DeviceCode } from "../device.ts";
import type { GpuStorage } from "./memory.ts";
import { makeGpuMemory } from "./memory.ts";

/** Work and memory of a GPU since it was opened. */
export interface GpuStats extends Readonly<GpuCounts> {
  /** Pipelines that were compiled. */
  readonly pipelines: number;
  /** Bytes of tensors in its memory, and bytes that it has allocated for them. */
  readonly bytesInUse: number;
  readonly bytesAllocated: number;
}

/** A GPU on which `jit` runs functions; see `openWebGpu`. */
export interface WebGpu extends Device {
  /** Name of the adapter, as the driver reports it. */
  readonly adapter: string;
  /** Result of the probe: numbers of results that differ from IEEE arithmetic, by property. */
  readonly probe: GpuProbe;
  stats(): GpuStats;
  /** Frees the device. Its tensors cannot be read any more. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Creates the device of a machine. */
export function makeGpuDevice(
  machine: GpuMachine,
  about: Pick<WebGpu, "adapter" | "probe" | "bits">,
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
    allocate: (type, n) => memory.allocate(type, n, "a result"),
    compile: (routine) => compile(machine, routine),
    show: (routine) => ({ backend: "webgpu", code: planText(planDispatches(routine), machine.dialect) }),
    stats: () => ({
      ...machine.counts,
      pipelines: machine.pipelines.size(),
      bytesInUse: 4 * machine.ranges.used(),
      bytesAllocated: 4 * machine.ranges.total(),
    }),
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
