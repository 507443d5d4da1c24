// What V8 makes of code for 256-bit vectors, where it has the switch: it may not end the process.
import { spawnSync } from "node:child_process";
import { describe, expect, test, vi } from "vitest";
import type { Block } from "../../../kernel/build.ts";
import * as k from "../../../kernel/build.ts";
import * as math from "../../../kernel/math/index.ts";
import type { Expr, Routine } from "../../../kernel/scalar.ts";
import { interpBackend } from "../../interp/index.ts";
import { makeWasmBackend } from "../index.ts";

const n = 19;
const backend = makeWasmBackend({ wide: true });
const canWiden = Number(process.versions.v8.split(".")[0]) >= 13;

function routineOf(write: (loop: Block, x: Expr, i: Expr) => void): Routine {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), k.i32(n), (loop, i) => write(loop, loop.let("x", k.load("f64", "a", i)), i));
  const port = (name: string) => ({ kind: "buffer", buffer: { name, type: "f64", size: n } }) as const;
  const outputs = [port("out"), port("other")];
  return { name: "f", inputs: [port("a")], outputs, temps: [], body: block.statements };
}

/** The bytes of the module that a routine becomes. */
function bytesOf(routine: Routine): Uint8Array {
  const spy = vi.spyOn(WebAssembly, "Module");
  try {
    backend.compile(routine);
    return spy.mock.calls.at(-1)![0] as Uint8Array;
  } finally {
    spy.mockRestore();
  }
}

/** What a process of its own says that compiles the module for 256-bit vectors at once. */
function widen(bytes: Uint8Array, ...more: readonly string[]): string {
  const script = `new WebAssembly.Module(Buffer.from("${Buffer.from(bytes).toString("base64")}", "base64")); console.log("compiled")`;
  const flags = ["--no-liftoff", "--no-wasm-lazy-compilation", "--experimental-wasm-revectorize", ...more];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, "-e", script], { encoding: "utf8" });
  return stdout + stderr.slice(0, 200);
}

describe("a call in a branch, of a value that is stored beside it", () => {
  const cases: Readonly<Record<string, (loop: Block, x: Expr, i: Expr) => void>> = {
    "of an element": (loop, x, i) => {
      const y = loop.let("y", k.f64(3));
      loop.if(k.lt(x, k.f64(1)), (then) => then.set(y, k.call(math.pow64, x, x)));
      loop.store("out", i, k.mul(x, k.f64(7.5)));
      loop.store("other", i, y);
    },
    "of a number for all elements": (loop, x, i) => {
      const y = loop.let("y", k.load("f64", "a", k.i32(2)));
      const z = loop.let("z", y);
      loop.if(k.lt(x, k.f64(1)), (then) => then.set(y, k.call(math.pow64, k.f64(1), z)));
      loop.store("out", i, k.min(k.f64(1), z));
      loop.store("other", i, y);
    },
  };
  test.each(Object.entries(cases))("%s gives the bits of the interpreter", (_, write) => {
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
  test.runIf(canWiden).each(Object.entries(cases))("%s lets V8 go on", (_, write) => {
    expect(widen(bytesOf(routineOf(write)))).toBe("compiled\n");
  });
});

test.runIf(canWiden)("values that are folded become vectors of 256 bits", () => {
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
    body: block.statements,
  };
  expect(widen(bytesOf(routine), "--trace-wasm-revectorize")).toMatch(
    /Decide to vectorize, \d{2,} revectorizable nodes/,
  );
});
