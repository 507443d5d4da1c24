import { Tensor } from "downhill";
import type { HostStorage } from "../../src/engine/ir/host-memory.ts";
import { hostStorage } from "../../src/engine/ir/host-memory.ts";
import type { ArrayType } from "../../src/engine/ir/types.ts";
import type { KernelValue } from "../../src/engine/kernel/executable.ts";

/** Storage of an array's elements, for tests of storage sharing. */
export function storageOf(x: Tensor): HostStorage {
  return x.slot as HostStorage;
}

/** Contents of tensors in the form that kernels take. */
export function slotsOf(xs: readonly Tensor[]): KernelValue[] {
  return xs.map((x) => x.slot as KernelValue & Tensor["slot"]);
}

/** Tensor of a kernel's result. */
export function tensorOf(type: ArrayType, slot: KernelValue): Tensor {
  return new Tensor(type, typeof slot === "number" ? slot : hostStorage(slot.array, slot.offset), undefined);
}
