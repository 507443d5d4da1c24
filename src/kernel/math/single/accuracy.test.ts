import { describe, expect, test } from "vitest";
import { seeded } from "../../../../test/support/sampling.ts";
import { interpBackend } from "../../../backends/interp/index.ts";
import { jsBackend } from "../../../backends/js/index.ts";
import type { Procedure } from "../../scalar.ts";
import { cos64, exp64, log64, sigmoid64, sin64, tanh64 } from "../index.ts";
import { cos32, exp32, log32, sigmoid32, sin32, tanh32 } from "./index.ts";

interface Case {
  readonly single: Procedure;
  /** The same function in float64, 500 million times as accurate. */
  readonly double: Procedure;
  readonly from: number;
  readonly to: number;
  readonly bound: number;
}

const cases: readonly Case[] = [
  { single: exp32, double: exp64, from: -103.9, to: 88.7, bound: 0.9 },
  { single: log32, double: log64, from: 2 ** -149, to: 3.4e38, bound: 0.85 },
  { single: sin32, double: sin64, from: -3.4e38, to: 3.4e38, bound: 0.87 },
  { single: cos32, double: cos64, from: -3.4e38, to: 3.4e38, bound: 0.87 },
  { single: tanh32, double: tanh64, from: -3.4e38, to: 3.4e38, bound: 1 },
  { single: sigmoid32, double: sigmoid64, from: -103, to: 3.4e38, bound: 0.95 },
];

const words = new Int32Array(1);
const floats = new Float32Array(words.buffer);

/** Error of `got` in units of the last place of float32 at `exact`. */
function ulps(got: number, exact: number): number {
  const size = Math.abs(exact);
  const unit = size < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(size)) - 23);
  return Math.abs(got - exact) / unit;
}

describe.each(cases)("$single.name", ({ single, double, from, to, bound }) => {
  test(`is within ${bound} ulp of the true value, over all float32 numbers`, () => {
    const [f, exact] = [jsBackend.compileProcedure(single), jsBackend.compileProcedure(double)];
    let [worst, at] = [0, 0];
    const look = (x: number): void => {
      if (!(x >= from && x <= to)) return;
      const error = ulps(f(x), exact(x));
      if (!(error <= worst)) [worst, at] = [error, x];
    };
    for (let bits = 0; bits < 2 ** 32; bits += 20_011) {
      words[0] = bits | 0;
      look(floats[0]!);
    }
    const random = seeded(3);
    for (let i = 0; i < 100_000; i++) look(Math.fround((random() - 0.5) * (i % 2 === 0 ? 4 : 40)));
    expect(worst, `at ${at}`).toBeLessThanOrEqual(bound);
  });

  test("has the special values and the bits of the interpreter", () => {
    const [f, exact] = [jsBackend.compileProcedure(single), jsBackend.compileProcedure(double)];
    const interp = interpBackend.compileProcedure(single);
    for (const x of [0, -0, Infinity, -Infinity, NaN]) expect(f(x)).toBe(Math.fround(exact(x)));
    const random = seeded(5);
    for (let i = 0; i < 2000; i++) {
      words[0] = Math.floor(random() * 2 ** 32) | 0;
      const x = floats[0]!;
      expect(Object.is(f(x), interp(x)), `${x}: ${f(x)} and ${interp(x)}`).toBe(true);
    }
  });
});
