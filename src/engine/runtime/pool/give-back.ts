import { DownhillError } from "../../errors/index.ts";
import { memoryIsGone } from "../../ir/elements.ts";
import type { HostStorage } from "../../ir/host-memory.ts";
import { isOnHost } from "../../ir/host-memory.ts";
import type { ConcreteValue, TensorStorage } from "../../ir/storage.ts";
import type { Tensor } from "../../ir/tensor.ts";
import { scalarTypeOf } from "../../ir/types.ts";
import { sizeOf } from "../../util/shape.ts";
import { engine } from "../engine.ts";
import { takeBack } from "./small-results.ts";

/**
 * Throws for a donated tensor that is passed twice, or that the function also reads from outside. The first `captured`
 * operands are the tensors read from outside.
 *
 * @throws DownhillError `donated`
 */
export function checkDonation(
  operation: string,
  operands: readonly ConcreteValue[],
  donated: readonly boolean[],
  captured: number,
): void {
  for (let i = 0; i < operands.length; i++) {
    const storage = operands[i]!;
    if (donated[i] !== true || typeof storage === "number") continue;
    const twin = operands.findIndex((other, k) => k !== i && other === storage);
    if (twin < 0) continue;
    const what =
      twin < captured
        ? "the function also reads this tensor from outside"
        : "this tensor is also passed as another argument";
    throw new DownhillError(
      "donated",
      `${operation}: leaf ${i - captured} of the arguments is donated, but ${what}. Pass a copy there, or leave it out of donate.`,
    );
  }
}

/** Creates the error for a call with a tensor that was donated before. */
export function usedAfterDonation(name: string): DownhillError {
  return new DownhillError(
    "donated",
    `${name}: an argument was donated to a jitted function before, ${memoryIsGone}`,
  );
}

/**
 * Frees the memory of a storage, which must not be read any more, and records in its maker that such results are
 * released explicitly.
 */
export function giveAway(storage: TensorStorage): void {
  if (isOnHost(storage) && typeof storage.maker === "object") storage.maker.isGivenBack = true;
  discard(storage);
}

/** Frees the memory of a storage that has no other users, together with its copy on another device. */
export function discard(storage: TensorStorage): void {
  engine.pool?.release(storage as HostStorage); // ignores storages of others
  storage.memory?.release(storage);
  const copy = engine.copies?.get(storage);
  if (copy !== undefined) discard(copy);
}

/** Shared storage of all tensors that were released while other tensors still use their memory. */
const given: TensorStorage = { memory: undefined, isShared: true };

/**
 * Minimum number of elements of results whose release is recorded in their maker (`giveAway`). Smaller results are read
 * faster outside of kernel memory, even if the next result reuses their memory.
 */
const longRead = 4096;

/**
 * Releases the elements of a tensor. Its memory is reused unless another tensor shares it. Of the small results, only
 * the most recently allocated one can be reused.
 */
export function giveUp(x: Tensor): void {
  const { slot: storage } = x;
  if (typeof storage !== "object") return;
  if (storage.isShared) {
    (x as { slot: TensorStorage }).slot = given;
    return;
  }
  const n = sizeOf(x.type.shape);
  if (isOnHost(storage)) takeBack(storage, scalarTypeOf(x.dtype), n);
  if (n >= longRead) giveAway(storage);
  else discard(storage);
}
