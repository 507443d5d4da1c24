import { Tensor } from "downhill";
import type { HostStorage } from "../../src/engine/ir/host-memory.ts";
import { hostStorage } from "../../src/engine/ir/host-memory.ts";
import type { ArrayType } from "../../src/engine/ir/types.ts";
import type { KernelValue } from "../../src/engine/kernel/executable.ts";

/** Where the elements of an array lie, for tests of who lies where. */
export function storageOf(x: Tensor): HostStorage {
  return x.slot as HostStorage;
}

/** What tensors hold as kernels take it. */
export function slotsOf(xs: readonly Tensor[]): KernelValue[] {
  return xs.map((x) => x.slot as KernelValue & Tensor["slot"]);
}

/** A tensor of what a kernel gave. */
export function tensorOf(type: ArrayType, slot: KernelValue): Tensor {
  return new Tensor(type, typeof slot === "number" ? slot : hostStorage(slot.array, slot.offset), undefined);
}
