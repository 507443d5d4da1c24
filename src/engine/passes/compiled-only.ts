// Rules of primitives that only passes create. Passes run after all transforms, so nothing differentiates or batches these primitives.
import { internalError } from "../errors/index.ts";

/** Derivative rule of primitives that only passes create: they have no derivative, for the given reason. */
export const notDifferentiated: { readonly kind: "none"; readonly reason: string } = {
  kind: "none",
  reason: "it occurs only in compiled programs, which are not differentiated.",
};

/** Batching rule of primitives that only passes create: throws an internal error. */
export function notBatched(): never {
  throw internalError("a primitive of compiled programs is not batched");
}
