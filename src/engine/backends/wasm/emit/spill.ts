import type { TypedLocal } from "../../../codegen/phases.ts";
import type { FunctionFrame } from "./frame.ts";
import { isResident, localIndex } from "./frame.ts";
import { loadOf, storeOf } from "./scalar.ts";

/**
 * Stores a local in memory for another function of the same routine. Writes no code for a local that is always in
 * memory.
 */
export function spill({ name, type }: TypedLocal, frame: FunctionFrame): void {
  if (isResident(frame, name)) return;
  const { body, unit } = frame;
  unit.pushSpillBase(body);
  body.localGet(localIndex(frame, name, type));
  body.memory(storeOf(type), unit.spillSlot(frame.owner, name));
}

/**
 * Loads a local that another function of the same routine stored in memory. Writes no code for a local that is always
 * in memory.
 */
export function reload({ name, type }: TypedLocal, frame: FunctionFrame): void {
  if (isResident(frame, name)) return;
  const { body, unit } = frame;
  unit.pushSpillBase(body);
  body.memory(loadOf(type), unit.spillSlot(frame.owner, name));
  body.localSet(localIndex(frame, name, type));
}
