import type { FunctionBody } from "../encode/body.ts";
import type { Peephole } from "./peephole.ts";

/**
 * Beside rare branches, each second vector is stored from an address of its own. V8's revectorizer (13, 14) ends the process
 * ("unreachable code") where it widens stores beside a branch that calls a function of vectors; it joins stores from one address.
 */
export const separateStores: Peephole = {
  isFor: ({ mayWiden }) => mayWiden,
};

/** A local with an address 16 bytes after that in another one. */
export function separateAddress(body: FunctionBody, address: number): number {
  const next = body.local("i32");
  body.localGet(address);
  body.i32Const(16);
  body.op("i32.add");
  body.localSet(next);
  return next;
}
