import { copyElements, copyNumbers } from "../../../kernel/copy-elements.ts";
import type { BufferView, KernelValue, TypedArray } from "../../../kernel/executable.ts";
import { isConstant } from "../../../kernel/sizes.ts";
import type { ModuleMemory } from "./module-memory.ts";
import { bytesOf, misfit, type PortBinding } from "./ports.ts";
import { mostKeptCopy, blockAlignment } from "./tuning.ts";

/**
 * Copies of buffers outside of the memory: small copies are kept between calls, large ones are borrowed for one call.
 */
export interface LargePorts {
  /**
   * Writes the addresses of arrays to the arguments, or addresses of memory for copies of arrays outside of the memory.
   * Returns false if memory is short. The copies are not made yet.
   */
  readonly place: (inputs: readonly KernelValue[], outputs: readonly KernelValue[]) => boolean;
  readonly copyIn: (inputs: readonly KernelValue[]) => void;
  /** Copies the inputs that the routine has changed back to the caller's arrays. */
  readonly copyBack: (inputs: readonly KernelValue[]) => void;
  readonly copyOut: (outputs: readonly KernelValue[]) => void;
  /** Records how many bytes could not be allocated, for `makeRoom`. */
  readonly note: (bytes: number) => void;
  /** Makes other holders of memory free the number of bytes that could not be allocated. */
  readonly makeRoom: () => void;
  /** Frees the memory that was allocated for a single call. */
  readonly giveBack: () => void;
  /** Bytes of the copies that are kept between calls, of the buffers whose sizes are known beforehand. */
  readonly keptBytes: number;
}

export function largePorts(
  memory: ModuleMemory,
  ins: readonly PortBinding[],
  outs: readonly PortBinding[],
  args: number[],
): LargePorts {
  const { arena } = memory;
  const lent: PortBinding[] = [];
  let missing = 0; // bytes that could not be allocated

  const allocate = (bytes: number): number => {
    const address = arena.tryAllocate(bytes, "copies");
    if (address === 0) missing = bytes;
    return address;
  };
  /** Provides memory for a copy; returns whether it succeeded. */
  const stage = (port: PortBinding): boolean => {
    const bytes = bytesOf(port);
    if (bytes > mostKeptCopy) {
      if (port.staging === 0 || port.staging === port.kept) {
        port.staging = allocate(bytes);
        if (port.staging !== 0) lent.push(port);
      }
      return port.staging !== 0;
    }
    if (port.kept === 0 || bytes > port.room) {
      if (port.kept !== 0) memory.disown(port.kept);
      port.room = isConstant(port.buffer.size) ? bytes : roomFor(bytes);
      port.kept = allocate(port.room);
      if (port.kept !== 0) memory.own(port.kept);
    }
    port.staging = port.kept;
    return port.staging !== 0;
  };
  const giveBack = (): void => {
    if (lent.length === 0) return;
    for (const port of lent) {
      arena.free(port.staging);
      port.staging = 0;
    }
    lent.length = 0;
  };
  /**
   * Address of an array: its own if it is in the memory, otherwise the address of memory for a copy, which is made
   * later; 0 if memory is short.
   */
  const addressOf = (port: PortBinding, cell: BufferView): number => {
    if (cell.isOutside !== true) {
      const { array, offset } = cell;
      if (offset + port.extent.size > array.length) throw misfit(port, cell);
      if (arena.holds(array)) return array.byteOffset + offset * array.BYTES_PER_ELEMENT;
    }
    return stage(port) ? port.staging : 0;
  };
  const placeAll = (ports: readonly PortBinding[], cells: readonly KernelValue[]): boolean => {
    for (let k = 0; k < ports.length; k++) {
      const port = ports[k]!;
      const address = addressOf(port, cells[port.slot] as BufferView);
      if (address === 0) return false;
      args[port.argument] = address;
    }
    return true;
  };
  const copyTo = (ports: readonly PortBinding[], cells: readonly KernelValue[]): void => {
    for (let k = 0; k < ports.length; k++) {
      const port = ports[k]!;
      if (args[port.argument] !== port.staging) continue;
      const { array, offset } = cells[port.slot] as BufferView;
      copyElements(array, offset, elementsOf(arena, port), 0, port.extent.size);
    }
  };
  const written = ins.filter(({ isWritten }) => isWritten);
  return {
    keptBytes: keptBytesOf([...ins, ...outs]),
    giveBack,
    note: (bytes) => void (missing = bytes),
    place: (inputs, outputs) => placeAll(ins, inputs) && placeAll(outs, outputs),
    copyIn(inputs) {
      for (let k = 0; k < ins.length; k++) {
        const port = ins[k]!;
        if (args[port.argument] !== port.staging) continue;
        const { array, offset, numbers } = inputs[port.slot] as BufferView;
        const to = elementsOf(arena, port);
        if (numbers === undefined) copyElements(to, 0, array, offset, port.extent.size);
        else copyNumbers(to, numbers);
      }
    },
    copyBack: (inputs) => copyTo(written, inputs),
    copyOut: (outputs) => copyTo(outs, outputs),
    makeRoom() {
      const taken = lent.reduce((sum, port) => sum + bytesOf(port), 0);
      giveBack(); // freeing memory may move the arrays of this call
      arena.makeRoom(missing, "copies", taken);
    },
  };
}

/** Array over the memory in which the copy of a port's elements is. */
function elementsOf(arena: ModuleMemory["arena"], port: PortBinding): TypedArray {
  const n = port.extent.size;
  const { view } = port;
  if (view !== undefined && port.viewAddress === port.staging && view.length === n) return view;
  // recreated also after growth has detached it; exactly as long as the buffer, because copying a part would need
  // another view
  port.viewAddress = port.staging;
  return (port.view = arena.view(port.buffer.type, port.staging, n));
}

function keptBytesOf(ports: readonly PortBinding[]): number {
  const kept = ports.filter((port) => isConstant(port.buffer.size) && bytesOf(port) <= mostKeptCopy);
  return kept.reduce((sum, port) => sum + bytesOf(port), 0);
}

/**
 * Bytes to allocate for a copy that is kept: the next power of two, so that a later call with more elements may reuse
 * it.
 */
export function roomFor(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(bytes, blockAlignment)));
}
