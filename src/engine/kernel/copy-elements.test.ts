import { describe, expect, test } from "vitest";
import { copyElements, sliceElements } from "./copy-elements.ts";
import type { TypedArray } from "./executable.ts";

const kinds = [Float64Array, Float32Array, Int32Array, Uint32Array, Uint8Array];
const sizes = [0, 1, 47, 48, 49, 255, 256, 257, 511, 512, 2047, 2048, 2049, 5000];
const buffers = [ArrayBuffer, SharedArrayBuffer as unknown as typeof ArrayBuffer];

/** An array whose elements are their indices, `before` elements after the start of its buffer. */
function numbered(
  Kind: (typeof kinds)[number],
  Buffer: (typeof buffers)[number],
  before: number,
): TypedArray {
  const array = new Kind(new Buffer(6000 * Kind.BYTES_PER_ELEMENT), before * Kind.BYTES_PER_ELEMENT);
  for (let i = 0; i < array.length; i++) array[i] = (7 * i + 1) % 251;
  return array;
}

describe("copies of elements", () => {
  test.each(kinds.map((Kind) => [Kind.name, Kind] as const))(
    "%s: from and to shared and other memory, any offset, any size, and no other elements",
    (_, Kind) => {
      for (const From of buffers) {
        for (const To of buffers) {
          for (const n of sizes) {
            const from = numbered(Kind, From, 3);
            const to = new Kind(new To(6000 * Kind.BYTES_PER_ELEMENT), 2 * Kind.BYTES_PER_ELEMENT);
            copyElements(to, 5, from, 11, n);
            const expected = Array.from(to, (__, i) => (i >= 5 && i < 5 + n ? from[i + 6]! : 0));
            expect(Array.from(to)).toEqual(expected);
          }
        }
      }
    },
  );

  test.each(kinds.map((Kind) => [Kind.name, Kind] as const))(
    "%s: a part in a new array, from any kind of memory",
    (_, Kind) => {
      for (const From of buffers) {
        for (const n of sizes) {
          const from = numbered(Kind, From, 1);
          const part = sliceElements(from, 9, n);
          expect(part).toEqual(Kind.from(from.subarray(9, 9 + n)));
          expect([part.byteOffset, part.buffer.byteLength]).toEqual([0, part.byteLength]);
          expect(part.buffer).toBeInstanceOf(ArrayBuffer);
        }
      }
    },
  );

  test("keep the bits of every NaN", () => {
    const bits = BigUint64Array.from({ length: 1000 }, (_, i) => 0x7ff0_0000_0000_0001n + BigInt(i));
    const shared = new Float64Array(new SharedArrayBuffer(8000));
    copyElements(shared, 0, new Float64Array(bits.buffer), 0, 1000);
    expect(new BigUint64Array(sliceElements(shared, 0, 1000).buffer)).toEqual(bits);
  });
});
