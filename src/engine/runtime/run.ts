import { Tensor } from "../ir/tensor.ts";
import type { ArrayType, DType } from "../ir/types.ts";
import type { Cell, CodeSize, Compiled, Slot } from "../kernel/executable.ts";
import type { Routine, ScalarType } from "../kernel/scalar.ts";
import { sizeOf } from "../util/shape.ts";
import { usedAfterDonation } from "./donation.ts";
import { allocate, discard } from "./memory.ts";

/** A program that can be run on slots. */
export interface Executable {
  readonly run: (inputs: readonly Slot[]) => readonly Tensor[];
  readonly backend: string;
  readonly size: () => CodeSize | undefined;
  /** Milliseconds that passes, lowering and code generation took. */
  readonly compileTime: number;
}

export interface LargeInput {
  readonly slot: number;
  readonly type: ScalarType;
  readonly size: number;
  /** Whether a result takes its place. */
  readonly isChanged: boolean;
}

/** Where operands and results lie for a backend whose kernels have a memory of their own. */
export interface Residence {
  /** Notes that a program begins to run. */
  begin(): void;
  /** Makes room for what a program gives in one place, run after run. */
  allocatorOf(dtype: DType, n: number): () => Cell;
  /** For each output of the routine the input, which is given up, whose memory it may take. */
  readonly inPlace: readonly (number | undefined)[];
  /** Whether the memory of a cell could be that of a result. */
  canInherit(cell: Cell): boolean;
  /** A cell in the memory of another one, which has none from now on; `undefined` where that cannot be. */
  inherit(cell: Cell): Cell | undefined;
  /** Undoes that. */
  bequeath(heir: Cell, cell: Cell): void;
  /** The inputs that are worth keeping where kernels reach them. */
  largeInputs(inputs: Routine["inputs"], aliases: readonly (number | undefined)[]): readonly LargeInput[];
  /** Moves a large operand near the kernels when it is worth it; `isChanged` says that they will write to it. */
  keep(cell: Cell, type: ScalarType, n: number, isChanged: boolean): void;
}

/**
 * Runs compiled code on slots: makes room for the results, and tensors of them. Where that throws, the results that were made
 * room for are given back, and arguments are what they were.
 */
export function makeRunner(
  compiled: Compiled,
  { name, inputs: ports }: Pick<Routine, "name" | "inputs">,
  types: readonly ArrayType[],
  aliases: readonly (number | undefined)[] = [],
  residence?: Residence,
): Executable["run"] {
  const n = types.length;
  const sizes = types.map((type) => (type.shape.length === 0 ? -1 : sizeOf(type.shape)));
  const isAliased = aliases.some((alias) => alias !== undefined);
  const isTwice = aliases.map((alias, i) => alias !== undefined && aliases.indexOf(alias) < i);
  const own = types.map((_, i) => i).filter((i) => aliases[i] === undefined);
  const [ownSizes, ownTypes] = [own.map((i) => sizes[i]!), own.map((i) => types[i]!.dtype)];
  const makers =
    residence && ownSizes.map((size, i) => residence.allocatorOf(ownTypes[i]!, Math.max(0, size)));
  const place = (i: number): Cell => makers?.[i]!() ?? allocate(ownTypes[i]!, ownSizes[i]!);
  const large = residence?.largeInputs(ports, aliases) ?? [];
  const inPlace = residence?.inPlace ?? [];
  const heirs = own.map((_, i) => i).filter((i) => inPlace[i] !== undefined);
  const buffers = ports.flatMap((input, k) => (input.kind === "buffer" ? [k] : []));
  /** Gives back what a run has taken that came to nothing. */
  const undo = (inputs: readonly Slot[], outputs: readonly (Slot | undefined)[]): void => {
    for (let i = 0; i < own.length; i++) {
      const cell = outputs[i];
      if (typeof cell !== "object") continue;
      if (inPlace[i] !== undefined) residence!.bequeath(cell, inputs[inPlace[i]!] as Cell);
      discard(cell);
    }
  };
  return (inputs) => {
    for (let k = 0; k < buffers.length; k++)
      if ((inputs[buffers[k]!] as Cell).donated === true) throw usedAfterDonation(name);
    if (residence !== undefined) residence.begin();
    for (let k = 0; k < large.length; k++) {
      const { slot, type, size, isChanged } = large[k]!;
      residence!.keep(inputs[slot] as Cell, type, size, isChanged);
    }
    const outputs = new Array<Slot>(own.length);
    try {
      for (let i = 0; i < own.length; i++) {
        if (inPlace[i] !== undefined && residence!.canInherit(inputs[inPlace[i]!] as Cell)) continue;
        outputs[i] = ownSizes[i] === -1 ? 0 : place(i);
      }
      // now that nothing needs room any more, which might have moved them: what lies where arguments are that are yet to be read
      for (const i of heirs)
        outputs[i] ??=
          residence!.inherit(inputs[inPlace[i]!] as Cell) ?? allocate(ownTypes[i]!, ownSizes[i]!);
      compiled(inputs, outputs);
    } catch (problem) {
      undo(inputs, outputs);
      throw problem;
    }
    const tensors = new Array<Tensor>(n);
    if (isAliased) {
      for (let i = 0; i < n; i++) {
        const alias = aliases[i];
        const slot = alias === undefined ? outputs[own.indexOf(i)] : inputs[alias];
        if (isTwice[i] === true) (slot as Cell).shared = true;
        tensors[i] = new Tensor(types[i]!, slot, undefined);
      }
    } else for (let i = 0; i < n; i++) tensors[i] = new Tensor(types[i]!, outputs[i], undefined);
    return tensors;
  };
}
