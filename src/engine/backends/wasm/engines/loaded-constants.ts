import type { FunctionBody } from "../encode/body.ts";
import type { Peephole } from "./peephole.ts";

/**
 * Loops read vector constants from memory. V8 from 12 on makes a `v128.const` anew in every iteration, of two or more instructions,
 * where a load is one.
 */
export const loadedConstants: Peephole = {
  isFor: ({ isRecent }) => isRecent,
};

/** Puts vector `k` of a constant on the stack that lies at `address` for two vectors, one after the other. */
export function loadConstant(body: FunctionBody, address: number, k: number): void {
  body.i32Const(0);
  body.memory("v128.load", address + 16 * (k & 1));
}
