import type { FunctionBody } from "../encode/body.ts";
import type { Peephole } from "./peephole.ts";

/**
 * Next to rare branches, stores every second vector through a separate address. V8's revectorizer (13, 14) aborts the
 * process ("unreachable code") if it widens stores next to a branch that calls a function of vectors. It only merges
 * stores with a common address.
 */
export const separateStores: Peephole = {
  isFor: ({ mayWiden }) => mayWiden,
};

/** Returns a local with the address in `address` plus 16 bytes. */
export function separateAddress(body: FunctionBody, address: number): number {
  const next = body.local("i32");
  body.localGet(address);
  body.i32Const(16);
  body.op("i32.add");
  body.localSet(next);
  return next;
}
