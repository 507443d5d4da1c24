import { expect, test } from "vitest";
import type { FunctionBuilder, ModuleBuilder } from "./module.ts";
import { makeModule } from "./module.ts";

type Exports = Record<string, (...args: (number | bigint)[]) => number>;

function run(module: ModuleBuilder, imports: WebAssembly.Imports = {}): Exports {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), imports);
  return instance.exports as Exports;
}

test("functions call each other in any order of definition, and recursively", () => {
  const module = makeModule("calls");
  const start = module.function("start", { params: ["i32"], results: ["i32"], exported: true });
  const factorial = module.function("factorial", { params: ["i32"], results: ["i32"] });
  start.body.localGet(0);
  start.body.call(factorial);
  const { body } = factorial;
  body.localGet(0);
  body.if("i32");
  body.localGet(0);
  body.localGet(0);
  body.i32Const(1);
  body.op("i32.sub");
  body.call(factorial);
  body.op("i32.mul");
  body.else();
  body.i32Const(1);
  body.end();
  expect(run(module)["start"]?.(10)).toBe(3628800);
});

test("labels leave nested blocks and restart loops", () => {
  const module = makeModule();
  // The smallest i ≥ 0 with i·i > n, or −1 if that is beyond 100.
  const { body } = module.function("root", { params: ["i32"], results: ["i32"], exported: true });
  const i = body.local("i32", "i");
  const found = body.block();
  const tooFar = body.block();
  const again = body.loop();
  body.localGet(i);
  body.localGet(i);
  body.op("i32.mul");
  body.localGet(0);
  body.op("i32.gt_s");
  body.brIf(found);
  body.localGet(i);
  body.i32Const(100);
  body.op("i32.eq");
  body.brIf(tooFar);
  body.localGet(i);
  body.i32Const(1);
  body.op("i32.add");
  body.localSet(i);
  body.br(again);
  body.end();
  body.end();
  body.i32Const(-1);
  body.return();
  body.end();
  body.localGet(i);
  const root = run(module)["root"];
  expect([0, 1, 80, 81, 9999, 10000].map((n) => root?.(n))).toEqual([1, 2, 9, 10, 100, -1]);
});

test("imported functions, memory and globals work", () => {
  const module = makeModule();
  const twice = module.importFunction("env", "twice", ["i32"], ["i32"]);
  module.importMemory("env", "memory", { initial: 1, maximum: 2 });
  module.global("five", -5);
  const counter = module.global("counter", 3);
  const count = module.function("count", { results: ["i32"], exported: true });
  count.body.globalGet(counter);
  count.body.call(twice);
  count.body.globalSet(counter);
  count.body.globalGet(counter);
  const load = module.function("load", { params: ["i32"], results: ["i32"], exported: true });
  load.body.localGet(0);
  load.body.memory("i32.load8_u");
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const exports = run(module, { env: { memory, twice: (x: number) => 2 * x } });
  new Uint8Array(memory.buffer)[100] = 7;
  expect(exports["load"]?.(100)).toBe(7);
  expect([exports["count"]?.(), exports["count"]?.()]).toEqual([6, 12]);
  expect((exports["five"] as unknown as WebAssembly.Global).value).toBe(-5);
});

test("more than 127 types, locals and functions have the right indices", () => {
  const module = makeModule();
  module.importMemory("env", "memory", { initial: 1, maximum: 1, shared: true });
  const chain: FunctionBuilder[] = [];
  for (let i = 0; i < 300; i++) {
    const one = module.function(`f${i}`, {
      params: Array.from({ length: i % 200 }, () => "i32" as const),
      results: ["i32"],
      exported: true,
    });
    const locals = Array.from({ length: 150 }, (_, j) => one.body.local(j % 3 === 0 ? "f64" : "i32"));
    one.body.i32Const(i);
    one.body.localSet(locals[149] ?? 0);
    one.body.localGet(locals[149] ?? 0);
    chain.push(one);
  }
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const exports = run(module, { env: { memory } });
  expect(chain.map(({ name }) => exports[name]?.())).toEqual(chain.map((_, i) => i));
});

test("code reuses the unnamed vector locals of code that has ended, except in fragments", () => {
  const { body } = makeModule("locals").function("reuse", { params: [], results: [] });
  const taken = (add: () => number): number => {
    let index = -1;
    body.reusingVectors(() => {
      index = add();
    });
    return index;
  };
  const outside = body.local("v128");
  const first = taken(() => body.local("v128"));
  expect(first).not.toBe(outside);
  expect(taken(() => body.local("v128"))).toBe(first);
  expect(taken(() => body.local("v128", "named"))).not.toBe(first);
  expect(taken(() => body.local("f64"))).not.toBe(first);
  expect(body.local("v128")).not.toBe(first); // nothing would free it
  body.reusingVectors(() => {
    const outer = body.local("v128");
    const inner = taken(() => body.local("v128"));
    const fragment = body.fragment();
    let ofFragment = -1;
    fragment.reusingVectors(() => {
      ofFragment = fragment.local("v128");
    });
    expect([outer, ofFragment]).toEqual([first, inner]);
    expect(body.local("v128")).not.toBe(ofFragment); // the fragment may be placed later
  });
});

test("invalid modules are rejected while they are written", () => {
  const module = makeModule();
  const { body } = module.function("f");
  expect(() => body.end()).toThrow("an end without a block");
  const label = body.block();
  expect(() => module.finish()).toThrow("1 blocks open");
  body.end();
  expect(() => body.br(label)).toThrow("a label that is closed");
  expect(() => body.v128Const([1])).toThrow("takes 16 bytes");
  expect(() => module.importFunction("env", "g", [], [])).toThrow("imported before");
});
