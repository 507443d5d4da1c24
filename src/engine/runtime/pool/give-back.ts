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
 * Refuses a donation that would pull memory from under someone: of a tensor that is passed twice, or that the function
 * reads from outside as well. The first `captured` operands are those.
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
        ? "the function reads the same tensor from outside too"
        : "the same tensor is passed in another place too";
    throw new DownhillError(
      "donated",
      `${operation}: leaf ${i - captured} of the arguments is donated, but ${what}. Pass a copy there, or leave it out of donate.`,
    );
  }
}

/** The error of a call with memory that is gone. */
export function usedAfterDonation(name: string): DownhillError {
  return new DownhillError(
    "donated",
    `${name}: an argument was donated to a jitted function before, ${memoryIsGone}`,
  );
}

/** Gives back the memory of a storage, which must not be read any more, and lets its maker know. */
export function giveAway(storage: TensorStorage): void {
  if (isOnHost(storage) && typeof storage.maker === "object") storage.maker.isGivenBack = true;
  discard(storage);
}

/** Gives back the memory of a storage that nobody has seen. */
export function discard(storage: TensorStorage): void {
  engine.pool?.release(storage as HostStorage); // it knows its own
  storage.memory?.release(storage);
  const copy = engine.copies?.get(storage);
  if (copy !== undefined) discard(copy);
}

/** What a tensor holds that was given up while others still read its memory. */
const given: TensorStorage = { memory: undefined, isShared: true };

/** Results of fewer elements are read sooner where they lie outside the memory of kernels, even if the next takes their place. */
const longRead = 4096;

/**
 * Gives up what a tensor holds. Where no other tensor holds it too, its memory is used again; of small results this goes for the
 * latest, whose place the next one takes.
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
