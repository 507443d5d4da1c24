// WebGPU in Node for tests: Dawn of npm `webgpu` on Mesa's software device.
import type { GpuMachine, WgslDialect } from "../../src/engine/backends/webgpu/index.ts";
import {
  elementsOfWords,
  makeGpuCode,
  makeMachine,
  wordsOfElements,
} from "../../src/engine/backends/webgpu/index.ts";
import { planDispatches } from "../../src/engine/codegen/dispatch/plan.ts";
import { deviceWords, elementsOf } from "../../src/engine/codegen/dispatch/memory.ts";
import type { TypedArray } from "../../src/engine/kernel/executable.ts";
import type { Routine } from "../../src/engine/kernel/scalar.ts";
import { testWith } from "./conditions.ts";
import { extent } from "./extent.ts";

// Optimising the machine code of a shader takes most of the time of a test. The fast mathematics of the driver's own
// passes, which the tests are about, remains.
if (extent(0, 1) === 0) process.env["GALLIVM_PERF"] ??= "nopt";

async function findGpu(): Promise<GPU | undefined> {
  try {
    const { create } = (await import("webgpu")) as { create: (flags: string[]) => GPU };
    const gpu = create([]);
    return (await gpu.requestAdapter()) === null ? undefined : gpu;
  } catch {
    return undefined; // the package has no binary for this machine, or there is no driver
  }
}

/** Dawn's entry point; `undefined` without an adapter. Kept, because Dawn ends when it is collected. */
export const gpuOfNode: GPU | undefined = await findGpu();

/** `test` where Node has a WebGPU adapter. */
export const testOnGpu: ReturnType<typeof testWith> = testWith(
  "a WebGPU adapter (apt-get install -y mesa-vulkan-drivers libvulkan1)",
  gpuOfNode !== undefined,
);

/** Opens a machine for single routines. */
export async function openMachine(dialect: Partial<WgslDialect> = {}): Promise<GpuMachine> {
  const adapter = (await gpuOfNode!.requestAdapter())!;
  const device = await adapter.requestDevice();
  return makeMachine(device, {
    dialect: { isExact: true, hasExactDivision: true, ...dialect },
    budget: 2 ** 26,
  });
}

/** Input of a routine on a device: a number or an array, whose length may differ from the port's. */
export type RoutineInput = number | TypedArray;

/** Runs a routine once and returns its results: a number or an array per output. */
export async function runOnGpu(
  machine: GpuMachine,
  routine: Routine,
  inputs: readonly RoutineInput[],
): Promise<(number | TypedArray)[]> {
  const plan = planDispatches(routine);
  const code = makeGpuCode(plan, machine);
  const operands = inputs.map((input, i) => {
    const port = plan.routine.inputs[i]!;
    if (typeof input === "number" || port.kind === "scalar") return input as number;
    const words = wordsOfElements(port.buffer.type, input, 0, elementsOf(port.buffer));
    const start = machine.allocate(words.length, "test");
    machine.upload(start, words);
    return { start };
  });
  const results = plan.routine.outputs.map((port) => {
    if (port.kind === "scalar") throw new Error("a scalar result of a prepared routine");
    const n = elementsOf(port.buffer);
    return { type: port.buffer.type, n, start: machine.allocate(n * deviceWords[port.buffer.type], "test") };
  });
  code.call(
    operands,
    results.map(({ start }) => start),
  );
  const read = await Promise.all(
    results.map(async ({ type, n, start }, i) => {
      const array = elementsOfWords(type, await machine.read(start, n * deviceWords[type]), n);
      return routine.outputs[i]!.kind === "scalar" ? array[0]! : array;
    }),
  );
  code.release();
  return read;
}
