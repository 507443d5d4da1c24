// Code for 256-bit vectors in versions of V8 that have the flag: compiling it must not crash the process.
import { spawnSync } from "node:child_process";
import { describe, expect, test, vi } from "vitest";
import { testWith } from "../../../../../../test/support/conditions.ts";
import type { Block } from "../../../../kernel/build.ts";
import * as k from "../../../../kernel/build.ts";
import * as math from "../../../../kernel/math/index.ts";
import { sin32 } from "../../../../kernel/math/single/index.ts";
import type { Expr, Routine } from "../../../../kernel/scalar.ts";
import type { Backend } from "../../../../kernel/executable.ts";
import { makeArray } from "../../../../kernel/executable.ts";
import { interpBackend } from "../../../interp/index.ts";
import { peepholesFor } from "../../engines/peepholes.ts";
import { makeWasmBackend } from "../../index.ts";
import { moduleText } from "../../encode/text.ts";

const n = 19;
const backend = makeWasmBackend({ wide: true });
/**
 * Backend for 128-bit vectors, with the workarounds for a revectorizer that someone else enabled (on the command line
 * or in a page).
 */
const narrow = makeWasmBackend({
  wide: false,
  peepholes: peepholesFor({ isRecent: false, wide: false, mayWiden: true }),
});
const canWiden = Number(process.versions.v8.split(".")[0]) >= 13;
const testWide = testWith("V8 13 or newer (NODE_24)", canWiden);

function routineOf(write: (loop: Block, x: Expr, i: Expr) => void): Routine {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), k.i32(n), (loop, i) => write(loop, loop.let("x", k.load("f64", "a", i)), i));
  const port = (name: string) => ({ kind: "buffer", buffer: { name, type: "f64", size: n } }) as const;
  const outputs = [port("out"), port("other")];
  return { name: "f", inputs: [port("a")], outputs, temps: [], arenaBytes: 0, body: block.statements };
}

/** Bytes of the module compiled from a routine. */
function bytesOf(routine: Routine, by: Backend = backend): Uint8Array {
  const spy = vi.spyOn(WebAssembly, "Module");
  try {
    by.compile(routine);
    return spy.mock.calls.at(-1)![0] as Uint8Array;
  } finally {
    spy.mockRestore();
  }
}

/** Output of a child process that compiles the module for 256-bit vectors immediately. */
function widen(bytes: Uint8Array, ...more: readonly string[]): string {
  const script = `new WebAssembly.Module(Buffer.from("${Buffer.from(bytes).toString("base64")}", "base64")); console.log("compiled")`;
  const flags = ["--no-liftoff", "--no-wasm-lazy-compilation", "--experimental-wasm-revectorize", ...more];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, "-e", script], { encoding: "utf8" });
  return stdout + stderr.slice(0, 200);
}

describe("a call in a branch, of a value that is stored next to it", () => {
  const cases: Readonly<Record<string, (loop: Block, x: Expr, i: Expr) => void>> = {
    "of an element": (loop, x, i) => {
      const y = loop.let("y", k.f64(3));
      loop.if(k.lt(x, k.f64(1)), (then) => then.set(y, k.call(math.pow64, x, x)));
      loop.store("out", i, k.mul(x, k.f64(7.5)));
      loop.store("other", i, y);
    },
    "of a loop-invariant value": (loop, x, i) => {
      const y = loop.let("y", k.load("f64", "a", k.i32(2)));
      const z = loop.let("z", y);
      loop.if(k.lt(x, k.f64(1)), (then) => then.set(y, k.call(math.pow64, k.f64(1), z)));
      loop.store("out", i, k.min(k.f64(1), z));
      loop.store("other", i, y);
    },
  };
  test.each(Object.entries(cases))("%s has the bits of the interpreter", (_, write) => {
    const a = Float64Array.from({ length: n }, (_, i) => Math.sin(i) * 3);
    const [want, got] = [interpBackend, backend].map((one) => {
      const outs = [new Float64Array(n), new Float64Array(n)];
      one.compile(routineOf(write))(
        [{ array: a, offset: 0 }],
        outs.map((array) => ({ array, offset: 0 })),
      );
      return outs;
    });
    expect(got).toEqual(want);
  });
  testWide.each(Object.entries(cases))("%s does not crash V8, whoever set its flag", (_, write) => {
    for (const by of [backend, narrow]) expect(widen(bytesOf(routineOf(write), by))).toBe("compiled\n");
  });
});

describe("a fold with rare branches that stores its inputs", () => {
  const folded = (type: "f32" | "f64"): Routine => {
    const block = k.makeBlock();
    const total = block.reduce("total", "add", k.constant(type, 0), "i", k.i32(0), k.i32(n), (loop, i) => {
      const x = loop.let("x", k.load(type, "a", i));
      const y = type === "f32" ? k.call(sin32, x) : k.call(math.sin64, x);
      loop.store("out", i, y);
      return y;
    });
    block.store("other", k.i32(0), total);
    const port = (name: string) => ({ kind: "buffer", buffer: { name, type, size: n } }) as const;
    return {
      name: "f",
      inputs: [port("a")],
      outputs: [port("out"), port("other")],
      temps: [],
      arenaBytes: 0,
      body: block.statements,
    };
  };
  test.each(["f32", "f64"] as const)("is vectorized, and V8 accepts it: %s", (type) => {
    for (const by of [backend, narrow]) {
      const bytes = bytesOf(folded(type), by);
      expect(moduleText(bytes)).toContain("v128.store");
      if (canWiden) expect(widen(bytes)).toBe("compiled\n");
    }
  });
  test.each(["f32", "f64"] as const)("has the bits of the interpreter: %s", (type) => {
    const a = makeArray(type, n).map((_, i) => Math.sin(i) * 10 ** i);
    const [want, ...got] = [interpBackend, backend, narrow].map((one) => {
      const outs = [makeArray(type, n), makeArray(type, n)];
      one.compile(folded(type))(
        [{ array: a, offset: 0 }],
        outs.map((array) => ({ array, offset: 0 })),
      );
      return outs;
    });
    for (const outs of got) expect(outs).toEqual(want);
  });
});

testWide("no carried values, which would make 256 bits too expensive", () => {
  const small = routineOf((loop, x, i) => {
    loop.store("out", i, k.add(x, k.f64(1)));
    loop.store("other", i, k.mul(x, x));
  });
  const decisions = widen(bytesOf(small), "--trace-wasm-revectorize").match(/Save: \d+, cost: \d+/g);
  expect(decisions?.length).toBeGreaterThan(0);
  for (const decision of decisions ?? []) expect(decision).toMatch(/Save: \d+, cost: 0$/);
});

testWide("folded values become vectors of 256 bits", () => {
  const block = k.makeBlock();
  const sum = block.reduce("sum", "add", k.f64(0), "i", k.i32(0), k.i32(640), (_, i) =>
    k.call(math.exp64, k.load("f64", "a", i)),
  );
  block.store("out", k.i32(0), sum);
  const port = (name: string, size: number) =>
    ({ kind: "buffer", buffer: { name, type: "f64", size } }) as const;
  const routine = {
    name: "f",
    inputs: [port("a", 640)],
    outputs: [port("out", 1)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
  expect(widen(bytesOf(routine), "--trace-wasm-revectorize")).toMatch(
    /Decide to vectorize, \d{2,} revectorizable nodes/,
  );
});

test("functions of vectors get vectors without other uses, because V8 may have widened those", () => {
  const routine = routineOf((loop, x, i) => {
    let y = x; // until functions are called, and not written out
    for (let j = 0; j < 8; j++)
      y = loop.let(`y${j}`, k.add(k.call(math.sin64, y), k.mul(y, k.call(math.cos64, y))));
    loop.store("out", i, y);
    loop.store("other", i, k.mul(k.call(math.sin64, y), k.call(math.cos64, y)));
  });
  for (const by of [backend, narrow]) {
    const calls = moduleText(bytesOf(routine, by)).match(/call \$\w+\.x\d \(\S+/g) ?? [];
    expect(calls.length).toBeGreaterThan(0);
    expect(calls.filter((call) => !call.endsWith("(v128.or"))).toEqual([]);
  }
});

test("without turbo mode the workarounds for it are off", () => {
  const routine = routineOf((loop, x, i) => {
    const y = loop.let("y", k.neg(x));
    loop.if(k.lt(x, k.f64(1)), (then) => then.set(y, k.call(math.pow64, x, x)));
    loop.store("out", i, k.mul(x, y));
    loop.store("other", i, y);
  });
  const [off, on] = [makeWasmBackend({ wide: false }), backend].map((by) =>
    moduleText(by.moduleOf!(routine)),
  );
  const arguments_ = (text: string): readonly string[] => text.match(/call \$\w+\.x\d \(\S+/g) ?? [];
  expect(off).toContain("f64x2.neg");
  expect(arguments_(off!).filter((call) => call.endsWith("(v128.or"))).toEqual([]);
  expect(on).not.toContain("f64x2.neg");
  expect(arguments_(on!).filter((call) => !call.endsWith("(v128.or"))).toEqual([]);
  expect(on!.match(/local\.set \$\S+ \(local\.get \$zero\)/g)?.length).toBeGreaterThan(0);
  expect(off).not.toContain("$zero");
});
