import type { HostStorage } from "../ir/host-memory.ts";
import { isOnHost } from "../ir/host-memory.ts";
import type { BlockCopy } from "../ir/primitive.ts";
import { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { scalarTypeOf } from "../ir/types.ts";
import { copyElements } from "../kernel/copy-elements.ts";
import { sizeOf } from "../util/shape.ts";
import { engine } from "./engine.ts";
import { allocate } from "./pool/small-results.ts";

/**
 * Returns the storages of operands if all of them are arrays in host memory and no other device is in use; otherwise
 * undefined.
 */
export function hostArrays(ins: readonly Tensor[]): readonly HostStorage[] | undefined {
  if (engine.copies !== undefined) return undefined;
  const arrays: HostStorage[] = [];
  for (const { slot } of ins) {
    if (typeof slot !== "object" || !isOnHost(slot)) return undefined;
    arrays.push(slot);
  }
  return arrays;
}

/** Computes results by copying blocks of the operands, without a kernel, if the results consist of such blocks. */
export function copyBlocks(
  types: readonly ArrayType[],
  operands: readonly HostStorage[],
  blocks: readonly BlockCopy[],
): readonly Tensor[] {
  const results = types.map((type) => allocate(scalarTypeOf(type.dtype), sizeOf(type.shape)));
  for (const { operand, result, from, to, length, count, fromStep, toStep } of blocks) {
    const [source, target] = [operands[operand]!, results[result]!];
    for (let i = 0; i < count; i++)
      copyElements(
        target.array,
        target.offset + to + i * toStep,
        source.array,
        source.offset + from + i * fromStep,
        length,
      );
  }
  return types.map((type, i) => new Tensor(type, results[i], undefined));
}
