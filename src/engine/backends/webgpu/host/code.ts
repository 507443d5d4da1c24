import type { DeviceKernel, DevicePlan, DeviceStep } from "../../../codegen/dispatch/kernels.ts";
import { kernelsIn, mostCounters, workgroupsOf } from "../../../codegen/dispatch/kernels.ts";
import { deviceWords } from "../../../codegen/dispatch/memory.ts";
import { printRoutine } from "../../../kernel/print.ts";
import type { ScalarType } from "../../../kernel/scalar.ts";
import { must } from "../../../util/assert-never.ts";
import { baseSlots, kernelText } from "../wgsl/kernel.ts";
import { wordsOfNumber } from "./elements.ts";
import type { GpuMachine } from "./machine.ts";
import { rowBytes } from "./machine.ts";
import { usage } from "./usage.ts";

/**
 * A kernel to start. `kernel` is its index in the list of kernels, `row` the row of the counter buffer with its loop
 * counters.
 */
interface EncodedDispatch {
  readonly kernel: number;
  readonly row: number;
  readonly workgroups: number;
}

/** Compiled plan of a routine. */
export interface GpuCode {
  /** WGSL source of each kernel, in the order of the kernels. */
  readonly texts: readonly string[];
  readonly dispatches: number;
  /**
   * Enqueues the routine. An input is the index of the first word of its buffer in the arena, or a number. `outputs`
   * are the indices of the first words of the results.
   */
  readonly call: (inputs: readonly GpuOperand[], outputs: readonly number[]) => void;
  /** Compiles all pipelines without blocking. */
  readonly prepare: () => Promise<void>;
  readonly release: () => void;
}

/** Operand of a call: the index of the first word of its elements in the arena, or a number from the host. */
export type GpuOperand = { readonly start: number } | number;

/** Compiles a dispatch plan for a machine. Pipelines are created at the first call, or by `prepare`. */
export function makeGpuCode(plan: DevicePlan, machine: GpuMachine): GpuCode {
  const { routine, memory, steps } = plan;
  const bases = baseSlots(plan);
  const kernels = kernelsIn(steps);
  const texts = kernels.map((kernel) => kernelText(kernel, plan, bases, machine.dialect));
  const about = (): string => printRoutine(routine);
  const { dispatches, rows } = encodedSteps(steps, kernels);
  const { device, counts } = machine;
  const words = new Uint32Array(4 + 4 * Math.ceil(bases.count / 4));
  const params = machine.createBuffer(words.byteLength, usage.uniform | usage.copyTarget);
  const counters = machine.createBuffer(rows.byteLength, usage.uniform | usage.copyTarget);
  device.queue.writeBuffer(counters, 0, rows);
  const numbers = numberSlots(routine.inputs);
  const numberWords = new Uint32Array(numbers.words);
  const numbersAt = numbers.words > 0 ? machine.allocate(numbers.words, routine.name) : 0;
  let pipelines: readonly GPUComputePipeline[] | undefined;
  let group: GPUBindGroup | undefined;
  let groupArena: GPUBuffer | undefined;

  const groupOf = (): GPUBindGroup => {
    const arena = machine.arena();
    if (group !== undefined && groupArena === arena) return group;
    counts.bindGroups++;
    groupArena = arena;
    group = device.createBindGroup({
      layout: machine.pipelines.layout,
      entries: [
        { binding: 0, resource: { buffer: params } },
        { binding: 1, resource: { buffer: arena } },
        { binding: 2, resource: { buffer: counters, size: 4 * mostCounters } },
      ],
    });
    return group;
  };

  return {
    texts,
    dispatches: dispatches.length,
    async prepare() {
      machine.requireUsable(`warm(${routine.name})`);
      for (const text of texts) await machine.pipelines.prepare(text, about);
    },
    call(inputs, outputs) {
      machine.requireUsable(routine.name);
      pipelines ??= texts.map((text) => machine.pipelines.get(text, about));
      const scratch = memory.words > 0 ? machine.allocate(memory.words, routine.name) : 0;
      inputs.forEach((operand, i) => {
        if (typeof operand !== "number") {
          words[4 + i] = operand.start;
          return;
        }
        const slot = must(numbers.slots[i], "the slot of a number");
        wordsOfNumber(slot.type, operand, numberWords, slot.start);
        words[4 + i] = numbersAt + slot.start;
      });
      outputs.forEach((start, i) => (words[4 + inputs.length + i] = start));
      words[4 + bases.scratch] = scratch;
      machine.upload(numbersAt, numberWords);
      device.queue.writeBuffer(params, 0, words);
      counts.bytesUploaded += words.byteLength;
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      const bound = groupOf();
      for (const { kernel, row, workgroups } of dispatches) {
        pass.setPipeline(pipelines[kernel]!);
        pass.setBindGroup(0, bound, [row * rowBytes]);
        pass.dispatchWorkgroups(workgroups);
      }
      pass.end();
      machine.submit(encoder);
      counts.calls++;
      counts.dispatches += dispatches.length;
      // later work in the queue may reuse the words, because it runs afterwards
      if (memory.words > 0) machine.ranges.giveBack(scratch, memory.words);
    },
    release() {
      params.destroy();
      counters.destroy();
      if (numbers.words > 0) machine.ranges.giveBack(numbersAt, numbers.words);
    },
  };
}

/** Expands the repetitions of a plan to one list of dispatches, and the rows of loop counters to which they refer. */
function encodedSteps(
  steps: readonly DeviceStep[],
  kernels: readonly DeviceKernel[],
): { readonly dispatches: readonly EncodedDispatch[]; readonly rows: Int32Array<ArrayBuffer> } {
  const dispatches: EncodedDispatch[] = [];
  const values: (readonly number[])[] = [[]];
  const index = new Map(kernels.map((kernel, i) => [kernel, i]));
  const encode = (list: readonly DeviceStep[], row: number): void => {
    for (const step of list) {
      if (step.kind === "kernel") {
        dispatches.push({ kernel: index.get(step)!, row, workgroups: workgroupsOf(step) });
        continue;
      }
      const count = step.to - step.from;
      for (let i = 0; i < count; i++) {
        const value = step.isReverse ? step.to - 1 - i : step.from + i;
        encode(step.steps, values.push([...values[row]!, value]) - 1);
      }
    }
  };
  encode(steps, 0);
  const rows = new Int32Array((values.length * rowBytes) / 4);
  values.forEach((list, row) => rows.set(list, (row * rowBytes) / 4));
  return { dispatches, rows };
}

/**
 * Reserves words for the scalar inputs that the host passes as numbers. `start` counts from the first of these words.
 */
function numberSlots(inputs: DevicePlan["routine"]["inputs"]): {
  readonly slots: readonly ({ readonly type: ScalarType; readonly start: number } | undefined)[];
  readonly words: number;
} {
  let words = 0;
  const slots = inputs.map((port) => {
    if (port.kind === "buffer") return undefined;
    const start = words;
    words += deviceWords[port.type];
    return { type: port.type, start };
  });
  return { slots, words };
}
