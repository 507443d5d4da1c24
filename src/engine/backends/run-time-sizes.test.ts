import { describe, expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import { callSizes } from "../kernel/call-sizes.ts";
import { checkRoutine } from "../kernel/check.ts";
import type { Backend, Cell, Slot } from "../kernel/executable.ts";
import { expandRoutine } from "../kernel/expand.ts";
import { exp64 } from "../kernel/math/index.ts";
import { refuseAllocations } from "../kernel/reclaim.ts";
import type { Buffer, Dim, Expr, Port, Routine, ScalarType, Size } from "../kernel/scalar.ts";
import { layOutAtCall } from "../kernel/sizes.ts";
import { sizedInterp } from "./interp/index.ts";
import { makeJsBackend } from "./js/index.ts";
import { makeWasmBackend, wasmArena } from "./wasm/index.ts";

const backends: readonly (readonly [string, Backend])[] = [
  ["the interpreter", sizedInterp],
  ["JavaScript", makeJsBackend(undefined, callSizes)],
  ["JavaScript in parts", makeJsBackend(20, callSizes)],
  ["WebAssembly", makeWasmBackend()],
  ["WebAssembly, wide", makeWasmBackend({ wide: true })],
  ["WebAssembly in parts", makeWasmBackend({ limit: 20 })],
  ["WebAssembly without vectors", makeWasmBackend({ simd: false })],
  ["WebAssembly on two threads", makeWasmBackend({ threads: 2 })],
];
const lengths = [0, 1, 7, 8, 9, 1000, 100_000];

const n = k.local("i32", "n");
const nInput: Port = { kind: "scalar", name: "n", type: "i32" };
const port = (name: string, type: ScalarType, size: Size): Port & { readonly kind: "buffer" } => ({
  kind: "buffer",
  buffer: { name, type, size },
});

/** Numbers that differ, small enough for sums of them to be exact. */
const small = (i: number): number => (i * 7) % 33;
const cell = (
  size: number,
  value: (i: number) => number = () => 0,
): Cell & { readonly array: Float64Array } => ({
  array: Float64Array.from({ length: size }, (_, i) => value(i)),
  offset: 0,
});

/** (Vitest's own comparison takes seconds for 100,000 numbers.) */
function expectSame(got: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(got.length).toBe(wanted.length);
  const place = Array.from(got).findIndex((x, i) => !Object.is(x, wanted[i]));
  if (place >= 0) throw new Error(`[${place}] is ${got[place]}, not ${wanted[place]}`);
}

/** `out[i] = 2 a[n − 1 − i] + (a[i] < 16 ? 1 : 0)` by way of temporaries of two types, and the sum of it. */
const reversed: Routine = (() => {
  const block = k.makeBlock();
  const temps: Buffer[] = [
    { name: "isSmall", type: "bool", size: n },
    { name: "few", type: "f32", size: 3 },
    { name: "twice", type: "f64", size: k.add(n, k.i32(1)) },
  ];
  block.forEach("i", k.i32(0), n, (loop, i) => {
    const x = loop.let("x", k.load("f64", "a", i));
    loop.store("isSmall", i, k.lt(x, k.f64(16)));
    loop.store("twice", i, k.mul(x, k.f64(2)));
  });
  block.for("f", k.i32(0), k.i32(3), (loop, f) => loop.store("few", f, k.convert("f32", f)));
  block.forEach("j", k.i32(0), n, (loop, j) => {
    const y = loop.let("y", k.load("f64", "twice", k.sub(k.sub(n, k.i32(1)), j)));
    const more = k.select(
      k.load("bool", "isSmall", j),
      k.convert("f64", k.load("f32", "few", k.i32(1))),
      k.f64(0),
    );
    loop.store("out", j, k.add(y, more));
  });
  const sum = block.reduce("sum", "add", k.f64(0), "r", k.i32(0), n, (_, r) => k.load("f64", "out", r));
  return {
    name: "reversed",
    inputs: [port("a", "f64", n), nInput],
    outputs: [port("out", "f64", n), { kind: "scalar", value: sum }],
    ...layOutAtCall(temps),
    body: block.statements,
  };
})();

/** Sums of what went before, one after the other, and `exp` of each. */
const running: Routine = (() => {
  const block = k.makeBlock();
  const sum = block.let("sum", k.f64(0));
  block.for("i", k.i32(0), n, (loop, i) => {
    loop.set(sum, k.add(k.mul(sum, k.f64(0.5)), k.load("f64", "a", i)));
    loop.store("t", i, sum);
  });
  block.forEach("j", k.i32(0), n, (loop, j) =>
    loop.store("out", j, k.call(exp64, k.neg(k.load("f64", "t", j)))),
  );
  return {
    name: "running",
    inputs: [nInput, port("a", "f64", n)],
    outputs: [port("out", "f64", n)],
    ...layOutAtCall([{ name: "t", type: "f64", size: n }]),
    body: block.statements,
  };
})();

/** Products whose dims of these roles have `n` indices, the others 3 rows, 5 columns, 4 sums and 2 products. */
function products(role: Dim["role"], accumulate: boolean): Routine {
  const count = (which: Dim["role"], other: number): Size => (which === role ? n : other);
  const times = (...sizes: readonly Size[]): Size =>
    sizes.reduce((x, y) =>
      typeof x === "number" && typeof y === "number"
        ? x * y
        : k.mul(typeof x === "number" ? k.i32(x) : x, typeof y === "number" ? k.i32(y) : y),
    );
  const [batches, rows, columns, sums] = [
    count("batch", 2),
    count("row", 3),
    count("column", 5),
    count("sum", 4),
  ];
  const dims: readonly Dim[] = [
    {
      role: "batch",
      size: batches,
      out: times(rows, columns),
      left: times(rows, sums),
      right: times(sums, columns),
    },
    { role: "row", size: rows, out: columns, left: sums, right: 0 },
    { role: "column", size: columns, out: 1, left: 0, right: 1 },
    { role: "sum", size: sums, out: 0, left: 1, right: columns },
  ];
  const block = k.makeBlock();
  const at = (buffer: string): { buffer: string; offset: Expr } => ({ buffer, offset: k.i32(0) });
  const outSize = times(batches, rows, columns);
  block.forEach("i", k.i32(0), typeof outSize === "number" ? k.i32(outSize) : outSize, (loop, i) =>
    loop.store("out", i, k.convert("f64", i)),
  );
  block.contract({
    name: "dot",
    type: "f64",
    out: at("out"),
    left: at("a"),
    right: at("b"),
    dims,
    accumulate,
  });
  return {
    name: "products",
    inputs: [
      port("a", "f64", times(batches, rows, sums)),
      port("b", "f64", times(batches, sums, columns)),
      nInput,
    ],
    outputs: [port("out", "f64", outSize)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

describe.each(backends)("sizes that calls compute, by %s", (_, backend) => {
  test("temporaries of several types, inputs and outputs are as long as each call says, longer and shorter ones in turn", () => {
    checkRoutine(reversed);
    const run = backend.compile(reversed);
    for (const size of [...lengths, ...lengths.toReversed(), 9]) {
      const [a, out] = [cell(size, small), cell(size)];
      const outputs: Slot[] = [out, NaN];
      run([a, size], outputs);
      const expected = Array.from(
        { length: size },
        (_, i) => 2 * small(size - 1 - i) + (small(i) < 16 ? 1 : 0),
      );
      expectSame(out.array, expected);
      expect(outputs[1]).toBe(expected.reduce((x, y) => x + y, 0));
    }
    run.release?.();
  });

  test("loops that go on from one iteration to the next, and transcendental functions", () => {
    checkRoutine(running);
    const [run, oracle] = [backend.compile(running), sizedInterp.compile(running)];
    for (const size of lengths) {
      const [got, wanted] = [cell(size), cell(size)];
      const a = cell(size, (i) => Math.sin(i));
      run([size, a], [got]);
      oracle([size, a], [wanted]);
      expectSame(got.array, wanted.array);
    }
    run.release?.();
  });

  test.each(["batch", "row", "column", "sum"] as const)(
    "products of as many of a %s as a call says",
    (role) => {
      for (const accumulate of [false, true]) {
        const routine = products(role, accumulate);
        checkRoutine(routine);
        checkRoutine(expandRoutine(routine));
        const run = backend.compile(routine);
        for (const size of [0, 1, 7, 8, 9, 255, 256, 257, 1000]) {
          const [batches, rows, columns, sums] = (["batch", "row", "column", "sum"] as const).map((one, k) =>
            one === role ? size : [2, 3, 5, 4][k]!,
          ) as [number, number, number, number];
          const [a, b] = [
            cell(batches * rows * sums, small),
            cell(batches * sums * columns, (i) => small(i + 3)),
          ];
          const out = cell(batches * rows * columns);
          run([a, b, size], [out]);
          const expected = out.array.map((_, at) => {
            const [batch, row, column] = [
              Math.floor(at / columns / rows),
              Math.floor(at / columns) % rows,
              at % columns,
            ];
            let sum = accumulate ? at : 0;
            for (let s = 0; s < sums; s++)
              sum +=
                a.array[(batch * rows + row) * sums + s]! * b.array[(batch * sums + s) * columns + column]!;
            return sum;
          });
          expectSame(out.array, expected);
        }
        run.release?.();
      }
    },
  );

  test("an array that is too short for the size of a call is refused by name", () => {
    const run = backend.compile(reversed);
    expect(() => run([cell(4), 5], [cell(5), 0])).toThrow(
      'reversed: buffer "a" needs 5 elements of f64, got Float64Array of 4 at 0.',
    );
    expect(() => run([cell(5), 5], [{ ...cell(5), offset: 1 }, 0])).toThrow(
      'reversed: buffer "out" needs 5 elements of f64, got Float64Array of 5 at 1.',
    );
    run([cell(5), 5], [cell(5), 0]);
    run.release?.();
  });

  test("a size below zero, or past the int32 numbers, is refused before anything is computed", () => {
    const run = backend.compile(reversed);
    expect(() => run([cell(5), -1], [cell(5), 0])).toThrow(
      'reversed: the size of buffer "a" is -1 for n = -1.',
    );
    const large = backend.compile({
      ...reversed,
      inputs: [port("a", "f64", 1), nInput],
      outputs: [port("out", "f64", 1), { kind: "scalar", value: k.f64(0) }],
    });
    for (const size of [2 ** 31 - 1, 2 ** 28])
      expect(() => large([cell(1), size], [cell(1), 0])).toThrow(/leaves the int32 numbers for n = \d+\./);
    const wide = backend.compile(products("row", false));
    expect(() => wide([cell(1), cell(40), 2 ** 30], [cell(1)])).toThrow(
      /leaves the int32 numbers for n = 1073741824\./,
    );
    for (const one of [run, large, wide]) one.release?.();
  });

  test("memory is what it was after calls, those too that find none", () => {
    const run = backend.compile(reversed);
    const call = (size: number): void => run([cell(size, small), size], [cell(size), 0]);
    call(1000);
    const before = wasmArena().stats().used;
    const held = run.size!.memoryBytes;
    call(100);
    call(1000);
    expect([wasmArena().stats().used, run.size!.memoryBytes]).toEqual([before, held]);
    for (let allowed = 0; allowed < 4; allowed++) {
      let left = allowed;
      const [a, out] = [cell(50_000, small), cell(50_000)];
      refuseAllocations(() => left-- <= 0);
      try {
        run([a, 50_000], [out, 0]);
      } catch (problem) {
        expect(problem).toMatchObject({ code: "oom" });
        expect(run.size!.memoryBytes).toBe(held);
      } finally {
        refuseAllocations();
      }
      expect(wasmArena().stats().used).toBe(before);
    }
    call(8);
    expect(run.size!.memoryBytes).toBeGreaterThanOrEqual(held);
    run.release?.();
  });
});
