import type { ConcreteValue, DeviceMemory, TensorStorage } from "../ir/storage.ts";
import type { CodeSize } from "../kernel/executable.ts";
import type { Routine, ScalarType } from "../kernel/scalar.ts";

/** What computes: the processor, or another machine with a memory of its own. */
export interface Device {
  /** What errors and `stats` call it. */
  readonly name: string;
  readonly memory: DeviceMemory;
  /** The kinds of elements that its arrays may have. */
  readonly types: readonly ScalarType[];
  /** Whether floating results have the interpreter's bits, or may differ from them in the last ones. */
  readonly bits: "exact" | "close";
  /** Room for a result of `n` elements, whose values are undefined. */
  readonly allocate: (type: ScalarType, n: number) => TensorStorage;
  /** Code for a routine; `given` marks inputs whose memory its results may take. */
  readonly compile: (routine: Routine, given: readonly boolean[]) => DeviceCode;
}

/** A routine that a device can run. */
export interface DeviceCode {
  /** What it was compiled by. */
  readonly backend: string;
  /**
   * Runs it. `inputs` are numbers and storages in the memory of the device. `outputs` hold the storages of results; where the memory
   * is immediate, scalars are put there as numbers. Where it is not, the call returns at once.
   */
  readonly call: (inputs: readonly ConcreteValue[], outputs: ConcreteValue[]) => void;
  readonly size: () => CodeSize | undefined;
  /** Gives its memory back; it cannot be called afterwards. */
  readonly release: () => void;
  /** Where operands and results lie best, for a device that has several places. */
  readonly placement?: Placement | undefined;
}

/** An input that is worth keeping where kernels reach it. */
export interface LargeInput {
  readonly slot: number;
  readonly type: ScalarType;
  readonly size: number;
  /** Whether a result takes its place. */
  readonly isChanged: boolean;
}

/** Where the operands and results of one program lie, on a device whose kernels have a memory of their own. */
export interface Placement {
  /** Notes that the program begins to run. */
  begin(): void;
  /** Makes room for what the program gives in one place, run after run. */
  allocatorOf(type: ScalarType, n: number): () => TensorStorage;
  /** For each output of the routine the input, which is given up, whose memory it may take. */
  readonly inPlace: readonly (number | undefined)[];
  /** Whether a result could take the memory of an operand over. */
  canTakeOver(operand: TensorStorage): boolean;
  /** A storage in the memory of an operand, which has none from now on; `undefined` where that cannot be. */
  takeOver(operand: TensorStorage): TensorStorage | undefined;
  /** Undoes that. */
  undoTakeOver(result: TensorStorage, operand: TensorStorage): void;
  /** The inputs that are worth keeping where kernels reach them. */
  largeInputs(inputs: Routine["inputs"], aliases: readonly (number | undefined)[]): readonly LargeInput[];
  /** Moves a large operand near the kernels when it is worth it; `isChanged` says that they will write to it. */
  keep(operand: TensorStorage, type: ScalarType, n: number, isChanged: boolean): void;
}
