import { describe, expect, test } from "vitest";
import {
  matrixProduct,
  n,
  nInput,
  port,
  products,
  reversed,
  running,
} from "../../../test/support/run-time-routines.ts";
import * as k from "../kernel/build.ts";
import { callSizes } from "../kernel/call-sizes.ts";
import { checkRoutine } from "../kernel/check.ts";
import type { Backend, BufferView, KernelValue } from "../kernel/executable.ts";
import { expandRoutine } from "../kernel/expand.ts";
import { refuseAllocations } from "../kernel/reclaim.ts";
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

/** Distinct numbers small enough for exact sums. */
const small = (i: number): number => (i * 7) % 33;
const cell = (
  size: number,
  value: (i: number) => number = () => 0,
): BufferView & { readonly array: Float64Array } => ({
  array: Float64Array.from({ length: size }, (_, i) => value(i)),
  offset: 0,
});

/** Compares elements, because Vitest's own comparison takes seconds for 100,000 numbers. */
function expectSame(got: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(got.length).toBe(wanted.length);
  const place = Array.from(got).findIndex((x, i) => !Object.is(x, wanted[i]));
  if (place >= 0) throw new Error(`[${place}] is ${got[place]}, not ${wanted[place]}`);
}

describe.each(backends)("sizes that calls compute, by %s", (_, backend) => {
  test("temporaries of several types, inputs and outputs have the lengths of each call, longer and shorter ones in turn", () => {
    checkRoutine(reversed);
    const run = backend.compile(reversed);
    for (const size of [...lengths, ...lengths.toReversed(), 9]) {
      const [a, out] = [cell(size, small), cell(size)];
      const outputs: KernelValue[] = [out, NaN];
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

  test("loops with dependent iterations, and transcendental functions", () => {
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
    "products whose %s size is known only at run time",
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

  test.each([
    ["as they are", { left: false, right: false }, 1],
    ["the left one transposed", { left: true, right: false }, 1],
    ["the right one transposed", { left: false, right: true }, 1],
    ["summed along two indices", { left: false, right: false }, 3],
  ] as const)("matrix products with run-time rows, columns and sums, %s", (_form, transposed, runs) => {
    const routine = matrixProduct(transposed, runs);
    checkRoutine(routine);
    const [run, oracle] = [backend.compile(routine), sizedInterp.compile(expandRoutine(routine))];
    for (const [rows, columns, sums] of [
      [4, 4, 3],
      [0, 3, 3],
      [3, 0, 3],
      [3, 3, 0],
      [1, 1, 3],
      [5, 7, 3],
      [9, 13, 258],
      [8, 4, 255],
      [3, 9, 768],
    ] as const) {
      const [a, b] = [cell(rows * sums, (i) => Math.sin(i)), cell(sums * columns, (i) => Math.cos(i))];
      const [got, wanted] = [cell(rows * columns), cell(rows * columns)];
      run([a, b, rows, columns, sums], [got]);
      oracle([a, b, rows, columns, sums], [wanted]);
      expectSame(got.array, wanted.array);
    }
    run.release?.();
    oracle.release?.();
  });

  test("temporaries of known size keep their memory if only inputs have run-time sizes", () => {
    const run = backend.compile({
      name: "first",
      inputs: [port("a", "f64", n), nInput],
      outputs: [{ kind: "scalar", value: k.load("f64", "kept", k.i32(0)) }],
      temps: [{ name: "kept", type: "f64", size: 1, offset: 0 }],
      arenaBytes: 32,
      body: [
        { kind: "store", buffer: "kept", index: k.i32(0), value: k.load("f64", "a", k.sub(n, k.i32(1))) },
      ],
    });
    for (const size of [1, 3, 2]) {
      const outputs: KernelValue[] = [NaN];
      run([cell(size, (i) => i + 1), size], outputs);
      expect(outputs).toEqual([size]);
    }
    run.release?.();
  });

  test("an array that is too short for the size of a call is rejected by name", () => {
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

  test("a size below zero, or above int32, is rejected before any computation", () => {
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
      expect(() => large([cell(1), size], [cell(1), 0])).toThrow(/is out of the int32 range for n = \d+\./);
    const wide = backend.compile(products("row", false));
    expect(() => wide([cell(1), cell(40), 2 ** 30], [cell(1)])).toThrow(
      /is out of the int32 range for n = 1073741824\./,
    );
    for (const one of [run, large, wide]) one.release?.();
  });

  test("a temporary that would end outside of the arena of a call is rejected", () => {
    const run = backend.compile({ ...reversed, arenaBytes: k.mul(n, k.i32(16)) });
    expect(() => run([cell(5), 5], [cell(5), 0])).toThrow(
      'temporary "twice" of reversed ends beyond its arena',
    );
    run.release?.();
  });

  test("memory usage is unchanged after calls, including calls that fail for lack of memory", () => {
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
      const used = wasmArena().stats().used; // memory that other routines no longer need is freed for a call that finds none
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
      expect(wasmArena().stats().used).toBeLessThanOrEqual(used);
    }
    call(8);
    expect(run.size!.memoryBytes).toBeGreaterThanOrEqual(held);
    run.release?.();
  });
});
