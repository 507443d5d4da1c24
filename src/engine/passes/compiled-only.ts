import { internalError } from "../errors/index.ts";

/** Rules of primitives that only passes create. Passes run after all transforms, so nothing differentiates or batches these primitives. */
export const compiledOnly = {
  derivative: {
    kind: "none",
    reason: "it occurs only in compiled programs, which are not differentiated.",
  },
  batch(): never {
    throw internalError("a primitive of compiled programs is not batched");
  },
} as const;
