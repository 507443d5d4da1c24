import { describe, expect, test } from "vitest";
import { blockLength } from "../../../../codegen/tuning.ts";
import * as k from "../../../../kernel/build.ts";
import { checkRoutine } from "../../../../kernel/check.ts";
import type { Backend, TypedArray } from "../../../../kernel/executable.ts";
import { makeArray } from "../../../../kernel/executable.ts";
import * as math from "../../../../kernel/math/index.ts";
import { neutral } from "../../../../kernel/neutral.ts";
import {
  reduceLanes,
  type Expr,
  type ReduceOp,
  type Routine,
  type ScalarType,
} from "../../../../kernel/scalar.ts";
import * as single from "../../../../kernel/math/single/index.ts";
import { interpBackend } from "../../../interp/index.ts";
import { makeWasmBackend, wasmBackend } from "../../index.ts";
import { moduleText } from "../../encode/text.ts";
import { standardSettings } from "../../standalone.ts";
import { emitRelocatable } from "../relocate.ts";

const size = 1100;
const first = 3;

interface Case {
  readonly input: "f64" | "f32";
  readonly op: ReduceOp;
  readonly type: ScalarType;
  readonly value: (x: Expr) => Expr;
}

/** Routine that folds the values of `n` elements from index 3 on and stores some intermediate values. */
function routineOf({ input, op, type, value }: Case, n: number, isKnown: boolean): Routine {
  const block = k.makeBlock();
  const from = isKnown
    ? k.i32(first)
    : block.let("from", k.convert("i32", k.load("u32", "bounds", k.i32(0))));
  const to = isKnown ? k.i32(first + n) : k.add(from, k.convert("i32", k.load("u32", "bounds", k.i32(1))));
  const folded = block.reduce("sum", op, neutral(op, type), "i", from, to, (loop, i) => {
    const x = loop.let("x", k.load(input, "a", i));
    const y = loop.let("y", value(x));
    loop.store("seen", i, k.mul(x, x));
    return k.convert(type, y);
  });
  block.store("out", k.i32(0), folded);
  const port = (name: string, one: ScalarType, length: number) =>
    ({ kind: "buffer", buffer: { name, type: one, size: length } }) as const;
  const inputs = [port("a", input, size), port("bounds", "u32", 2)];
  const outputs = [port("out", type, 1), port("seen", input, size)];
  return { name: "f", inputs, outputs, temps: [], arenaBytes: 0, body: block.statements };
}

function run(backend: Backend, routine: Routine, { input, type }: Case, n: number): unknown {
  // every 37th element takes the rare path of sine and cosine; a few are not finite
  const a = Array.from({ length: size }, (_, i) => (i % 37 === 0 ? 1e7 + i : 3 * Math.sin(i)));
  if (n > 300) [a[40], a[280]] = [-0, 1e30];
  const make = (one: ScalarType, values: readonly number[]): TypedArray => {
    const array = makeArray(one, values.length);
    array.set(values);
    return array;
  };
  const outs = [make(type, [0]), make(input, new Array<number>(size).fill(0))];
  backend.compile(routine)(
    [make(input, a), Uint32Array.of(first, n)].map((array) => ({ array, offset: 0 })),
    outs.map((array) => ({ array, offset: 0 })),
  );
  return outs;
}

const cases: Readonly<Record<string, Case>> = {
  "sums of float32 in float64": {
    input: "f32",
    op: "add",
    type: "f64",
    value: (x) => k.mul(k.call(single.sin32, x), x),
  },
  "sums of float64": { input: "f64", op: "add", type: "f64", value: (x) => k.add(k.call(math.cos64, x), x) },
  "greatest values": { input: "f64", op: "max", type: "f64", value: (x) => k.neg(k.call(math.sin64, x)) },
  "minimum of float32": { input: "f32", op: "min", type: "f32", value: (x) => k.call(single.cos32, x) },
  "sums of integers": {
    input: "f32",
    op: "add",
    type: "i32",
    value: (x) => k.convert("i32", k.mul(k.call(single.sin32, x), k.f32(100))),
  },
  "logical or": {
    input: "f64",
    op: "or",
    type: "bool",
    value: (x) => k.lt(k.call(math.sin64, x), k.f64(-0.9999)),
  },
};

describe.each(Object.entries(cases))("%s with rare branches, in blocks", (_, one) => {
  test.each([
    ["known", true],
    ["unknown", false],
  ])("have the bits of the interpreter, %s length", (_known, isKnown) => {
    for (const n of [0, 1, 8, 23, 255, 256, 263, 264, 271, 512, 520, 1000]) {
      const routine = routineOf(one, n, isKnown);
      checkRoutine(routine);
      const want = run(interpBackend, routine, one, n);
      for (const backend of [
        wasmBackend,
        makeWasmBackend({ wide: true, peepholes: { loadedConstants: true } }),
        makeWasmBackend({ simd: false }),
      ])
        expect(run(backend, routine, one, n), `${n} values`).toEqual(want);
    }
  });
});

test("a fold runs as one block only if the values fit into the memory of a block", () => {
  const one = cases["sums of float64"]!;
  const loops = (n: number): number =>
    moduleText(wasmBackend.moduleOf!(routineOf(one, n, true))).match(/\bloop\b/g)!.length;
  expect(loops(blockLength + reduceLanes)).toBe(loops(blockLength + reduceLanes - 1) + 1);
});

test("a fold of few operations reads its elements directly and stores nothing", () => {
  const block = k.makeBlock();
  const sum = block.reduce("sum", "add", k.f64(0), "i", k.i32(0), k.i32(64), (_, i) =>
    k.mul(k.load("f64", "a", i), k.load("f64", "a", i)),
  );
  block.store("out", k.i32(0), sum);
  const port = (name: string, length: number) =>
    ({ kind: "buffer", buffer: { name, type: "f64", size: length } }) as const;
  const routine = {
    name: "f",
    inputs: [port("a", 64)],
    outputs: [port("out", 1)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
  expect(moduleText(makeWasmBackend({ wide: true }).moduleOf!(routine))).not.toContain("v128.store");
});

test("the memory of a block begins at a multiple of 32 bytes, and each vector is within one cache line", () => {
  const routine = routineOf(cases["sums of float64"]!, 1000, true);
  const aligns = emitRelocatable(routine, false, standardSettings())!.blocks.flatMap((one) =>
    one.kind === "own" && one.bytes >= 8 * blockLength ? [one.align] : [],
  );
  expect(aligns).toEqual([32]);
});
