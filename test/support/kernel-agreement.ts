// Runs random routines by the interpreter, by generated JavaScript and by WebAssembly in all of its settings.
import { callSizes } from "../../src/engine/kernel/call-sizes.ts";
import { checkRoutine } from "../../src/engine/kernel/check.ts";
import type { Backend, KernelValue, TypedArray } from "../../src/engine/kernel/executable.ts";
import { makeArray } from "../../src/engine/kernel/executable.ts";
import { printRoutine } from "../../src/engine/kernel/print.ts";
import type { Buffer, Procedure, Routine } from "../../src/engine/kernel/scalar.ts";
import { walkBlock } from "../../src/engine/kernel/walk.ts";
import { countingInterp, raceCheckingInterp } from "../../src/engine/backends/interp/index.ts";
import { makeJsBackend } from "../../src/engine/backends/js/index.ts";
import type { WasmOptions } from "../../src/engine/backends/wasm/index.ts";
import { makeWasmBackend } from "../../src/engine/backends/wasm/index.ts";
import { jsByRecord, wasmByRecord } from "./by-record.ts";
import { seeded } from "./sampling.ts";
import { lengthOf } from "./buffer-length.ts";

const settings: readonly WasmOptions[] = [
  {},
  { peepholes: { loadedConstants: true }, manyRegisters: true },
  { peepholes: { loadedConstants: false }, manyRegisters: false },
  { wide: true, manyRegisters: true },
  { wide: true },
  { limit: 60 },
  { limit: 1 },
  { limit: 60, mostIncoming: 9, mostParams: 3 },
  { simd: false, limit: 300 },
];

/** The interpreter, which also checks that independent loops are independent. */
export const oracle: Backend = raceCheckingInterp();

type Named = readonly (readonly [name: string, backend: Backend])[];

const contestantsWith = (more: WasmOptions): Named => [
  ["JavaScript", makeJsBackend(undefined, callSizes)],
  ["JavaScript in parts", makeJsBackend(60, callSizes)],
  ["JavaScript by a record", jsByRecord],
  ["WebAssembly by a record", wasmByRecord],
  ["interpreter that counts", countingInterp()],
  ...settings.map((one) => {
    const all = one.simd === false ? one : { ...one, ...more };
    return [`WebAssembly ${JSON.stringify(all)}`, makeWasmBackend(all)] as const;
  }),
];

export const contestants: Named = contestantsWith({});
/** Contestants of turbo mode. V8 may crash if it vectorises other code to 256-bit operations. */
export const turboContestants: Named = contestantsWith({ wide: true });

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

/** Fills an array with numbers of its type: mostly ordinary ones, some special ones. */
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

/** Inputs of a call of a routine with run-time sizes: its size inputs, and the resulting buffer lengths. */
export interface CallNumbers {
  readonly given: ReadonlyMap<string, number>;
  readonly lengths: ReadonlyMap<string, number>;
}

const noNumbers: CallNumbers = { given: new Map(), lengths: new Map() };

/** Results of a routine, with memory at an offset. */
export function outcome(
  backend: Backend,
  routine: Routine,
  { given, lengths }: CallNumbers,
): readonly TypedArray[] {
  const compiled = backend.compile(routine);
  const elementsOf = (buffer: Buffer): number => lengths.get(buffer.name) ?? lengthOf(buffer);
  const inputs = routine.inputs.map((port, n): KernelValue => {
    if (port.kind === "scalar") return given.get(port.name) ?? fill(makeArray(port.type, 1), n)[0]!;
    return { array: fill(makeArray(port.buffer.type, elementsOf(port.buffer) + 3), n), offset: 2 };
  });
  const outputs = routine.outputs.map((port): KernelValue => {
    return port.kind === "scalar"
      ? NaN
      : { array: makeArray(port.buffer.type, elementsOf(port.buffer) + 2), offset: 1 };
  });
  compiled(inputs, outputs);
  compiled.release?.();
  return outputs.map((slot) => (typeof slot === "number" ? Float64Array.of(slot) : slot.array));
}

/** Throws if one of `among` returns other bits than the interpreter. */
export function expectSameKernel(
  routine: Routine,
  among: typeof contestants,
  numbers: CallNumbers = noNumbers,
): void {
  checkRoutine(routine);
  const expected = outcome(oracle, routine, numbers);
  for (const [name, backend] of among)
    expectSameOutputs(name, outcome(backend, routine, numbers), expected, routine);
  expectSameProcedures(routine, among);
}

/** Throws if outputs of a routine have other bits than those expected. */
export function expectSameOutputs(
  name: string,
  outputs: readonly TypedArray[],
  expected: readonly TypedArray[],
  routine: Routine,
): void {
  outputs.forEach((got, k) => {
    const place = expected[k]!.findIndex((x, i) => !Object.is(x, got[i]));
    if (place < 0) return;
    throw new Error(
      `${name}: output ${k} [${place}] is ${got[place]}, not ${expected[k]![place]}\n${printRoutine(routine)}`,
    );
  });
}

/** Compiles procedures of a routine separately; throws if one of `among` returns another number than the interpreter. */
function expectSameProcedures(routine: Routine, among: typeof contestants): void {
  const procedures = new Set<Procedure>();
  walkBlock(routine.body, { expr: (x) => void (x.kind === "call" && procedures.add(x.procedure)) });
  for (const procedure of [...procedures].slice(0, 2)) {
    const lists = procedure.params.map(({ type }, i) => fill(makeArray(type, 4), i));
    const calls = [oracle, ...among.map(([, backend]) => backend)].map((backend) =>
      backend.compileProcedure(procedure),
    );
    for (let i = 0; i < 4; i++) {
      const args = lists.map((list) => list[i]!);
      const [want, ...all] = calls.map((call) => call(...args));
      const wrong = all.findIndex((got) => !Object.is(got, want));
      if (wrong >= 0)
        throw new Error(
          `${among[wrong]![0]}: ${procedure.name}(${args.join(", ")}) is ${all[wrong]}, not ${want}\n${printRoutine(routine)}`,
        );
    }
  }
}
