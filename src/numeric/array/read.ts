import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlag, checkOptions } from "../../engine/errors/options.ts";
import { copyOfElements, elementsLater, readElements } from "../../engine/ir/elements.ts";
import type { NestedNumbers, ReadOptions, Tensor } from "../../engine/ir/tensor.ts";
import type { TypedArray } from "../../engine/kernel/executable.ts";
import { giveUp } from "../../engine/runtime/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";

/** Copies the elements of a tensor; with option `donate`, also frees the tensor. */
export function read(x: Tensor, options?: ReadOptions): TypedArray {
  const copy = copyOfElements(x, "data");
  giveUpIfAsked("data", x, options);
  return copy;
}

/** Like `read`, but waits until the elements are computed. */
export function readLater(x: Tensor, options?: ReadOptions): Promise<TypedArray> {
  const copy = elementsLater(x, "read");
  giveUpIfAsked("read", x, options);
  return copy;
}

function giveUpIfAsked(operation: string, x: Tensor, options: ReadOptions | undefined): void {
  if (options === undefined || typeof x.slot !== "object") return;
  checkOptions(operation, options, ["donate"]);
  const { donate = false } = options;
  checkFlag(operation, "donate", donate);
  if (donate) giveUp(x);
}

/** The number in a scalar or in an array of one element. */
export function item(x: Tensor): number {
  if (typeof x.slot === "number") return x.slot;
  if (sizeOf(x.shape) !== 1) {
    throw new DownhillError(
      "shape",
      `item: ${showType(x.type)} has ${sizeOf(x.shape)} elements, not one. Use tolist() or data().`,
    );
  }
  return readElements(x, "item")[0]!;
}

/** The elements as nested arrays; a scalar as a number. */
export function tolist(x: Tensor): NestedNumbers | number {
  const flat = readElements(x, "tolist");
  const { shape } = x;
  if (shape.length === 0) return flat[0]!;
  const build = (axis: number, start: number, size: number): NestedNumbers => {
    const n = shape[axis]!;
    const step = n === 0 ? 0 : size / n;
    const isLast = axis === shape.length - 1;
    const list: (NestedNumbers | number)[] = []; // a loop, because `Array.from` with a function takes ten times as long
    for (let i = 0; i < n; i++)
      list.push(isLast ? flat[start + i]! : build(axis + 1, start + i * step, step));
    return list;
  };
  return build(0, 0, flat.length);
}
