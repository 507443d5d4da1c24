import type { Buffer, Routine, ScalarType } from "../../kernel/scalar.ts";
import { constantSize } from "../../kernel/sizes.ts";
import { usesOf } from "../../kernel/uses.ts";
import { must } from "../../util/assert-never.ts";
import type { DeviceStep } from "./kernels.ts";
import { kernelsIn, statementsOf } from "./kernels.ts";

/**
 * Number of 32-bit words per element on a device. A bool has a whole word, so that threads can store adjacent elements.
 */
export const deviceWords: Readonly<Record<ScalarType, number>> = { f64: 2, f32: 1, i32: 1, u32: 1, bool: 1 };

/** Scratch memory of a routine on a device, in words from its start. */
export interface DeviceMemoryPlan {
  /** Offset of each temporary, by name. */
  readonly temps: ReadonlyMap<string, number>;
  /** Offset of the slot of each local that several kernels use, by name. */
  readonly slots: ReadonlyMap<string, number>;
  readonly words: number;
}

/** Alignment of temporaries in words, so that a vector of 16 bytes never straddles two of them. */
const alignment = 4;

const aligned = (words: number): number => Math.ceil(words / alignment) * alignment;

/** A temporary with the steps that access it, and its words. */
interface PlacedTemp {
  readonly name: string;
  readonly words: number;
  readonly first: number;
  readonly last: number;
  offset: number;
}

/**
 * Lays out the temporaries and the slots. Temporaries share words if the last step that accesses one of them comes before
 * the first step that accesses the other. So the units of a step never wait for memory.
 */
export function planDeviceMemory(
  { temps, inputs }: Pick<Routine, "temps" | "inputs">,
  steps: readonly DeviceStep[],
  shared: readonly { readonly name: string; readonly type: ScalarType }[],
): DeviceMemoryPlan {
  const lifetimes = lifetimesOf(steps);
  const placed: PlacedTemp[] = [];
  const sized = temps.flatMap((temp): PlacedTemp[] => {
    const life = lifetimes.get(temp.name);
    if (life === undefined) return [];
    return [
      { name: temp.name, words: aligned(deviceWords[temp.type] * elementsOf(temp)), ...life, offset: 0 },
    ];
  });
  for (const temp of sized.sort((a, b) => b.words - a.words)) {
    const others = placed.filter((other) => other.first <= temp.last && temp.first <= other.last);
    for (const other of others.sort((a, b) => a.offset - b.offset)) {
      if (temp.offset + temp.words <= other.offset) break;
      temp.offset = Math.max(temp.offset, other.offset + other.words);
    }
    placed.push(temp);
  }
  let words = placed.reduce((most, temp) => Math.max(most, temp.offset + temp.words), 0);
  const slots = new Map<string, number>();
  const given = new Set(inputs.map((port) => (port.kind === "scalar" ? port.name : "")));
  for (const { name, type } of shared) {
    if (slots.has(name) || given.has(name)) continue;
    slots.set(name, words);
    words += deviceWords[type];
  }
  return {
    temps: new Map(placed.map(({ name, offset }) => [name, offset])),
    slots,
    words: aligned(words),
  };
}

/** First and last step that accesses each buffer. A repetition is one step. */
function lifetimesOf(
  steps: readonly DeviceStep[],
): ReadonlyMap<string, { readonly first: number; readonly last: number }> {
  const lifetimes = new Map<string, { readonly first: number; readonly last: number }>();
  steps.forEach((step, last) => {
    for (const { sections } of kernelsIn([step]))
      for (const name of usesOf(sections.flatMap(statementsOf)).buffers)
        lifetimes.set(name, { first: lifetimes.get(name)?.first ?? last, last });
  });
  return lifetimes;
}

/** Number of elements of a buffer whose size is known before any call. */
export function elementsOf({ size, name }: Buffer): number {
  return must(constantSize(size), `the size of ${name}`);
}
