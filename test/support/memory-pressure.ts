// Runs random routines while memory is short: they return the usual bits or throw `oom`, and return the usual bits once there is room again.
import { DownhillError } from "downhill";
import type { Arena } from "../../src/engine/backends/wasm/host/arena.ts";
import { limitArena, makeWasmBackend, wasmArena } from "../../src/engine/backends/wasm/index.ts";
import { addHolder, refuseAllocations } from "../../src/engine/kernel/reclaim.ts";
import type { Routine } from "../../src/engine/kernel/scalar.ts";
import type { CallNumbers } from "./kernel-agreement.ts";
import { expectSameOutputs, oracle, outcome } from "./kernel-agreement.ts";

const backend = makeWasmBackend();

/** Blocks that the holder below can free when an allocation fails. */
const spare: number[] = [];
addHolder({
  giveBack() {
    const block = spare.pop();
    if (block !== undefined) wasmArena().free(block);
    return block !== undefined;
  },
});

/** A way to make memory short. `mayFail` is false if a routine must still succeed. */
interface Shortage {
  readonly name: string;
  readonly mayFail: boolean;
  readonly begin: (arena: Arena, number: number) => void;
}

const shortages: readonly Shortage[] = [
  {
    name: "one allocation fails until a block is freed",
    mayFail: false,
    begin(arena, number) {
      spare.push(arena.allocate(64, "scratch"));
      let left = number % 9;
      refuseAllocations(() => left-- === 0);
    },
  },
  {
    name: "all later allocations fail",
    mayFail: true,
    begin(_, number) {
      let left = number % 9;
      refuseAllocations(() => left-- <= 0);
    },
  },
  { name: "the memory grows", mayFail: false, begin: (arena) => fill(arena, 2 ** 22) },
  { name: "the memory is full", mayFail: true, begin: (arena) => fill(arena, 0) },
];

/** Blocks that fill the memory up to its present size. */
const filling: number[] = [];

function fill(arena: Arena, more: number): void {
  const { size } = arena.stats();
  limitArena(size);
  for (let bytes = size; bytes >= 64; bytes /= 2)
    for (let at = arena.tryAllocate(bytes, "scratch"); at > 0; at = arena.tryAllocate(bytes, "scratch"))
      filling.push(at);
  limitArena(size + more);
}

function restore(arena: Arena): void {
  refuseAllocations();
  limitArena(Infinity);
  for (const address of [...filling.splice(0), ...spare.splice(0)]) arena.free(address);
}

/**
 * Throws if a routine returns other bits than the interpreter, or another error than `oom`, during a shortage that `number` selects or
 * after it.
 */
export function expectSameWithoutRoom(routine: Routine, number: number, numbers: CallNumbers): void {
  const expected = outcome(oracle, routine, numbers);
  const { name, mayFail, begin } = shortages[number % shortages.length]!;
  const arena = wasmArena();
  const before = arena.stats().used;
  begin(arena, Math.floor(number / shortages.length));
  try {
    expectSameOutputs(name, outcome(backend, routine, numbers), expected, routine);
  } catch (error) {
    if (!mayFail || !(error instanceof DownhillError) || error.code !== "oom") throw error;
  } finally {
    restore(arena);
  }
  expectSameOutputs(`after ${name}`, outcome(backend, routine, numbers), expected, routine);
  const kept = arena.stats().used - before;
  // tables of constants stay
  if (kept > 2 ** 20) throw new Error(`${name}: ${kept} bytes are still in use`);
}
