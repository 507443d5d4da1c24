import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlag, checkOptions } from "../../engine/errors/options.ts";
import type { NestedNumbers, ReadOptions, Tensor } from "../../engine/ir/tensor.ts";
import { scalarTypeOf } from "../../engine/ir/types.ts";
import { sliceElements } from "../../engine/kernel/copy-elements.ts";
import type { Cell, TypedArray } from "../../engine/kernel/executable.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import { giveUp } from "../../engine/runtime/memory.ts";
import { sizeOf } from "../../engine/util/shape.ts";

/** A copy of the elements of a tensor; the tensor may be given up for it. */
export function read(x: Tensor, operation: string, options?: ReadOptions): TypedArray {
  const { slot } = x;
  if (typeof slot !== "object" || slot.donated === true) return elements(x, operation);
  const isGivenUp = options !== undefined && readDonate(operation, options);
  const n = sizeOf(x.shape);
  const copy = sliceElements(slot.array, slot.offset, n);
  if (isGivenUp) (x as { slot: Cell }).slot = giveUp(slot, x.dtype, n);
  return copy;
}

function readDonate(operation: string, options: ReadOptions): boolean {
  checkOptions(operation, options, ["donate"]);
  const { donate = false } = options;
  checkFlag(operation, "donate", donate);
  return donate;
}

/**
 * The elements of a tensor without a copy, for those who look at them at once: kernels may use the memory for something else
 * after the next call. See `lastingElements`.
 */
export function elements(x: Tensor, operation: string): TypedArray {
  const { slot } = x;
  if (slot === undefined) throw traced(x, operation);
  if (typeof slot === "number") {
    const one = makeArray(scalarTypeOf(x.dtype), 1);
    one[0] = slot;
    return one;
  }
  if (slot.donated === true) throw donatedTensor(x, operation);
  return slot.array.subarray(slot.offset, slot.offset + sizeOf(x.shape));
}

/** The elements of a tensor for those who keep them: without a copy unless they lie in the memory of kernels. */
export function lastingElements(x: Tensor, operation: string): TypedArray {
  const array = elements(x, operation);
  return array.buffer instanceof ArrayBuffer ? array : sliceElements(array, 0, array.length);
}

function donatedTensor(x: Tensor, operation: string): DownhillError {
  return new DownhillError(
    "donated",
    `${operation}: this ${showType(x.type)} was donated to a jitted function, or given up by data({ donate: true }), and its ` +
      `memory serves other results. Use what that function returned, or leave donate out.`,
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

/** The number of a scalar or of an array of one element. */
export function item(x: Tensor): number {
  if (typeof x.slot === "number") return x.slot;
  if (sizeOf(x.shape) !== 1) {
    throw new DownhillError(
      "shape",
      `item: ${showType(x.type)} has ${sizeOf(x.shape)} elements, not one. Use tolist() or data().`,
    );
  }
  return elements(x, "item")[0]!;
}

/** The elements as nested arrays. */
export function tolist(x: Tensor): NestedNumbers | number {
  const flat = elements(x, "tolist");
  const build = (axis: number, start: number, size: number): NestedNumbers | number => {
    if (axis === x.shape.length) return flat[start]!;
    const n = x.shape[axis]!;
    const step = n === 0 ? 0 : size / n;
    return Array.from({ length: n }, (_, i) => build(axis + 1, start + i * step, step));
  };
  return build(0, 0, flat.length);
}
