import { internalError } from "../../errors/index.ts";
import type { BufferView, TypedArray } from "../../kernel/executable.ts";
import { makeArray } from "../../kernel/executable.ts";
import type { BufferExtent } from "../../kernel/call-sizes.ts";
import type { Buffer, ScalarType, ConstantTable } from "../../kernel/scalar.ts";
import { isFloat } from "../../kernel/scalar.ts";
import { assertNever } from "../../util/assert-never.ts";

/** Memory that a buffer occupies in the current call; steps read it when they run. */
export interface BufferBinding {
  readonly name: string;
  readonly type: ScalarType;
  size: number;
  array: TypedArray;
  offset: number;
}

/**
 * A step of the interpreter: a function that reads numbered registers of a routine or procedure, and writes registers
 * or memory.
 */
export type InterpreterStep = (registers: Float64Array) => void;

/** Creates the binding of a routine's input or output; each call binds it to the caller's memory. */
export function portPlace({ name, type }: Buffer, { size }: BufferExtent): BufferBinding {
  return { name, type, size, array: makeArray(type, 0), offset: 0 };
}

/**
 * Binds a temporary to an array, filled with NaN for floats and 1 for other types, because code must write it before
 * reading it.
 */
export function bindTemp(place: BufferBinding, array: TypedArray): void {
  place.array = array.fill(isFloat(place.type) ? NaN : 1);
}

export function tablePlace({ name, type, values }: ConstantTable): BufferBinding {
  const array = makeArray(type, values.length);
  array.set(values);
  return { name, type, size: values.length, array, offset: 0 };
}

/**
 * Binds a port to the memory that the caller passes.
 * @throws DownhillError `internal` if it has another type or is too short.
 */
export function bindPlace(place: BufferBinding, cell: BufferView): void {
  const { array, offset } = cell;
  if (array.constructor !== place.array.constructor || offset + place.size > array.length) {
    throw internalError(
      `buffer "${place.name}" needs ${place.size} elements of ${place.type}, got ` +
        `${array.constructor.name} of ${array.length} at ${offset}`,
    );
  }
  place.array = array;
  place.offset = offset;
}

/**
 * Returns a step for `out = place[index]`, which throws if the index is out of range. Each element type has its own
 * closure, which is faster.
 */
export function loadStep(place: BufferBinding, index: number, out: number): InterpreterStep {
  switch (place.type) {
    case "f64":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        r[out] = (place.array as Float64Array)[place.offset + i]!;
      };
    case "f32":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        r[out] = (place.array as Float32Array)[place.offset + i]!;
      };
    case "i32":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        r[out] = (place.array as Int32Array)[place.offset + i]!;
      };
    case "u32":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        r[out] = (place.array as Uint32Array)[place.offset + i]!;
      };
    case "bool":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        r[out] = (place.array as Uint8Array)[place.offset + i]!;
      };
    default:
      return assertNever(place.type, "loadStep");
  }
}

/** Returns a step for `place[index] = value`, which throws if the index is out of range. */
export function storeStep(place: BufferBinding, index: number, value: number): InterpreterStep {
  switch (place.type) {
    case "f64":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        (place.array as Float64Array)[place.offset + i] = r[value]!;
      };
    case "f32":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        (place.array as Float32Array)[place.offset + i] = r[value]!;
      };
    case "i32":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        (place.array as Int32Array)[place.offset + i] = r[value]!;
      };
    case "u32":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        (place.array as Uint32Array)[place.offset + i] = r[value]!;
      };
    case "bool":
      return (r) => {
        const i = r[index]!;
        if (!(i >= 0 && i < place.size)) outside(place, i);
        (place.array as Uint8Array)[place.offset + i] = r[value]!;
      };
    default:
      return assertNever(place.type, "storeStep");
  }
}

/** Reads an element of a buffer. Throws if out of range. */
export function elementAt(place: BufferBinding, i: number): number {
  if (!(i >= 0 && i < place.size)) outside(place, i);
  return place.array[place.offset + i]!;
}

/** Sets an element of a buffer. Throws if out of range. */
export function setElement(place: BufferBinding, i: number, value: number): void {
  if (!(i >= 0 && i < place.size)) outside(place, i);
  place.array[place.offset + i] = value;
}

function outside(place: BufferBinding, index: number): never {
  throw internalError(`${place.name}[${index}] is outside of its ${place.size} elements`);
}
