import type { Body } from "../../encode/body.ts";
import type { ModuleBuilder } from "../../encode/module.ts";
import { makeModule } from "../../encode/module.ts";
import { maximumPages } from "../arena.ts";
import type { OpcodeName } from "../../encode/opcodes.ts";
import { layout } from "../../emit/threads/layout.ts";

/** Loads of a word in a row until the main thread, which has nothing left to do, stops burning time: some 100 µs. */
const spins = 100_000;

/**
 * The functions by which threads share work, as a module of its own that every thread has an instance of: over the block
 * at `base`, it exports
 *
 * - `begin(descriptor, task, total)`: the main thread offers `total` units of work; threads that are still coming up take
 *   part in what is left of it then;
 * - `takeOwn()`, `take()`: takes some of the units for the main thread, for another one: the first of them in the lower half
 *   of an i64, how many in the upper half, −1 if there are none left;
 * - `finishOwn(units)`, `finish(units)`: what was taken is done;
 * - `end()`: the main thread waits until all that was taken is done; while that takes long it calls the import `idle`;
 * - `scratchOwn(address)`, `scratch(address)`: memory for the thread alone: `address` for the main thread;
 * - the globals `epoch`, the work that a thread means to take part in, and `place`, its number from 0.
 *
 * A unit is taken by changing `claim` as a whole, epoch included. So a thread that wakes up late takes nothing of work that
 * it does not know; and while units are left, nothing that describes the work changes.
 */
export function poolModule(base: number): Uint8Array<ArrayBuffer> {
  const module = makeModule("threads");
  module.importMemory("env", "memory", { initial: 1, maximum: maximumPages, shared: true });
  const idle = module.importFunction("env", "idle", [], []);
  const epoch = module.global("i32", true, 0, "epoch");
  const place = module.global("i32", true, 0, "place");
  const at = (offset: number): number => base + offset;
  /** Puts a word of the block on the stack. */
  const load = (body: Body, offset: number, op: OpcodeName = "i32.atomic.load"): void => {
    body.i32Const(0);
    body.memory(op, at(offset));
  };
  const store = (body: Body, offset: number, value: () => void, op: OpcodeName = "i32.store"): void => {
    body.i32Const(0);
    value();
    body.memory(op, at(offset));
  };

  {
    const { body } = module.function("begin", {
      params: ["i32", "i32", "i32"],
      paramNames: ["descriptor", "task", "total"],
      exported: true,
    });
    const [descriptor, task, total] = [0, 1, 2];
    const next = body.local("i32", "epoch");
    store(body, layout.descriptor, () => body.localGet(descriptor));
    store(body, layout.task, () => body.localGet(task));
    store(body, layout.total, () => body.localGet(total));
    store(body, layout.own, () => body.i32Const(0));
    store(body, layout.done, () => body.i32Const(0), "i32.atomic.store");
    load(body, layout.epoch);
    body.i32Const(1);
    body.op("i32.add");
    body.localSet(next);
    const claim = (): void => {
      body.localGet(next);
      body.op("i64.extend_i32_u");
      body.i64Const(32n);
      body.op("i64.shl");
      body.localGet(total);
      body.op("i64.extend_i32_u");
      body.op("i64.or");
    };
    store(body, layout.claim, claim, "i64.atomic.store");
    store(body, layout.epoch, () => body.localGet(next), "i32.atomic.store");
    load(body, layout.sleeping);
    body.if();
    body.i32Const(0);
    body.localGet(total);
    body.memory("memory.atomic.notify", at(layout.epoch));
    body.op("drop");
    body.end();
  }

  addTake(module, "takeOwn", load, at(layout.claim), (body, count) => {
    // only the main thread reads and writes this one
    store(body, layout.own, () => {
      load(body, layout.own, "i32.load");
      body.localGet(count);
      body.op("i32.add");
    });
  });
  addTake(module, "take", load, at(layout.claim), () => {}, epoch);

  module.function("finishOwn", { params: ["i32"], exported: true });
  {
    const { body } = module.function("finish", { params: ["i32"], paramNames: ["units"], exported: true });
    body.i32Const(0);
    body.localGet(0);
    body.memory("i32.atomic.rmw.add", at(layout.done));
    body.op("drop");
    load(body, layout.waiting);
    body.if();
    body.i32Const(0);
    body.i32Const(1);
    body.memory("memory.atomic.notify", at(layout.done));
    body.op("drop");
    body.end();
  }
  {
    const { body } = module.function("end", { exported: true });
    const left = body.local("i32", "spins");
    body.i32Const(spins);
    body.localSet(left);
    const again = body.loop();
    load(body, layout.done);
    load(body, layout.total, "i32.load");
    load(body, layout.own, "i32.load");
    body.op("i32.sub");
    body.op("i32.ne");
    body.if();
    body.localGet(left);
    body.if();
    body.localGet(left);
    body.i32Const(1);
    body.op("i32.sub");
    body.localSet(left);
    body.else();
    body.call(idle);
    body.end();
    body.br(again);
    body.end();
    body.end();
  }
  {
    const { body } = module.function("scratchOwn", { params: ["i32"], results: ["i32"], exported: true });
    body.localGet(0);
  }
  {
    const { body } = module.function("scratch", { params: ["i32"], results: ["i32"], exported: true });
    load(body, layout.scratch, "i32.load");
    load(body, layout.stride, "i32.load");
    body.globalGet(place);
    body.op("i32.mul");
    body.op("i32.add");
  }
  return module.finish();
}

/** Adds a function that takes units, of the work with the epoch that a global holds if one is given. */
function addTake(
  module: ModuleBuilder,
  name: string,
  load: (body: Body, offset: number, op?: OpcodeName) => void,
  claimAt: number,
  note: (body: Body, count: number) => void,
  epoch?: number,
): void {
  const { body } = module.function(name, { results: ["i64"], exported: true });
  const claim = body.local("i64", "claim");
  const left = body.local("i32", "left");
  const count = body.local("i32", "count");
  const nothing = (): void => {
    body.if();
    body.i64Const(-1n);
    body.return();
    body.end();
  };
  const again = body.loop();
  load(body, layout.claim, "i64.atomic.load");
  body.localSet(claim);
  if (epoch !== undefined) {
    body.localGet(claim);
    body.i64Const(32n);
    body.op("i64.shr_u");
    body.op("i32.wrap_i64");
    body.globalGet(epoch);
    body.op("i32.ne");
    nothing();
  }
  body.localGet(claim);
  body.op("i32.wrap_i64");
  body.localTee(left);
  body.op("i32.eqz");
  nothing();
  // Half of this thread's share of what is left, and one in the end: long runs are cheaper, short ones end at the same time.
  body.localGet(left);
  load(body, layout.up);
  body.op("i32.popcnt");
  body.i32Const(1);
  body.op("i32.add");
  body.i32Const(1);
  body.op("i32.shl");
  body.op("i32.div_u");
  body.localTee(count);
  body.i32Const(1);
  body.localGet(count);
  body.select("i32");
  body.localSet(count);
  body.i32Const(0);
  body.localGet(claim);
  body.localGet(claim);
  body.localGet(count);
  body.op("i64.extend_i32_u");
  body.op("i64.sub");
  body.memory("i64.atomic.rmw.cmpxchg", claimAt);
  body.localGet(claim);
  body.op("i64.ne");
  body.brIf(again);
  body.end();
  note(body, count);
  load(body, layout.total, "i32.load");
  body.localGet(left);
  body.op("i32.sub");
  body.op("i64.extend_i32_u");
  body.localGet(count);
  body.op("i64.extend_i32_u");
  body.i64Const(32n);
  body.op("i64.shl");
  body.op("i64.or");
}
