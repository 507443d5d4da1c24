import { DownhillError } from "../errors/index.ts";
import { elementsLater } from "../ir/elements.ts";
import type { ConcreteValue, DeviceMemory, TensorStorage } from "../ir/storage.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import { now } from "../util/now.ts";
import { sizeOf } from "../util/shape.ts";
import type { Device } from "./device.ts";
import { engine } from "./engine.ts";
import { discard, giveUp } from "./pool/give-back.ts";
import type { DeviceDecision, Executable } from "./run.ts";
import { notMeasured } from "./stats.ts";

/** A program for which a device is chosen. */
export interface ChoosableProgram {
  /** Name of the function in messages. */
  readonly operation: string;
  /** Types of all inputs, captured tensors first, and the number of captured tensors. */
  readonly types: readonly ArrayType[];
  readonly captured: number;
  /** One flag per input, true for donated inputs; empty if there are none. */
  readonly donated: readonly boolean[];
  /** Compiles for a device, by default the processor. */
  readonly compileFor: (device?: Device) => Executable;
}

/** Chooses between a device and the processor, per program. */
export interface DeviceChooser {
  /**
   * Returns an executable of a program. It runs on the processor until its `prepare` has measured both with the given
   * inputs. Inputs in the memory of the device run there.
   */
  readonly executableOf: (program: ChoosableProgram) => Executable;
}

/** A call to measure. `begin` returns its inputs, and is not measured. */
export interface MeasuredCall {
  readonly begin: () => readonly ConcreteValue[];
  readonly run: (inputs: readonly ConcreteValue[]) => Promise<void>;
}

/** Measures a call: returns its duration in milliseconds. */
export type MeasureCall = (call: MeasuredCall) => Promise<number>;

/** Maximum number of measured calls, and milliseconds after which no other call begins. */
const mostCalls = 7;
const patience = 300;

/** Median duration of a call, after one call that is not measured. */
export async function medianDuration({ begin, run }: MeasuredCall): Promise<number> {
  await run(begin());
  const durations: number[] = [];
  for (let total = 0; durations.length < mostCalls && total < patience; total += durations.at(-1)!) {
    const inputs = begin();
    const start = now();
    await run(inputs);
    durations.push(now() - start);
  }
  return durations.sort((a, b) => a - b)[durations.length >> 1]!;
}

/** Creates the chooser between a device and the processor. `durationOf` measures a call. */
export function makeDeviceChooser(device: Device, durationOf: MeasureCall = medianDuration): DeviceChooser {
  const isThere = (slot: ConcreteValue): boolean => typeof slot === "object" && slot.memory === device.memory;
  return {
    executableOf(program) {
      const here = program.compileFor();
      let there: Executable | undefined; // compiled at the first use
      let decision: DeviceDecision = { why: notMeasured };
      const onDevice = (): Executable => (there ??= program.compileFor(device));
      const chosen = (): Executable => (decision.device === undefined ? here : onDevice());
      /** Returns false, and chooses the processor, if the device was closed or lost. */
      const isUsable = (): boolean => {
        try {
          device.memory.requireUsable?.(program.operation);
          return true;
        } catch (problem) {
          decision = { why: refusalOf(problem) };
          return false;
        }
      };
      const decide = async (inputs: readonly ConcreteValue[]): Promise<DeviceDecision> => {
        const before = new Set(inputs.filter((slot) => copyOf(slot) !== undefined));
        if (inputs.some(isThere)) {
          await onDevice().prepare?.();
          return { device, why: `an argument is in the memory of ${device.name}` };
        }
        let durations: DeviceDecision["durations"];
        try {
          device.memory.requireUsable?.(program.operation);
          await onDevice().prepare?.();
          const onIt = await durationOf(callOf(onDevice(), device.memory, program, inputs));
          const onProcessor = await durationOf(callOf(here, undefined, program, inputs));
          durations = { device: onIt, processor: onProcessor };
        } catch (problem) {
          return { why: refusalOf(problem) };
        }
        const isFaster = durations.device < durations.processor;
        if (!isFaster) releaseCopies(inputs.filter((slot) => !before.has(slot)));
        const why = `${shown(durations.device)} on ${device.name}, ${shown(durations.processor)} on the processor`;
        return { ...(isFaster ? { device } : {}), durations, why };
      };
      return {
        run(inputs, captured) {
          if (inputs.some(isThere)) return onDevice().run(inputs, captured);
          return (decision.device === undefined || isUsable() ? chosen() : here).run(inputs, captured);
        },
        async prepare(inputs = []) {
          decision = await decide(inputs);
        },
        get decision() {
          return decision;
        },
        get backend() {
          return chosen().backend;
        },
        get compileTime() {
          return here.compileTime + (there?.compileTime ?? 0);
        },
        get verification() {
          return chosen().verification;
        },
        size: () => chosen().size(),
      };
    },
  };
}

/** Reason of a device's refusal to run a program. Rethrows errors that are none. */
function refusalOf(problem: unknown): string {
  const refusals: readonly string[] = ["dtype", "device", "oom"];
  if (problem instanceof DownhillError && refusals.includes(problem.code)) return problem.message;
  throw problem;
}

/**
 * A call to measure: a run, and a read of its smallest result. Donated inputs are copies in the memory that the program
 * uses, since in a loop they are results of earlier calls. `memory` is undefined for the processor.
 */
function callOf(
  executable: Executable,
  memory: DeviceMemory | undefined,
  { types, captured, donated }: ChoosableProgram,
  given: readonly ConcreteValue[],
): MeasuredCall {
  const copied = (): readonly ConcreteValue[] =>
    given.map((slot, i) => {
      if (donated[i] !== true || typeof slot === "number" || slot.memory === undefined) return slot;
      const { dtype, shape } = types[i]!;
      const n = sizeOf(shape);
      return (memory ?? slot.memory).store(scalarTypeOf(dtype), slot.memory.view(slot, n), 0, n);
    });
  const release = (inputs: readonly ConcreteValue[]): void => {
    inputs.forEach((slot, i) => {
      // a result may have reused the memory of a copy
      if (slot !== given[i] && typeof slot === "object" && slot.memory !== undefined) discard(slot);
    });
  };
  return {
    begin: copied,
    async run(inputs) {
      const outs = executable.run(inputs, captured);
      try {
        const [smallest] = [...outs].sort((a, b) => sizeOf(a.shape) - sizeOf(b.shape));
        if (smallest !== undefined) await elementsLater(smallest, "warm");
      } finally {
        outs.forEach((out) => releaseResult(out, inputs));
        release(inputs);
      }
    },
  };
}

function releaseResult(out: Tensor, inputs: readonly ConcreteValue[]): void {
  if (typeof out.slot === "object" && !inputs.includes(out.slot)) giveUp(out);
}

function copyOf(slot: ConcreteValue): TensorStorage | undefined {
  return typeof slot === "object" ? engine.copies?.get(slot) : undefined;
}

/** Frees the copies of operands in the memory of a device. */
function releaseCopies(operands: readonly ConcreteValue[]): void {
  for (const slot of operands) {
    const copy = copyOf(slot);
    if (copy === undefined) continue;
    engine.copies!.delete(slot as TensorStorage);
    discard(copy);
  }
}

function shown(milliseconds: number): string {
  return `${milliseconds.toPrecision(3)} ms`;
}
