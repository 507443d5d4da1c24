// Random routines where memory runs short: they give the same bits or an error, and the same bits again once there is room.
import { DownhillError } from "downhill";
import type { Arena } from "../../src/engine/backends/wasm/host/arena.ts";
import { limitArena, makeWasmBackend, wasmArena } from "../../src/engine/backends/wasm/index.ts";
import { addHolder, refuseAllocations } from "../../src/engine/kernel/reclaim.ts";
import type { Routine } from "../../src/engine/kernel/scalar.ts";
import type { CallNumbers } from "./kernel-agreement.ts";
import { expectSameOutputs, oracle, outcome } from "./kernel-agreement.ts";

const backend = makeWasmBackend();

/** Blocks that can be given back while an allocation finds no room. */
const spare: number[] = [];
addHolder({
  giveBack() {
    const block = spare.pop();
    if (block !== undefined) wasmArena().free(block);
    return block !== undefined;
  },
});

/** A way to make memory short; `mayFail` is false where a routine must succeed all the same. */
interface Shortage {
  readonly name: string;
  readonly mayFail: boolean;
  readonly begin: (arena: Arena, number: number) => void;
}

const shortages: readonly Shortage[] = [
  {
    name: "one allocation finds no room until a block is given back",
    mayFail: false,
    begin(arena, number) {
      spare.push(arena.allocate(64, "scratch"));
      let left = number % 9;
      refuseAllocations(() => left-- === 0);
    },
  },
  {
    name: "allocations find no room",
    mayFail: true,
    begin(_, number) {
      let left = number % 9;
      refuseAllocations(() => left-- <= 0);
    },
  },
  { name: "the memory grows", mayFail: false, begin: (arena) => fill(arena, 2 ** 22) },
  { name: "the memory is full", mayFail: true, begin: (arena) => fill(arena, 0) },
];

/** Blocks that leave no room in the memory as large as it is. */
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

/** Throws where a routine gives other bits than the interpreter, or no `oom` error, while memory is short in a way by `number`; or later. */
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
