import { DownhillError, showType } from "../errors/index.ts";
import { sliceElements } from "../kernel/copy-elements.ts";
import type { BufferView, TypedArray } from "../kernel/executable.ts";
import { makeArray } from "../kernel/executable.ts";
import { sizeOf } from "../util/shape.ts";
import { isOnHost } from "./host-memory.ts";
import type { DeviceMemory, TensorStorage } from "./storage.ts";
import type { Tensor } from "./tensor.ts";
import { scalarTypeOf } from "./types.ts";

/** The number that a scalar is, where the host knows it: it is neither traced nor still to come from a device. */
export function knownNumber(x: Tensor): number | undefined {
  return typeof x.slot === "number" ? x.slot : undefined;
}

/** Whether the host can look at what a tensor holds without waiting for it. */
export function isAtHand({ slot }: Tensor): boolean {
  return typeof slot === "object" ? slot.memory?.isImmediate !== false : slot !== undefined;
}

/** The number of a tensor of one element, now. @throws as `readElements`. */
export function numberOf(x: Tensor, operation: string): number {
  return typeof x.slot === "number" ? x.slot : readElements(x, operation)[0]!;
}

/**
 * The elements of a tensor without a copy, for those who look at them at once: kernels may use the memory for something else
 * after the next call. See `lastingElements`.
 *
 * @throws DownhillError `trace` for a traced value, `donated` for one that was given away, `option` for one whose device has
 * no elements at once.
 */
export function readElements(x: Tensor, operation: string): TypedArray {
  return elementsNow(x, operation, "view");
}

/**
 * Where the elements of a tensor lie, without a view of them, which takes longer to make than a few of them to read. As `readElements`:
 * for those who look at once.
 */
export function placeOfElements(x: Tensor, operation: string): BufferView {
  const { slot } = x;
  if (typeof slot === "object" && isOnHost(slot)) return slot;
  return { array: readElements(x, operation), offset: 0 };
}

/** A copy of the elements of a tensor. @throws as `readElements`. */
export function copyOfElements(x: Tensor, operation: string): TypedArray {
  return elementsNow(x, operation, "copy");
}

function elementsNow(x: Tensor, operation: string, way: "view" | "copy"): TypedArray {
  const { slot } = x;
  if (typeof slot === "number") return oneElement(x, slot);
  const { storage, memory } = storageOf(x, operation);
  if (!memory.isImmediate) throw laterOnly(x, memory, operation);
  return memory[way](storage, sizeOf(x.type.shape));
}

/** The elements of a tensor for those who keep them: without a copy unless they lie in the memory of kernels. */
export function lastingElements(x: Tensor, operation: string): TypedArray {
  const array = readElements(x, operation);
  return array.buffer instanceof ArrayBuffer ? array : sliceElements(array, 0, array.length);
}

/** A copy of the elements of a tensor on any device, once they are there. @throws what the device found wrong; else as `readElements`. */
export function elementsLater(x: Tensor, operation: string): Promise<TypedArray> {
  const { slot } = x;
  if (typeof slot === "number") return Promise.resolve(oneElement(x, slot));
  const { storage, memory } = storageOf(x, operation);
  const elements = memory.read(storage, sizeOf(x.type.shape));
  return storage.onRead ? elements.then(storage.onRead) : elements;
}

/** The storage of a tensor, and the memory that it lies in. */
function storageOf(
  x: Tensor,
  operation: string,
): { readonly storage: TensorStorage; readonly memory: DeviceMemory } {
  const { slot } = x;
  if (typeof slot !== "object") throw traced(x, operation);
  if (slot.memory === undefined) throw donatedTensor(x, operation);
  return { storage: slot, memory: slot.memory };
}

function oneElement(x: Tensor, value: number): TypedArray {
  const one = makeArray(scalarTypeOf(x.dtype), 1);
  one[0] = value;
  return one;
}

function laterOnly(x: Tensor, { name }: DeviceMemory, operation: string): DownhillError {
  return new DownhillError(
    "option",
    `${operation}: this ${showType(x.type)} has yet to come from ${name}. Write await x.read().`,
  );
}

/** How errors go on that tell of a donation. */
export const memoryIsGone: string =
  "or given up by data({ donate: true }) or using, and its memory serves other results. " +
  "Use what that function returned, or leave donate out.";

function donatedTensor(x: Tensor, operation: string): DownhillError {
  return new DownhillError(
    "donated",
    `${operation}: this ${showType(x.type)} was donated to a jitted function, ${memoryIsGone}`,
  );
}

function traced(x: Tensor, operation: string): DownhillError {
  const kinds = {
    jvp: "grad or jvp",
    linear: "grad or vjp",
    program: "jit, scan or makeProgram",
    vmap: "vmap",
  };
  const kind = kinds[(x.tracer?.trace.kind ?? "program") as keyof typeof kinds];
  return new DownhillError(
    "trace",
    `${operation}: this ${showType(x.type)} is a traced value inside a transform (${kind}); its number is not known there. ` +
      `Return it from the function (see hasAux), and choose between values with where(…) instead of if.`,
  );
}
