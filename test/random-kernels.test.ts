// Random routines of the size and form of those that programs become, by the interpreter, by generated JavaScript and by
// WebAssembly in all of its settings. All must give the same bits.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkRoutine } from "../src/kernel/check.ts";
import type { Backend, Slot, TypedArray } from "../src/kernel/executable.ts";
import { makeArray } from "../src/kernel/executable.ts";
import { printRoutine } from "../src/kernel/print.ts";
import type { Routine } from "../src/kernel/scalar.ts";
import { interpBackend } from "../src/backends/interp/index.ts";
import { jsBackend, makeJsBackend } from "../src/backends/js/index.ts";
import type { WasmOptions } from "../src/backends/wasm/index.ts";
import { makeWasmBackend } from "../src/backends/wasm/index.ts";
import { kernels } from "./support/random-kernels.ts";
import { seeded } from "./support/sampling.ts";

const settings: readonly WasmOptions[] = [
  {},
  { loadConstants: true, manyRegisters: true },
  { loadConstants: false, manyRegisters: false },
  { wide: true, manyRegisters: true },
  { wide: true },
  { limit: 60 },
  { limit: 1 },
  { simd: false, limit: 300 },
];

const contestants: readonly (readonly [name: string, backend: Backend])[] = [
  ["JavaScript", jsBackend],
  ["JavaScript in parts", makeJsBackend(60)],
  ...settings.map((one) => [`WebAssembly ${JSON.stringify(one)}`, makeWasmBackend(one)] as const),
];

const hardFloats = [
  0,
  -0,
  1,
  0.5,
  -1.5,
  1e5,
  1e-3,
  5e-324,
  Infinity,
  -Infinity,
  NaN,
  -1e300,
  3e38,
  2 ** 52 + 1,
];
const hardIntegers = [0, 1, -1, 2, -7, 31, 32, 255, -300, 65537, 2147483647, -2147483648];

/** Numbers of the type of the array: mostly ordinary ones, and some that are not. */
function fill(array: TypedArray, seed: number): TypedArray {
  const random = seeded(seed + 1);
  const isFloat = array instanceof Float64Array || array instanceof Float32Array;
  const hard = isFloat ? hardFloats : hardIntegers;
  for (let i = 0; i < array.length; i++) {
    const isHard = random() < 0.15;
    const x = random();
    if (array instanceof Uint8Array) array[i] = x < 0.5 ? 0 : 1;
    else if (isHard) array[i] = hard[Math.floor(x * hard.length)]!;
    else array[i] = isFloat ? (x - 0.5) * 8 : Math.floor((x - 0.3) * 64);
  }
  return array;
}

/** What a routine gives, with memory at an offset. */
function outcome(backend: Backend, routine: Routine): readonly TypedArray[] {
  const compiled = backend.compile(routine);
  const inputs = routine.inputs.map((port, n): Slot => {
    if (port.kind === "scalar") return fill(makeArray(port.type, 1), n)[0]!;
    return { array: fill(makeArray(port.buffer.type, port.buffer.size + 3), n), offset: 2 };
  });
  const outputs = routine.outputs.map((port): Slot => {
    return port.kind === "scalar"
      ? NaN
      : { array: makeArray(port.buffer.type, port.buffer.size + 2), offset: 1 };
  });
  compiled(inputs, outputs);
  compiled.release?.();
  return outputs.map((slot) => (typeof slot === "number" ? Float64Array.of(slot) : slot.array));
}

function expectAgreement(routine: Routine, among: typeof contestants): void {
  checkRoutine(routine);
  const expected = outcome(interpBackend, routine);
  for (const [name, backend] of among) {
    outcome(backend, routine).forEach((got, k) => {
      const place = expected[k]!.findIndex((x, i) => !Object.is(x, got[i]));
      if (place < 0) return;
      throw new Error(
        `${name}: output ${k} [${place}] is ${got[place]}, not ${expected[k]![place]}\n${printRoutine(routine)}`,
      );
    });
  }
}

describe("random kernels give the bits of the interpreter", () => {
  // `npm run soak` draws many more, in parts
  const count = Number(process.env["DOWNHILL_KERNELS"] ?? 120);
  const firstSeed = Number(process.env["DOWNHILL_KERNELS_SEED"] ?? 1);
  const perPart = 2000;
  const parts = Array.from({ length: Math.ceil(count / perPart) }, (_, part) => part);
  test.each(parts)(
    "in all settings (part %d)",
    (part) => {
      const numRuns = Math.min(perPart, count - part * perPart);
      let run = 0;
      const some = (): typeof contestants => contestants.filter((_, i) => i === 0 || (i + run) % 3 === 0);
      const agree = (routine: Routine): void => {
        run++;
        expectAgreement(routine, some());
      };
      const seed = firstSeed + part;
      fc.assert(fc.property(kernels(), agree), { numRuns, seed });
      fc.assert(fc.property(kernels(true), agree), { numRuns: Math.ceil(numRuns / 20), seed });
    },
    3_600_000,
  );

  test("which reach every kind of statement and expression", () => {
    const text = fc.sample(kernels(), { numRuns: 300, seed: 7 }).map(printRoutine).join("\n");
    const parts =
      "for each |reverse|while |if rarely |else|let |?|digits[|coefficients[|mulAdd(|fromWords(|contract |batch |+=|add of |own(|exp";
    for (const part of parts.split("|")) expect(text).toContain(part);
  });
});
