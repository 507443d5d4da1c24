import { copyElements } from "../../../kernel/copy-elements.ts";
import type { BufferView, KernelValue, TypedArray } from "../../../kernel/executable.ts";
import { bytesPerElement } from "../../../kernel/executable.ts";
import type { ScalarType } from "../../../kernel/scalar.ts";
import { must } from "../../../util/assert-never.ts";
import type { ModuleMemory } from "./module-memory.ts";
import { bytesOf, misfit, type PortBinding } from "./ports.ts";

/** Copies of small buffers in one block, which exists from the first call on. */
export interface SmallPorts {
  /** Allocates the block and writes addresses to the arguments; false if memory is short. */
  readonly place: (args: number[]) => boolean;
  /** Bytes of the block. */
  readonly bytes: number;
  readonly copyIn: (inputs: readonly KernelValue[]) => void;
  readonly copyBack: (inputs: readonly KernelValue[]) => void;
  readonly copyOut: (outputs: readonly KernelValue[]) => void;
}

/**
 * Small ports of one element type: their slots, and the index at which each port begins in the array over the block.
 */
interface PortGroup {
  readonly type: ScalarType;
  readonly ports: readonly PortBinding[];
  readonly slots: readonly number[];
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
}

/**
 * Copies of small inputs and outputs. `put` receives the addresses if arguments are passed in memory. The block has one
 * array per type, because an array per port would mean a thousand objects in a call with a thousand leaves.
 */
export function smallPorts(
  memory: ModuleMemory,
  inputs: readonly PortBinding[],
  outputs: readonly PortBinding[],
  put: ((argument: number, address: number) => void) | undefined,
): SmallPorts {
  const { arena } = memory;
  const all = [...inputs, ...outputs];
  const offsets = new Map<PortBinding, number>();
  let bytes = 0;
  for (const port of all) {
    offsets.set(port, bytes);
    bytes += Math.ceil(bytesOf(port) / 8) * 8;
  }
  const groupsOf = (ports: readonly PortBinding[]): readonly PortGroup[] =>
    [...new Set(ports.map(({ buffer }) => buffer.type))].map((type) => {
      const own = ports.filter(({ buffer }) => buffer.type === type);
      return {
        type,
        ports: own,
        slots: own.map(({ slot }) => slot),
        starts: own.map((port) => must(offsets.get(port), "the offset of a port") / bytesPerElement[type]),
        sizes: own.map(({ extent }) => extent.size),
      };
    });
  const [ins, outs] = [groupsOf(inputs), groupsOf(outputs)];
  const back = groupsOf(inputs.filter(({ isWritten }) => isWritten));
  let block = 0;
  const views = new Map<ScalarType, TypedArray>();
  const viewOf = (type: ScalarType): TypedArray => {
    const known = views.get(type);
    if (known !== undefined && known.length > 0) return known; // growth has detached a view of length 0
    const view = arena.view(type, block, bytes / bytesPerElement[type]);
    views.set(type, view);
    return view;
  };
  const copyGroup = (group: PortGroup, cells: readonly KernelValue[], isIn: boolean): void => {
    const { ports, slots, starts, sizes } = group;
    const view = viewOf(group.type);
    for (let k = 0; k < slots.length; k++) {
      const cell = cells[slots[k]!] as BufferView;
      const { array, offset } = cell;
      if (offset + sizes[k]! > array.length) throw misfit(ports[k]!, cell);
      if (isIn) copyElements(view, starts[k]!, array, offset, sizes[k]!);
      else copyElements(array, offset, view, starts[k]!, sizes[k]!);
    }
  };
  return {
    bytes,
    place(args) {
      if (block !== 0 || bytes === 0) return true;
      block = arena.tryAllocate(bytes, "copies");
      if (block === 0) return false;
      memory.own(block);
      for (const port of all) {
        const address = block + offsets.get(port)!;
        args[port.argument] = address;
        put?.(port.argument, address);
      }
      return true;
    },
    copyIn: (cells) => {
      for (const group of ins) copyGroup(group, cells, true);
    },
    copyBack: (cells) => {
      for (const group of back) copyGroup(group, cells, false);
    },
    copyOut: (cells) => {
      for (const group of outs) copyGroup(group, cells, false);
    },
  };
}
