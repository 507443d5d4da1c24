import type { Buffer } from "../../src/engine/kernel/scalar.ts";
import { constantSize } from "../../src/engine/kernel/sizes.ts";

/** Elements of a buffer whose size is known before any call. */
export function lengthOf({ name, size }: Buffer): number {
  const known = constantSize(size);
  if (known === undefined) throw new Error(`the size of buffer "${name}" is computed by calls`);
  return known;
}
