import type { FailureReport } from "../ir/primitive.ts";
import type { ConcreteValue, TensorStorage } from "../ir/storage.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import type { CodeSize, CompiledRoutine } from "../kernel/executable.ts";
import type { Routine } from "../kernel/scalar.ts";
import type { LoweredProgram } from "../passes/lower.ts";
import { must } from "../util/assert-never.ts";
import { sizeOf } from "../util/shape.ts";
import type { Device, DeviceCode } from "./device.ts";
import { engine } from "./engine.ts";
import { discard, usedAfterDonation } from "./pool/give-back.ts";
import type { Verification } from "./verify.ts";

/** A compiled program that runs on the slots of tensors. */
export interface Executable {
  /**
   * Runs the program. The first `captured` inputs (default: all) keep their copies on a device for later calls; other
   * inputs are copied for this call alone.
   */
  readonly run: (inputs: readonly ConcreteValue[], captured?: number) => readonly Tensor[];
  readonly backend: string;
  readonly size: () => CodeSize | undefined;
  /** Milliseconds spent on passes, lowering and code generation. */
  readonly compileTime: number;
  /** Compiles what the first call would compile, without blocking. `inputs` are examples, with which a choice is measured. */
  readonly prepare?: (inputs?: readonly ConcreteValue[]) => Promise<void>;
  /** Result of the comparison with the oracle, once there is one. */
  readonly verification?: Verification | undefined;
  /** Latest choice of a program that may run on several devices. */
  readonly decision?: DeviceDecision;
}

/** A decision between a device and the processor. */
export interface DeviceDecision {
  /** The chosen device; absent for the processor. */
  readonly device?: Device;
  /** Milliseconds of a call there and on the processor; absent if they were not measured. */
  readonly durations?: { readonly device: number; readonly processor: number };
  readonly why: string;
}

/** Casts compiled code of the processor to a device call: host storages have the form that kernels expect. */
export function asCall(compiled: CompiledRoutine): DeviceCode["call"] {
  return compiled as unknown as DeviceCode["call"];
}

/** Thrown when an array has outgrown its memory. The program is then recompiled with more. */
export class CapacityError extends Error {}

/**
 * Creates the error of a failed call: a `CapacityError` if the call can be repeated with more memory. `said` are the
 * values that the routine reported: number of the site, wanted size, length, and values for the message.
 */
function failureOf(failures: readonly FailureReport[], said: readonly (ConcreteValue | undefined)[]): Error {
  const [site, wanted, length, ...values] = said as [number, number, number, ...number[]];
  const report = must(failures[site - 1], `site ${site} of an error`);
  return report.makeRoom?.(wanted) === true ? new CapacityError() : report.error(wanted, length, values);
}

/**
 * Wraps compiled code as a function of slots: allocates the results, calls the code, and creates the result tensors. If
 * the call throws, the allocated results are freed and the arguments are unchanged.
 */
export function makeRunner(
  device: Pick<Device, "memory" | "allocate">,
  { call, placement }: Pick<DeviceCode, "call" | "placement">,
  routine: Pick<Routine, "name" | "inputs">,
  types: readonly ArrayType[],
  { aliases = [], failures = [] }: Partial<Pick<LoweredProgram, "aliases" | "failures">> = {},
): Executable["run"] {
  const { memory, allocate } = device;
  const ports = routine.inputs;
  const n = types.length;
  // -1: a number, which needs no memory
  const sizes = types.map(({ shape }) => (shape.length === 0 && memory.isImmediate ? -1 : sizeOf(shape)));
  const isAliased = aliases.some((alias) => alias !== undefined);
  const isTwice = aliases.map((alias, i) => alias !== undefined && aliases.indexOf(alias) < i);
  const own = types.map((_, i) => i).filter((i) => aliases[i] === undefined);
  const ownSizes = own.map((i) => sizes[i]!);
  const ownTypes = own.map((i) => scalarTypeOf(types[i]!.dtype));
  const allocators =
    placement && ownSizes.map((size, i) => placement.allocatorOf(ownTypes[i]!, Math.max(0, size)));
  const place = (i: number): TensorStorage =>
    allocators?.[i]!() ?? allocate(ownTypes[i]!, ownSizes[i]!, routine.name);
  const large = placement?.largeInputs(ports, aliases) ?? [];
  const inPlace = placement?.inPlace ?? [];
  const failureAt = own.length;
  const takingOver = own.map((_, i) => i).filter((i) => inPlace[i] !== undefined);
  // without another device, numbers need no check, which would take a noticeable part of a short call
  const checked = ports.flatMap(({ kind }, k) =>
    kind === "buffer" || engine.copies !== undefined ? [k] : [],
  );
  /** Frees the memory of the results of a failed run, and gives donated memory back to the arguments. */
  const undo = (inputs: readonly ConcreteValue[], outputs: readonly (ConcreteValue | undefined)[]): void => {
    for (let i = 0; i < own.length; i++) {
      const storage = outputs[i];
      if (typeof storage !== "object") continue;
      if (inPlace[i] !== undefined) placement!.undoTakeOver(storage, inputs[inPlace[i]!] as TensorStorage);
      discard(storage);
    }
  };
  return (given, captured = given.length) => {
    let inputs = given;
    let passing: readonly TensorStorage[] = []; // copies for this call alone
    for (let k = 0; k < checked.length; k++) {
      const operand = given[checked[k]!] as TensorStorage;
      if (operand.memory === memory || typeof operand === "number") continue;
      if (operand.memory === undefined) throw usedAfterDonation(routine.name);
      // without the compiler there is only one memory
      ({ operands: inputs, passing } = engine.compiler!.bring(memory, routine, given, captured));
      break;
    }
    if (placement !== undefined) placement.begin();
    for (let k = 0; k < large.length; k++) {
      const { slot, type, size, isChanged } = large[k]!;
      placement!.keep(inputs[slot] as TensorStorage, type, size, isChanged);
    }
    const outputs = new Array<ConcreteValue>(own.length);
    try {
      for (let i = 0; i < own.length; i++) {
        if (inPlace[i] !== undefined && placement!.canTakeOver(inputs[inPlace[i]!] as TensorStorage))
          continue;
        outputs[i] = ownSizes[i] === -1 ? 0 : place(i);
      }
      // last, because allocations could still move storages: results that reuse the memory of arguments that are yet to
      // be read
      for (const i of takingOver)
        outputs[i] ??=
          placement!.takeOver(inputs[inPlace[i]!] as TensorStorage) ?? allocate(ownTypes[i]!, ownSizes[i]!);
      call(inputs, outputs);
      if (failures.length > 0 && outputs[failureAt] !== 0)
        throw failureOf(failures, outputs.slice(failureAt));
    } catch (problem) {
      undo(inputs, outputs);
      for (const copy of passing) memory.release(copy);
      throw problem;
    }
    for (let i = 0; i < passing.length; i++) memory.release(passing[i]!);
    const tensors = new Array<Tensor>(n);
    if (isAliased) {
      for (let i = 0; i < n; i++) {
        const alias = aliases[i];
        const slot = alias === undefined ? outputs[own.indexOf(i)] : inputs[alias];
        if (isTwice[i] === true) (slot as TensorStorage).isShared = true;
        tensors[i] = new Tensor(types[i]!, slot, undefined);
      }
    } else for (let i = 0; i < n; i++) tensors[i] = new Tensor(types[i]!, outputs[i], undefined);
    return tensors;
  };
}
