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
  const fill = bytes >= quickFrom && (isShared(to) || isShared(from)) ? quickCopies()?.fill : undefined;
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
  const ArrayType = from.constructor as TypedArrayConstructor;
  // an array made of another is not cleared before, as V8 clears what `slice` makes
  if (n > fewElements && !isShared(from)) return new ArrayType(from.subarray(offset, offset + n));
  const bytes = n * from.BYTES_PER_ELEMENT;
  const quick = bytes >= quickFrom ? quickCopies() : undefined;
  const to = quick === undefined ? new ArrayType(n) : new ArrayType(quick.allocate(bytes).buffer);
  copyElements(to, 0, from, offset, n);
  return to;
}

interface TypedArrayConstructor {
  new (from: TypedArray): TypedArray;
  new (buffer: ArrayBufferLike): TypedArray;
  new (length: number): TypedArray;
}

function isShared(array: TypedArray): boolean {
  return !(array.buffer instanceof ArrayBuffer);
}

function bytesOf(array: TypedArray, offset: number, bytes: number): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset + offset * array.BYTES_PER_ELEMENT, bytes);
}

/** What copies of shared memory take a quicker way by: methods of Node's `Buffer`. */
interface NodeBufferMethods {
  /** `Buffer.prototype.fill`. */
  readonly fill: (this: Uint8Array, value: Uint8Array) => Uint8Array;
  /** `Buffer.allocUnsafeSlow`: bytes in a buffer of their own, not cleared. */
  readonly allocate: (bytes: number) => Uint8Array;
}

let found: { readonly copies: NodeBufferMethods | undefined } | undefined;

/**
 * V8 copies shared memory word by word, as if others wrote to it meanwhile, which takes three to four times as long as a copy
 * of other memory. Node's `Buffer` fills bytes with others by `memcpy`, and with as many others that is a copy. It also makes
 * memory that is not cleared before.
 */
function quickCopies(): NodeBufferMethods | undefined {
  return (found ??= { copies: findQuickCopies() }).copies;
}

function findQuickCopies(): NodeBufferMethods | undefined {
  const { Buffer, process, Bun, Deno } = globalThis as {
    readonly Buffer?: {
      readonly prototype: Pick<NodeBufferMethods, "fill">;
      readonly allocUnsafeSlow: NodeBufferMethods["allocate"];
    };
    readonly process?: { readonly versions?: { readonly node?: string } };
    readonly Bun?: unknown;
    readonly Deno?: unknown;
  };
  // the others have a Buffer too, whose `fill` may well be slow
  const isNode = process?.versions?.node !== undefined && Bun === undefined && Deno === undefined;
  if (!isNode || Buffer === undefined) return undefined;
  return { fill: Buffer.prototype.fill, allocate: (bytes) => Buffer.allocUnsafeSlow(bytes) };
}
