// Runs single routines on a GPU, in Node and in pages.
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

/** Opens a machine of a WebGPU entry point for single routines. */
export async function openMachineOf(gpu: GPU, dialect: Partial<WgslDialect> = {}): Promise<GpuMachine> {
  const adapter = (await gpu.requestAdapter())!;
  const device = await adapter.requestDevice();
  return makeMachine(device, {
    dialect: { isExact: true, hasExactDivision: true, ...dialect },
    budget: 2 ** 26,
    gpu,
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
  const taken: { readonly start: number; readonly words: number }[] = [];
  const allocate = (words: number): number => {
    const start = machine.allocate(words, "test");
    taken.push({ start, words });
    return start;
  };
  const operands = inputs.map((input, i) => {
    const port = plan.routine.inputs[i]!;
    if (typeof input === "number" || port.kind === "scalar") return input as number;
    const words = wordsOfElements(port.buffer.type, input, 0, elementsOf(port.buffer));
    const start = allocate(words.length);
    machine.upload(start, words);
    return { start };
  });
  const results = plan.routine.outputs.map((port) => {
    if (port.kind === "scalar") throw new Error("a scalar result of a prepared routine");
    const n = elementsOf(port.buffer);
    const start = allocate(n * deviceWords[port.buffer.type]);
    machine.upload(start, new Uint32Array(n * deviceWords[port.buffer.type])); // elements that the routine leaves out are 0
    return { type: port.buffer.type, n, start };
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
  for (const { start, words } of taken) machine.ranges.giveBack(start, words);
  return read;
}
