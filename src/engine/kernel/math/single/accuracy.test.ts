import { describe, expect, test } from "vitest";
import { seeded } from "../../../../../test/support/sampling.ts";
import { measureSingle, singles } from "../../../../../test/support/singles.ts";
import { interpBackend } from "../../../backends/interp/index.ts";
import { jsBackend } from "../../../backends/js/index.ts";
import { pow64 } from "../pow.ts";
import { ndtr64 } from "../special/index.ts";
import { normalByExp32 } from "./normal.ts";
import { pow32 } from "./pow.ts";

describe.each(singles.map((each) => ({ name: each.procedure.name, each })))("$name", ({ each }) => {
  const [compute, exact] = [each.procedure, each.reference].map(jsBackend.compileProcedure) as [
    (x: number) => number,
    (x: number) => number,
  ];

  test(`is within ${each.bound} ulp of the true value, over all float32 numbers`, () => {
    const { ulps, at } = measureSingle(each, compute, exact, 100_003);
    expect(ulps, `at ${at}`).toBeLessThanOrEqual(each.bound);
  });

  test("has the special values and the bits of the interpreter", () => {
    const interp = interpBackend.compileProcedure(each.procedure);
    for (const x of [0, -0, Infinity, -Infinity, NaN]) expect(compute(x)).toBe(Math.fround(exact(x)));
    const words = new Int32Array(1);
    const floats = new Float32Array(words.buffer);
    const random = seeded(5);
    for (let i = 0; i < 2000; i++) {
      words[0] = Math.floor(random() * 2 ** 32) | 0;
      const x = floats[0]!;
      expect(Object.is(compute(x), interp(x)), `${x}: ${compute(x)} and ${interp(x)}`).toBe(true);
    }
  });
});

test("powers of float32 are within 0.51 ulp, with the special values of float64", () => {
  const [compute, exact] = [pow32, pow64].map(jsBackend.compileProcedure) as [
    (x: number, y: number) => number,
    (x: number, y: number) => number,
  ];
  const interp = interpBackend.compileProcedure(pow32);
  const random = seeded(9);
  const odd = [0, -0, 1, -1, 2, -2, 0.5, -3, Infinity, -Infinity, NaN, 2 ** -149, 2 ** 127, 1e10, -1e10];
  for (const x of odd) for (const y of odd) expect(compute(x, y)).toBe(Math.fround(exact(x, y)));
  for (let i = 0; i < 20_000; i++) {
    const x = Math.fround(i % 2 === 0 ? Math.exp((random() - 0.5) * 170) : 1 + (random() - 0.5) / 100);
    const y = Math.fround(((random() - 0.5) * 200) / (1 + Math.abs(Math.log(x))));
    const [value, want] = [compute(x, y), exact(x, y)];
    if (!(want < 2 ** 128)) continue;
    const unit = 2 ** (Math.max(-126, Math.floor(Math.log2(want))) - 23);
    expect(Math.abs(value - want), `${x}^${y}`).toBeLessThanOrEqual(0.51 * unit);
    if (i % 20 === 0) expect(Object.is(value, interp(x, y)), `${x}^${y}`).toBe(true);
  }
});

test("the normal distribution function by its exponential is within a part of 5e-7", () => {
  const [compute, exact] = [normalByExp32, ndtr64].map(jsBackend.compileProcedure) as [
    (x: number, e: number) => number,
    (x: number) => number,
  ];
  const interp = interpBackend.compileProcedure(normalByExp32);
  const random = seeded(3);
  for (let i = 0; i < 50_000; i++) {
    const x = Math.fround(i % 3 === 0 ? (random() - 0.5) * 2 : random() * 27 - 14);
    const e = Math.exp(-0.5 * x * x);
    const [value, want] = [compute(x, Math.fround(e)), exact(x)];
    // below 2^-126 by the spacing of the numbers there
    expect(Math.abs(value - want), `Φ(${x})`).toBeLessThanOrEqual(5e-7 * want + 2 ** -148);
    if (i % 20 === 0) expect(Object.is(value, interp(x, Math.fround(e))), `Φ(${x})`).toBe(true);
  }
  expect([-Infinity, Infinity].map((x) => compute(x, 0))).toEqual([0, 1]);
  expect(compute(NaN, NaN)).toBeNaN();
});
