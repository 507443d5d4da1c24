import type { Tensor } from "downhill";
import * as d from "downhill";
import { describe, expect, test } from "vitest";
import { interpBackend } from "../../engine/backends/interp/index.ts";
import type { KernelValue, TypedArray } from "../../engine/kernel/executable.ts";
import { makeArray } from "../../engine/kernel/executable.ts";
import { lowerProgram } from "../../engine/passes/lower.ts";
import { traceProgram } from "../../engine/trace/staging.ts";
import type { Rounding } from "./rounding.ts";
import { roundingOf } from "./rounding.ts";
import { slotsOf } from "../../../test/support/cells.ts";
import { lengthOf } from "../../../test/support/buffer-length.ts";

type Numbers = readonly number[] | Float32Array | Float64Array;

/** Returns the results of a function of vectors from the interpreter, and their rounding bounds. */
function learn(
  f: (...xs: Tensor[]) => Tensor,
  xs: readonly Numbers[],
  dtype: "float64" | "float32" = "float64",
): { readonly results: TypedArray; readonly rounding: Rounding } {
  const tensors = xs.map((x) => d.tensor(Array.from(x), { dtype }));
  const { program, captured } = traceProgram(
    "f",
    tensors.map((x) => x.type),
    (...all: Tensor[]) => [f(...all)],
  );
  const { routine } = lowerProgram(program);
  const slots = slotsOf([...captured, ...tensors]);
  const [port] = routine.outputs;
  const out: KernelValue[] = [
    port!.kind === "scalar" ? 0 : { array: makeArray(port!.buffer.type, lengthOf(port!.buffer)), offset: 0 },
  ];
  interpBackend.compile(routine)(slots, out);
  const [slot] = out;
  const results = typeof slot === "number" ? Float64Array.of(slot) : slot!.array;
  return { results, rounding: roundingOf(routine, slots, [results]) };
}

const wave = (n: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(1 + i * 1.3));
const sum = (xs: Numbers): number => Array.from(xs).reduce((a, b) => a + b, 0);

describe("a difference explained by rounding", () => {
  test("may be a sum in another order", () => {
    const xs = wave(1000);
    const { results, rounding } = learn((x) => x.sum(), [xs]);
    const backwards = xs.reduceRight((a, b) => a + b, 0);
    expect(backwards).not.toBe(results[0]);
    expect(rounding.find([Float64Array.of(backwards)])).toBe(undefined);
    // some last bits of the sum of absolute values
    const wrong = results[0]! + 2 ** -52 * sum(xs.map(Math.abs));
    expect(rounding.find([Float64Array.of(wrong)])).toMatchObject({ result: 0, at: 0, got: wrong });
    expect(rounding.isVague()).toBe(false);
  });

  test.each(["float64", "float32"] as const)(
    "may be a matrix product with products rounded once, and nothing more, for %s",
    (dtype) => {
      const [x, y] = [wave(12), wave(20).slice(8)];
      const f = (a: Tensor, b: Tensor): Tensor => d.matmul(a.reshape([3, 4]), b.reshape([4, 3])).reshape([9]);
      const { results, rounding } = learn(f, [x, y], dtype);
      const off = (ulps: number): Float64Array =>
        Float64Array.from(results, (z) => z + ulps * (dtype === "float32" ? 2 ** -23 : 2 ** -52));
      expect(rounding.find([off(1)])).toBe(undefined);
      expect(rounding.find([off(50)])).toMatchObject({ result: 0, at: 0 });
    },
  );

  test("may be an order in which a sum is inexact, and nothing if all orders are exact", () => {
    const x = 0.757323886327107;
    const halves = learn((y) => d.broadcastTo(y, [8]).sum(), [[x]]);
    expect(halves.results[0]).toBe(8 * x);
    const oneByOne = sum(new Float64Array(8).fill(x));
    expect(oneByOne).not.toBe(8 * x);
    expect(halves.rounding.find([Float64Array.of(oneByOne)])).toBe(undefined);
    const whole = learn((y) => d.broadcastTo(y, [8]).sum(), [[0.75]]);
    expect(whole.rounding.find([Float64Array.of(6 + 2 ** -50)])).toMatchObject({ allowed: 0 });
  });

  test("includes cancellation and steep functions", () => {
    const f = (x: Tensor): Tensor => d.exp(x.mul(1.1).sub(x).sub(x.mul(0.1)).mul(1e12));
    const { results, rounding } = learn(f, [wave(20)]);
    expect(rounding.find([Float64Array.from(results, (x) => x * (1 + 1e-6))])).toBe(undefined);
    const flat = learn((x) => d.exp(x.mul(3)), [wave(20)]);
    expect(flat.rounding.find([Float64Array.from(flat.results, (x) => x * (1 + 1e-13))])).toBeDefined();
  });

  test("may be the other side of a jump, only if the jump is near", () => {
    const f = (x: Tensor): Tensor => d.floor(x.mul(x).add(x));
    const root = (Math.sqrt(5) - 1) / 2; // where x² + x is 1 up to rounding
    const { results, rounding } = learn(f, [[root, 0.5, 1.25]]);
    const other = Float64Array.from(results, (x, i) => (i === 0 ? 1 - x : x));
    expect(rounding.find([other])).toBe(undefined);
    expect(rounding.isVague()).toBe(true);
    expect(rounding.find([results.map((x, i) => (i === 1 ? x + 1 : x))])).toMatchObject({ at: 1 });
    expect(rounding.find([results.map((x, i) => (i === 2 ? x - 1 : x))])).toMatchObject({ at: 2 });
  });

  test("is zero if everything is exact: ties of integers stay ties", () => {
    const f = (x: Tensor): Tensor => d.where(d.equal(x.mul(3).add(x), x.mul(4)), x, d.neg(x));
    const { results, rounding } = learn(f, [[1, 2, -3, 4096]]);
    expect([...results]).toEqual([1, 2, -3, 4096]);
    expect(rounding.isVague()).toBe(false);
    expect(rounding.find([results.map((x, i) => (i === 3 ? x * (1 + 2 ** -52) : x))])).toMatchObject({
      at: 3,
    });
  });

  test("may be an overflow only near one", () => {
    const { rounding } = learn((x) => d.exp(x), [[709.5, 1]]);
    expect(rounding.find([Float64Array.of(Infinity, Math.E)])).toMatchObject({ at: 0 });
    expect(rounding.find([Float64Array.of(NaN, Math.E)])).toMatchObject({ at: 0 });
  });
});
