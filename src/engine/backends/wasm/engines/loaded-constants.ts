import type { FunctionBody } from "../encode/body.ts";
import type { Peephole } from "./peephole.ts";

/**
 * Reads vector constants in loops from memory. V8 from version 12 on rematerialises a `v128.const` in every iteration,
 * with two or more instructions instead of one load.
 */
export const loadedConstants: Peephole = {
  isFor: ({ isRecent }) => isRecent,
};

/**
 * Pushes vector `k` of a constant on the stack. The constant is stored at `address` twice in sequence, for pairs of
 * vectors.
 */
export function loadConstant(body: FunctionBody, address: number, k: number): void {
  body.i32Const(0);
  body.memory("v128.load", address + 16 * (k & 1));
}
