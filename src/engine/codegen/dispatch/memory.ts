import type { Buffer, Routine, ScalarType, Temp } from "../../kernel/scalar.ts";
import { bytesPerElement } from "../../kernel/executable.ts";
import { constantSize } from "../../kernel/sizes.ts";
import { must } from "../../util/assert-never.ts";

/** 32-bit words per element on a device. A bool has a whole word, so that threads can store neighbours. */
export const deviceWords: Readonly<Record<ScalarType, number>> = { f64: 2, f32: 1, i32: 1, u32: 1, bool: 1 };

/** Scratch memory of a routine on a device, in words from its start. */
export interface DeviceMemoryPlan {
  /** Offset of each temporary, by name. */
  readonly temps: ReadonlyMap<string, number>;
  /** Offset of the slot of each local that several kernels use, by name. */
  readonly slots: ReadonlyMap<string, number>;
  readonly words: number;
}

/** Words between which temporaries begin, so that a vector of 16 bytes never straddles two of them. */
const alignment = 4;

const aligned = (words: number): number => Math.ceil(words / alignment) * alignment;

/**
 * Lays out the temporaries and the slots. Temporaries that share bytes in the routine's arena may share words; all
 * others are apart. (The sizes differ from the arena's, because a bool has a word.)
 */
export function planDeviceMemory(
  { temps }: Pick<Routine, "temps">,
  shared: readonly { readonly name: string; readonly type: ScalarType }[],
): DeviceMemoryPlan {
  const known = (size: Temp["offset"]): number => must(constantSize(size), "the size of a temporary");
  const sized = temps
    .map((temp) => {
      const start = known(temp.offset);
      const n = known(temp.size);
      return {
        name: temp.name,
        start,
        end: start + n * bytesPerElement[temp.type],
        words: deviceWords[temp.type] * n,
      };
    })
    .sort((a, b) => a.start - b.start);
  const placed: { readonly end: number; readonly last: number }[] = [];
  const offsets = new Map<string, number>();
  let words = 0;
  for (const temp of sized) {
    let offset = 0;
    for (const other of placed) if (other.end <= temp.start) offset = Math.max(offset, other.last);
    const last = aligned(offset + temp.words);
    offsets.set(temp.name, offset);
    placed.push({ end: temp.end, last });
    words = Math.max(words, last);
  }
  const slots = new Map<string, number>();
  for (const { name, type } of shared) {
    if (slots.has(name)) continue;
    slots.set(name, words);
    words += deviceWords[type];
  }
  return { temps: offsets, slots, words: aligned(words) };
}

/** Number of elements of a buffer whose size is known before any call. */
export function elementsOf({ size, name }: Buffer): number {
  return must(constantSize(size), `the size of ${name}`);
}
