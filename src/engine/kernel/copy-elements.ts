import type { TypedArray } from "./executable.ts";
import { withRoom } from "./reclaim.ts";

/** Up to this many elements are copied one by one: `set` takes longer to begin. */
const fewElements = 32;
/** From this many bytes on, copies from and to shared memory go a quicker way where there is one. */
const quickFrom = 2048;

/** `to[toOffset …] = from[fromOffset …]`, `n` elements. */
export function copyElements(
  to: TypedArray,
  toOffset: number,
  from: TypedArray,
  fromOffset: number,
  n: number,
): void {
  if (n <= fewElements && copyFew(to, toOffset, from, fromOffset, n)) return;
  const bytes = n * to.BYTES_PER_ELEMENT;
  const fill = bytes >= quickFrom && (isShared(to) || isShared(from)) ? quickFill() : undefined;
  if (fill !== undefined) {
    fill.call(bytesOf(to, toOffset, bytes), bytesOf(from, fromOffset, bytes));
    return;
  }
  const isWhole = fromOffset === 0 && from.length === n;
  to.set(isWhole ? from : from.subarray(fromOffset, fromOffset + n), toOffset);
}

/**
 * Copies one by one between arrays of the common types. A loop for each of them, in so many words: one loop that engines have
 * seen all types in takes a hundred times as long an element.
 */
function copyFew(to: TypedArray, toOffset: number, from: TypedArray, fromOffset: number, n: number): boolean {
  if (to instanceof Float32Array && from instanceof Float32Array) {
    for (let i = 0; i < n; i++) to[toOffset + i] = from[fromOffset + i]!;
    return true;
  }
  if (to instanceof Float64Array && from instanceof Float64Array) {
    for (let i = 0; i < n; i++) to[toOffset + i] = from[fromOffset + i]!;
    return true;
  }
  if (to instanceof Int32Array && from instanceof Int32Array) {
    for (let i = 0; i < n; i++) to[toOffset + i] = from[fromOffset + i]!;
    return true;
  }
  return false;
}

/** All of `numbers` as the first elements of an array: a loop for the array of each type, as above. */
export function copyNumbers(to: TypedArray, numbers: ArrayLike<number>): void {
  const n = numbers.length;
  if (to instanceof Float64Array) for (let i = 0; i < n; i++) to[i] = numbers[i]!;
  else if (to instanceof Float32Array) for (let i = 0; i < n; i++) to[i] = numbers[i]!;
  else for (let i = 0; i < n; i++) to[i] = numbers[i]!;
}

/**
 * `n` elements of an array in an array of their own.
 *
 * @throws DownhillError `oom` where the engine has no memory for it.
 */
export function sliceElements(from: TypedArray, offset: number, n: number): TypedArray {
  return withRoom(
    () => `a copy of ${n} elements`,
    n * from.BYTES_PER_ELEMENT,
    () => slice(from, offset, n),
  );
}

function slice(from: TypedArray, offset: number, n: number): TypedArray {
  if (n > fewElements && !isShared(from)) return from.slice(offset, offset + n);
  const ArrayType = from.constructor as new (size: number) => TypedArray;
  const to = new ArrayType(n);
  copyElements(to, 0, from, offset, n);
  return to;
}

function isShared(array: TypedArray): boolean {
  return !(array.buffer instanceof ArrayBuffer);
}

function bytesOf(array: TypedArray, offset: number, bytes: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset + offset * array.BYTES_PER_ELEMENT, bytes);
}

/** `Buffer.prototype.fill`. */
type Fill = (this: Uint8Array, value: Uint8Array) => Uint8Array;

let found: { readonly fill: Fill | undefined } | undefined;

/**
 * V8 copies shared memory word by word, as if others wrote to it meanwhile, which takes three to four times as long as a copy
 * of other memory. Node's `Buffer` fills bytes with others by `memcpy`, and with as many others that is a copy.
 */
function quickFill(): Fill | undefined {
  return (found ??= { fill: findFill() }).fill;
}

function findFill(): Fill | undefined {
  const { Buffer, process, Bun, Deno } = globalThis as {
    readonly Buffer?: { readonly prototype: { readonly fill: Fill } };
    readonly process?: { readonly versions?: { readonly node?: string } };
    readonly Bun?: unknown;
    readonly Deno?: unknown;
  };
  // the others have a Buffer too, whose `fill` may well be slow
  const isNode = process?.versions?.node !== undefined && Bun === undefined && Deno === undefined;
  return isNode ? Buffer?.prototype.fill : undefined;
}
