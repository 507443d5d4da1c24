import type { ConcreteValue, DeviceMemory, TensorStorage } from "../ir/storage.ts";
import type { CodeSize } from "../kernel/executable.ts";
import type { Routine, ScalarType } from "../kernel/scalar.ts";

/** A device that computes: the processor, or another machine with its own memory. */
export interface Device {
  /** Name in errors and `stats`. */
  readonly name: string;
  readonly memory: DeviceMemory;
  /** Element types that its arrays support. */
  readonly types: readonly ScalarType[];
  /** Element types that scalars on the device support; absent if they are the same as `types`. */
  readonly scalarTypes?: readonly ScalarType[];
  /**
   * Accuracy of floating-point results: `"exact"` if they have the bits of the interpreter, `"close"` if the last bits
   * may differ.
   */
  readonly bits: "exact" | "close";
  /** Allocates a result of `n` elements with undefined contents. `operation` names the caller in errors. */
  readonly allocate: (type: ScalarType, n: number, operation?: string) => TensorStorage;
  /** Compiles a routine. `given` marks inputs whose memory the results may reuse. */
  readonly compile: (routine: Routine, given: readonly boolean[]) => DeviceCode;
  /** Name and generated code of a routine, with the plan it follows, for `lower`. */
  readonly show?: (routine: Routine) => { readonly backend: string; readonly code: string };
  /** Opens the device again after it was lost; `undefined` if it was not. Absent if it cannot be lost. */
  readonly reopen?: () => Promise<Device | undefined>;
  /** Closes the device; absent if that has no meaning. */
  readonly close?: () => void;
}

/** Compiled code of a routine for one device. */
export interface DeviceCode {
  /** Name of the backend that compiled it. */
  readonly backend: string;
  /**
   * Runs the routine. `inputs` are numbers and storages in the device's memory. `outputs` holds the storages of
   * results. With an immediate memory, the call writes scalar results there as numbers; otherwise the call returns
   * before the work is done.
   */
  readonly call: (inputs: readonly ConcreteValue[], outputs: ConcreteValue[]) => void;
  readonly size: () => CodeSize | undefined;
  /** Compiles what the first call would compile, without blocking; absent if `compile` has compiled everything. */
  readonly prepare?: () => Promise<void>;
  /** Frees the memory of the code, which cannot be called afterwards. */
  readonly release: () => void;
  /** Placement of operands and results, if the device has more than one memory. */
  readonly placement?: Placement | undefined;
}

/** A large input that should be in kernel memory. */
export interface LargeInput {
  readonly slot: number;
  readonly type: ScalarType;
  readonly size: number;
  /** True if a result overwrites the input. */
  readonly isChanged: boolean;
}

/** Memory placement of the operands and results of one program, for a device whose kernels have their own memory. */
export interface Placement {
  /** Called at the start of each run of the program. */
  begin(): void;
  /** Returns an allocator for one result of the program, which is called once per run. */
  allocatorOf(type: ScalarType, n: number): () => TensorStorage;
  /** For each output of the routine, the index of the donated input whose memory it may reuse. */
  readonly inPlace: readonly (number | undefined)[];
  /** True if a result can reuse the memory of the operand. */
  canTakeOver(operand: TensorStorage): boolean;
  /** Returns a storage that owns the operand's memory; the operand loses it. Undefined if that is impossible. */
  takeOver(operand: TensorStorage): TensorStorage | undefined;
  /** Reverses `takeOver`: the operand owns its memory again. */
  undoTakeOver(result: TensorStorage, operand: TensorStorage): void;
  /**
   * Lists the inputs that are worth moving into kernel memory. `aliases` maps results to the inputs that they
   * overwrite.
   */
  largeInputs(inputs: Routine["inputs"], aliases: readonly (number | undefined)[]): readonly LargeInput[];
  /**
   * Moves an operand of `n` elements into kernel memory if that pays. `isChanged` marks an operand that kernels will
   * overwrite.
   */
  keep(operand: TensorStorage, type: ScalarType, n: number, isChanged: boolean): void;
}
