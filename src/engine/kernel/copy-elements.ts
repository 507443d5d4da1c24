import type { TypedArray } from "./executable.ts";
import { withRoom } from "./reclaim.ts";

/** Maximum number of elements that are copied one by one; for more, the typed-array method `set` is faster. */
const fewElements = 32;
/** Minimum bytes for which copies from and to shared memory use a faster method, if there is one. */
const quickFrom = 2048;

/** Copies `n` elements: `to[toOffset …] = from[fromOffset …]`. */
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
 * Copies elements one by one between arrays of common types; returns false for other types. Each type has its own loop,
 * because a loop in which engines have seen all types takes a hundred times as long per element.
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

/** Copies all of `numbers` to the first elements of an array, with a separate loop per array type, like `copyFew`. */
export function copyNumbers(to: TypedArray, numbers: ArrayLike<number>): void {
  const n = numbers.length;
  if (to instanceof Float64Array) for (let i = 0; i < n; i++) to[i] = numbers[i]!;
  else if (to instanceof Float32Array) for (let i = 0; i < n; i++) to[i] = numbers[i]!;
  else for (let i = 0; i < n; i++) to[i] = numbers[i]!;
}

/**
 * Copies `n` elements to a new array.
 * @throws DownhillError `oom` if the engine has no memory for it.
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
  // an array constructed from another one is not zeroed first, unlike the result of V8's `slice`
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

/** Methods of Node's `Buffer` for faster copies of shared memory. */
interface NodeBufferMethods {
  /** `Buffer.prototype.fill`. */
  readonly fill: (this: Uint8Array, value: Uint8Array) => Uint8Array;
  /** `Buffer.allocUnsafeSlow`: bytes in their own buffer, not zeroed. */
  readonly allocate: (bytes: number) => Uint8Array;
}

let found: { readonly copies: NodeBufferMethods | undefined } | undefined;

/**
 * Faster copies, if available. V8 copies shared memory word by word, in case others write to it, which takes three to
 * four times as long as other copies. Node's `Buffer.fill` uses `memcpy`, and filling bytes with equally many bytes is
 * a copy. It can also allocate memory without zeroing it.
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
  // the others have a Buffer too, whose `fill` may be slow
  const isNode = process?.versions?.node !== undefined && Bun === undefined && Deno === undefined;
  if (!isNode || Buffer === undefined) return undefined;
  return { fill: Buffer.prototype.fill, allocate: (bytes) => Buffer.allocUnsafeSlow(bytes) };
}
