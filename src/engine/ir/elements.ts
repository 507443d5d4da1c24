import { DownhillError, showType } from "../errors/index.ts";
import { sliceElements } from "../kernel/copy-elements.ts";
import type { BufferView, TypedArray } from "../kernel/executable.ts";
import { makeArray } from "../kernel/executable.ts";
import { sizeOf } from "../util/shape.ts";
import { isOnHost } from "./host-memory.ts";
import type { DeviceMemory, TensorStorage } from "./storage.ts";
import type { Tensor } from "./tensor.ts";
import { scalarTypeOf } from "./types.ts";

/**
 * Value of a scalar that the host already knows; `undefined` for traced values and for values stored in an array or on
 * a device.
 */
export function knownNumber(x: Tensor): number | undefined {
  return typeof x.slot === "number" ? x.slot : undefined;
}

/** True if the host can read the elements of a tensor synchronously. */
export function isAtHand({ slot }: Tensor): boolean {
  return typeof slot === "object" ? slot.memory?.isImmediate !== false : slot !== undefined;
}

/**
 * Value of a one-element tensor, read synchronously.
 * @throws as `readElements`.
 */
export function numberOf(x: Tensor, operation: string): number {
  return typeof x.slot === "number" ? x.slot : readElements(x, operation)[0]!;
}

/**
 * Elements of a tensor without a copy. Valid only until the next call, after which kernels may reuse the memory; see
 * `lastingElements` for elements that last.
 * @throws DownhillError `trace` for a traced value, `donated` for a tensor whose memory was donated, `device` for a
 * device that cannot return elements synchronously.
 */
export function readElements(x: Tensor, operation: string): TypedArray {
  return elementsNow(x, operation, "view");
}

/**
 * Array and offset of the elements of a tensor. Cheaper than creating a typed-array view to read a few elements. Valid
 * only until the next call, like `readElements`.
 */
export function placeOfElements(x: Tensor, operation: string): BufferView {
  const { slot } = x;
  if (typeof slot === "object" && isOnHost(slot)) return slot;
  return { array: readElements(x, operation), offset: 0 };
}

/**
 * Copy of the elements of a tensor.
 * @throws as `readElements`.
 */
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

/**
 * Elements of a tensor that remain valid after later calls. Copies them only if they are stored in the shared memory of
 * compiled kernels.
 */
export function lastingElements(x: Tensor, operation: string): TypedArray {
  const array = readElements(x, operation);
  return array.buffer instanceof ArrayBuffer ? array : sliceElements(array, 0, array.length);
}

/**
 * Promise of a copy of the elements of a tensor on any device.
 * @throws the error of the device if the computation failed there; otherwise as `readElements`.
 */
export function elementsLater(x: Tensor, operation: string): Promise<TypedArray> {
  const { slot } = x;
  if (typeof slot === "number") return Promise.resolve(oneElement(x, slot));
  const { storage, memory } = storageOf(x, operation);
  const elements = memory.read(storage, sizeOf(x.type.shape));
  return storage.onRead ? elements.then(storage.onRead) : elements;
}

/**
 * Returns the storage of a tensor and the device memory in which it is. Throws if the tensor is traced, or was donated.
 */
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
    "device",
    `${operation}: this ${showType(x.type)} is on ${name} and cannot be read synchronously. Write await x.read().`,
  );
}

/** The end of error messages for reading a tensor that was donated. */
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
    taylor: "taylor",
    vmap: "vmap",
  };
  const kind = kinds[(x.tracer?.trace.kind ?? "program") as keyof typeof kinds];
  return new DownhillError(
    "trace",
    `${operation}: this ${showType(x.type)} is a traced value inside a transform (${kind}); its number is not known there. ` +
      `Return it from the function (see hasAux), and choose between values with where(…) instead of if.`,
  );
}
