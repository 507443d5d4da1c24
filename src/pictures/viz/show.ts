import { showType } from "../../engine/errors/index.ts";
import { readElements } from "../../engine/ir/elements.ts";
import type { ArrayType, Tensor } from "../../engine/ir/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { showNumber } from "../plot/number-text.ts";
import type { Numbers, ShownValue } from "./table.ts";

const previewed = 6; // number of array elements shown in a table

/** Returns the first `most` elements of an evaluated tensor in row-major order. Booleans become 0 and 1. */
export function elements(x: Tensor, most: number = Infinity): number[] {
  return Array.from(readElements(x, "show").subarray(0, most));
}

/**
 * Converts a tensor to a table value: a number, a boolean, or type and first six elements of an array. `undefined`
 * stands for zeros.
 */
export function show(x: Tensor | undefined, type: ArrayType): ShownValue {
  const size = sizeOf(type.shape);
  const shown =
    x === undefined ? new Array<number>(Math.min(size, previewed)).fill(0) : elements(x, previewed);
  const [first = 0] = shown;
  if (type.shape.length === 0) return type.dtype === "bool" ? first !== 0 : first;
  const texts = shown.map((value) => (type.dtype === "bool" ? String(value !== 0) : showNumber(value, 4)));
  return { type: showType(type), preview: `[${texts.join(", ")}${size > previewed ? ", …" : ""}]` };
}

/** Returns all elements of a tensor as nested arrays; `undefined` stands for zeros. */
export function nested(x: Tensor | undefined, type: ArrayType): Numbers {
  const flat = x === undefined ? new Array<number>(sizeOf(type.shape)).fill(0) : elements(x);
  const read = (i: number): number | boolean => (type.dtype === "bool" ? flat[i] !== 0 : (flat[i] ?? 0));
  const build = (axis: number, start: number): Numbers => {
    const n = type.shape[axis];
    if (n === undefined) return read(start);
    const stride = sizeOf(type.shape.slice(axis + 1));
    return Array.from({ length: n }, (_, i) => build(axis + 1, start + i * stride));
  };
  return build(0, 0);
}
