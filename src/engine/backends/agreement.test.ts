import fc from "fast-check";
import { expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import { checkRoutine } from "../kernel/check.ts";
import type { Backend, KernelValue, TypedArray } from "../kernel/executable.ts";
import { makeArray } from "../kernel/executable.ts";
import { printRoutine } from "../kernel/print.ts";
import type { Expr, Routine } from "../kernel/scalar.ts";
import { countingInterp, interpBackend } from "./interp/index.ts";
import { jsBackend, makeJsBackend, sourceOf, sourceOfProcedure } from "./js/index.ts";
import { makeWasmBackend, wasmBackend } from "./wasm/index.ts";
import { extent } from "../../../test/support/extent.ts";
import { bufferSize, routines } from "../../../test/support/random-routines.ts";

const seeds = [0, 1, -3, 0.5, 7, -0.25, 4294967295, 1e9];

/** Fills an array with numbers of its type. */
function fill(array: TypedArray, start: number): TypedArray {
  for (let i = 0; i < array.length; i++) {
    const x = seeds[(start + i * 3) % seeds.length]!;
    array[i] = array instanceof Uint8Array ? x & 1 : x;
  }
  return array;
}

/** Results of a routine, run twice with memory at an offset: scalars and elements in sequence. */
function outcome(backend: Backend, routine: Routine): number[] {
  const compiled = backend.compile(routine);
  const results: number[] = [];
  for (const start of [0, 3]) {
    const inputs = routine.inputs.map((port, n): KernelValue => {
      if (port.kind === "scalar") return fill(makeArray(port.type, 1), start + n)[0]!;
      return { array: fill(makeArray(port.buffer.type, bufferSize + 3), start + n), offset: 2 };
    });
    const outputs = routine.outputs.map((port): KernelValue => {
      return port.kind === "scalar" ? NaN : { array: makeArray(port.buffer.type, bufferSize + 2), offset: 1 };
    });
    compiled(inputs, outputs);
    for (const slot of outputs) {
      if (typeof slot === "number") results.push(slot);
      else results.push(...slot.array);
    }
  }
  compiled.release?.();
  return results;
}

const contestants = [
  jsBackend,
  makeJsBackend(60),
  makeJsBackend(1),
  wasmBackend,
  makeWasmBackend({ limit: 60 }),
  makeWasmBackend({ limit: 1 }),
  makeWasmBackend({ peepholes: { loadedConstants: true } }),
  makeWasmBackend({ simd: false }),
  countingInterp(),
];

test("random routines yield the same bits in the interpreter, generated JavaScript and WebAssembly, whole and split", () => {
  fc.assert(
    fc.property(routines(), (routine) => {
      checkRoutine(routine);
      const expected = outcome(interpBackend, routine);
      for (const backend of contestants) {
        const got = outcome(backend, routine);
        const place = got.findIndex((x, i) => !Object.is(x, expected[i]));
        if (place < 0 && got.length === expected.length) continue;
        const values = `${backend.name} gives ${got[place]} instead of ${expected[place]} at ${place}`;
        throw new Error(`${values}\n${printRoutine(routine)}\n${sourceOf(routine)}`);
      }
    }),
    { numRuns: extent(12, 2000, 30), seed: 20240607 },
  );
});

test("the random routines contain every kind of statement and expression", () => {
  const text = fc.sample(routines(), { numRuns: 150, seed: 7 }).map(printRoutine).join("\n");
  for (const part of [
    "for ",
    "reverse",
    "while ",
    "if ",
    "else",
    "let ",
    "?",
    "digits[",
    "nearest(",
    "fromWords(",
    "bool(",
    "for each ",
    "if rarely ",
    "add of ",
  ]) {
    expect(text).toContain(part);
  }
});

test("a sign and an exponent make the same float64 in both backends", () => {
  const scale = k.procedure("scale", [["e", "i32"]], (_, [e]) => k.fromWords(k.shl(e!, k.i32(20)), k.i32(0)));
  const [js, interp] = [jsBackend.compileProcedure(scale), interpBackend.compileProcedure(scale)];
  for (let e = -5000; e < 5000; e++) expect(Object.is(js(e), interp(e))).toBe(true);
  expect([js(1023), js(1024), js(0), js(2047), js(2048)]).toEqual([1, 2, 0, Infinity, -0]);
});

test("signs and exponents moved by bit operations are the same in both backends", () => {
  const sign = (y: Expr): Expr => k.and(k.highWord(y), k.i32(-2147483648));
  const args = [
    ["x", "f64"],
    ["y", "f64"],
  ] as const;
  const made = [
    k.procedure("turn", args, (_, [x, y]) => k.fromWords(k.xor(k.highWord(x!), sign(y!)), k.lowWord(x!))),
    k.procedure("copySign", args, (_, [x, y]) => k.fromWords(k.or(k.highWord(x!), sign(y!)), k.lowWord(x!))),
    k.procedure("quarter", args, (_, [x]) => k.fromWords(k.shl(k.convert("i32", x!), k.i32(30)), k.i32(0))),
  ];
  const numbers = [0, -0, 1, -1.5, 2, 3, -5, 5e-324, -1e308, Infinity, -Infinity];
  for (const procedure of made) {
    const [js, interp] = [jsBackend.compileProcedure(procedure), interpBackend.compileProcedure(procedure)];
    expect(sourceOfProcedure(procedure)).not.toContain("fromWords(");
    for (const x of numbers) {
      expect(js(NaN, x)).toBe(interp(NaN, x)); // NaN of any sign is NaN
      for (const y of [...numbers, NaN]) expect(js(x, y), `${procedure.name}(${x}, ${y})`).toBe(interp(x, y));
    }
  }
});
