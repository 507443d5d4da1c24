// Relocatable modules. The bytes of a module contain addresses, so they are valid for one position in memory. Saved
// modules list the positions of addresses in the bytes and the memory blocks they refer to, like object files for a
// linker.
import { internalError } from "../../../errors/index.ts";
import type { TypedArray } from "../../../kernel/executable.ts";
import { bytesPerElement, viewOf } from "../../../kernel/executable.ts";
import type { Routine, ScalarType } from "../../../kernel/scalar.ts";
import { decodeBase64, encodeBase64 } from "../../../util/base64.ts";
import { must } from "../../../util/assert-never.ts";
import type { CodeMemory } from "./memory.ts";
import type { RoutineModule } from "./routine.ts";
import { emitRoutine, published } from "./routine.ts";
import type { EmitSettings } from "./unit.ts";

/** A memory block that a module requests. `data` or `values` are its initial contents in base 64. */
type MemoryRequest =
  | { readonly kind: "own"; readonly bytes: number; readonly align: number; readonly data?: string }
  | { readonly kind: "shared"; readonly purpose: "temporaries" | "work"; readonly bytes: number }
  | { readonly kind: "table"; readonly name: string; readonly type: ScalarType; readonly values: string };

/** An address that is not fixed yet: the index of a memory block, and a byte offset from the start of the block. */
type Address = readonly [block: number, offset: number];

/** Module that can be placed anywhere in memory, as JSON data. */
export interface RelocatableProgram extends Pick<RoutineModule, "kernels" | "argumentTypes"> {
  /** Bytes of the module, in base 64. */
  readonly bytes: string;
  readonly blocks: readonly MemoryRequest[];
  /** Indices of five-byte addresses in the bytes, each with the address it stands for. */
  readonly relocations: readonly (readonly [at: number, ...Address])[];
  readonly results: Address | undefined;
  readonly argumentBlock: Address | undefined;
  readonly shared:
    | { readonly tasks: number; readonly descriptor: Address; readonly own: Address; readonly bytes: number }
    | undefined;
}

/**
 * Start address of blocks in the imaginary memory. Addresses take five bytes in LEB128 and are negative as int32, so
 * that the last byte distinguishes signed from unsigned encoding.
 */
const firstAddress = 0x9000_0000;
/**
 * Distance between the start addresses of the two compilations. It changes each of the five digits of an address. The
 * lowest digit changes by 64, so that the alignment of blocks stays the same.
 */
const shift: number = 2 ** 28 + 2 ** 21 + 2 ** 14 + 2 ** 7 + 2 ** 6;
/** Bytes of an address in LEB128. */
const addressBytes = 5;
/** Maximum bytes of all blocks of a module. */
const mostBytes: number = 2 ** 26;
/**
 * Bytes between blocks of imaginary memory, so that an access beyond the end of a block is still attributed to that
 * block.
 */
const gap = 4096;
const blockAlign = 64;

/**
 * Compiles a routine to a relocatable module. It compiles for two positions in memory, and the bytes that differ are
 * the addresses. `undefined` if the module needs too much memory, or if anything except addresses differs.
 */
export function emitRelocatable(
  routine: Routine,
  isShared: boolean,
  settings: EmitSettings,
): RelocatableProgram | undefined {
  const memory = imaginaryMemory(firstAddress, isShared);
  const program = emitRoutine(routine, memory.codeMemory, settings);
  const other = emitRoutine(routine, imaginaryMemory(firstAddress + shift, isShared).codeMemory, settings);
  const places = differences(program.bytes, other.bytes);
  if (places === undefined || memory.bytes() > mostBytes) return undefined;
  const { bytes, results, argumentBlock, shared, kernels, argumentTypes } = program;
  const { addressOf } = memory;
  return {
    bytes: encodeBase64(bytes),
    blocks: memory.blocks(),
    relocations: places.map((at) => [at, ...addressOf(unsignedAt(bytes, at))]),
    results: results === 0 ? undefined : addressOf(results),
    argumentBlock: argumentBlock === undefined ? undefined : addressOf(argumentBlock),
    argumentTypes,
    kernels,
    shared: shared && {
      tasks: shared.tasks,
      descriptor: addressOf(shared.descriptor),
      own: addressOf(shared.own),
      bytes: shared.bytes,
    },
  };
}

/**
 * Creates a memory that exists only while code is generated: blocks have addresses from `base` on, and their contents
 * are collected.
 */
function imaginaryMemory(
  base: number,
  isShared: boolean,
): {
  readonly codeMemory: CodeMemory;
  readonly blocks: () => readonly MemoryRequest[];
  readonly bytes: () => number;
  readonly addressOf: (address: number) => Address;
} {
  const blocks: { readonly start: number; readonly size: number; readonly block: MemoryRequest }[] = [];
  const contents = new Map<number, ArrayBuffer>();
  const tables = new Map<string, number>();
  let end = base;
  const place = (size: number, block: MemoryRequest): number => {
    const start = end;
    blocks.push({ start, size, block });
    end += Math.ceil((size + gap) / blockAlign) * blockAlign;
    return start;
  };
  const find = (address: number): number => {
    const found = blocks.findLastIndex(({ start }) => start <= address);
    const { start, size } = must(blocks[found], "the block of an address");
    if (address >= start + size + gap) throw internalError(`no block is at ${address}`);
    return found;
  };
  const codeMemory: CodeMemory = {
    isShared,
    reserve: (bytes, align = 8) => place(bytes, { kind: "own", bytes, align }),
    shared: (purpose, bytes) => place(bytes, { kind: "shared", purpose, bytes }),
    table({ name, type, values }) {
      const elements = viewOf(type, new ArrayBuffer(values.length * bytesPerElement[type]), 0, values.length);
      elements.set(values);
      const text = textOf(elements.buffer as ArrayBuffer);
      const key = `${type} ${text}`;
      let address = tables.get(key);
      if (address === undefined)
        tables.set(key, (address = place(elements.byteLength, { kind: "table", name, type, values: text })));
      return address;
    },
    view(type, address, length) {
      const { start, size } = blocks[find(address)]!;
      let content = contents.get(start);
      if (content === undefined) contents.set(start, (content = new ArrayBuffer(size)));
      return viewOf(type, content, address - start, length);
    },
  };
  return {
    codeMemory,
    bytes: () => end - base,
    blocks: () =>
      blocks.map(({ start, block }) => {
        const content = contents.get(start);
        return content === undefined ? block : { ...block, data: textOf(content) };
      }),
    addressOf(address) {
      const block = find(address);
      return [block, address - blocks[block]!.start];
    },
  };
}

const textOf = (content: ArrayBuffer): string => encodeBase64(new Uint8Array(content));

/** Start indices of the byte ranges in which two modules differ; `undefined` if a difference is not an address. */
function differences(first: Uint8Array, second: Uint8Array): number[] | undefined {
  if (first.length !== second.length) return undefined;
  const starts: number[] = [];
  for (let at = 0; at < first.length; at++) {
    if (first[at] === second[at]) continue;
    const difference = (unsignedAt(second, at) - unsignedAt(first, at)) >>> 0;
    if (difference !== shift) return undefined;
    starts.push(at);
    at += addressBytes;
  }
  return starts;
}

/** Reads an address in LEB128, signed or not. */
function unsignedAt(bytes: Uint8Array, at: number): number {
  let address = 0;
  for (let k = 0; k < addressBytes; k++) address |= (bytes[at + k]! & 127) << (7 * k);
  return address >>> 0;
}

/**
 * Writes an address over one of equal length, in the same encoding: the last byte of a negative signed address repeats
 * its sign.
 */
function putAddress(bytes: Uint8Array, at: number, address: number): void {
  const last = at + addressBytes - 1;
  const isSigned = bytes[last]! >= 0x40;
  for (let k = 0; k < addressBytes - 1; k++) bytes[at + k] = ((address >>> (7 * k)) & 127) | 128;
  bytes[last] = isSigned ? ((address | 0) >> 28) & 127 : address >>> 28;
}

/** Places a module in memory and resolves its addresses. */
export function placeProgram(kept: RelocatableProgram, memory: CodeMemory): RoutineModule {
  const starts = kept.blocks.map((block) => placeBlock(block, memory));
  const addressOf = ([block, offset]: Address): number =>
    must(starts[block], "the start of a block") + offset;
  const bytes = decodeBase64(kept.bytes);
  for (const [at, block, offset] of kept.relocations) putAddress(bytes, at, addressOf([block, offset]));
  const { results, argumentBlock, shared, kernels, argumentTypes } = kept;
  const program: RoutineModule = {
    bytes,
    kernels,
    results: results === undefined ? 0 : addressOf(results),
    argumentBlock: argumentBlock && addressOf(argumentBlock),
    argumentTypes,
    shared: shared && {
      tasks: shared.tasks,
      descriptor: addressOf(shared.descriptor),
      own: addressOf(shared.own),
      bytes: shared.bytes,
    },
  };
  return published(program, memory);
}

function placeBlock(block: MemoryRequest, memory: CodeMemory): number {
  switch (block.kind) {
    case "own": {
      const address = memory.reserve(block.bytes, block.align);
      if (block.data !== undefined) memory.view("bool", address, block.bytes).set(decodeBase64(block.data));
      return address;
    }
    case "shared":
      return memory.shared(block.purpose, block.bytes);
    case "table": {
      const { name, type, values } = block;
      const { buffer } = decodeBase64(values);
      const elements: TypedArray = viewOf(type, buffer, 0, buffer.byteLength / bytesPerElement[type]);
      return memory.table({ name, type, values: Array.from(elements) });
    }
  }
}
