import type { TypedArray } from "../../../kernel/executable.ts";
import { makeArray } from "../../../kernel/executable.ts";
import type { ScalarType } from "../../../kernel/scalar.ts";
import { assertNever } from "../../../util/assert-never.ts";
import { deviceWords } from "../../../codegen/dispatch/memory.ts";
import { wordsOfDouble } from "../wgsl/expression.ts";

const bytes = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(4));

/** Writes a number as device words into an array, from index `at` on. */
export function wordsOfNumber(type: ScalarType, value: number, into: Uint32Array, at: number): void {
  switch (type) {
    case "f64":
      [into[at], into[at + 1]] = wordsOfDouble(value) as [number, number];
      return;
    case "f32":
      bytes.setFloat32(0, value);
      into[at] = bytes.getUint32(0);
      return;
    case "i32":
    case "u32":
      into[at] = value;
      return;
    case "bool":
      into[at] = value === 0 ? 0 : 1;
      return;
    default:
      return assertNever(type, "wordsOfNumber");
  }
}

/**
 * Converts `n` elements of an array, from element `offset` on, to device words. The result may share the array's
 * memory.
 */
export function wordsOfElements(
  type: ScalarType,
  from: TypedArray,
  offset: number,
  n: number,
): Uint32Array<ArrayBuffer> {
  const isSame = type !== "bool" && type !== "f64" && from.BYTES_PER_ELEMENT === 4;
  if (isSame && from.buffer instanceof ArrayBuffer)
    return new Uint32Array(from.buffer, from.byteOffset + 4 * offset, n);
  const size = deviceWords[type];
  const words = new Uint32Array(size * n);
  for (let i = 0; i < n; i++) wordsOfNumber(type, from[offset + i]!, words, size * i);
  return words;
}

/** Converts device words to an array of `n` elements. The result may share their memory. */
export function elementsOfWords(type: ScalarType, words: Uint32Array<ArrayBuffer>, n: number): TypedArray {
  switch (type) {
    case "f64":
      return new Float64Array(words.buffer, words.byteOffset, n);
    case "f32":
      return new Float32Array(words.buffer, words.byteOffset, n);
    case "i32":
      return new Int32Array(words.buffer, words.byteOffset, n);
    case "u32":
      return words;
    case "bool": {
      const array = makeArray("bool", n);
      array.set(words);
      return array;
    }
    default:
      return assertNever(type, "elementsOfWords");
  }
}
