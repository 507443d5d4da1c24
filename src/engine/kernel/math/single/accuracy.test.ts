import { setFlagsFromString } from "node:v8";
import { afterAll, describe, expect, test } from "vitest";
import { extent } from "../../../../../test/support/extent.ts";
import { seeded } from "../../../../../test/support/sampling.ts";
import {
  measureSingle,
  measureSingleOfTwo,
  singles,
  singlesOfTwo,
} from "../../../../../test/support/singles.ts";
import { interpBackend } from "../../../backends/interp/index.ts";
import { jsBackend } from "../../../backends/js/index.ts";
import { makeWasmBackend, wasmFeatures } from "../../../backends/wasm/index.ts";
import * as k from "../../build.ts";
import { pow64 } from "../pow.ts";
import { ndtr64 } from "../special/index.ts";
import { gaussian32, normalByExp32 } from "./normal.ts";
import { pow32 } from "./pow.ts";
import { rem32 } from "./rem.ts";

describe.each(singles.map((each) => ({ name: each.procedure.name, each })))("$name", ({ each }) => {
  const [compute, exact] = [each.procedure, each.reference].map(jsBackend.compileProcedure) as [
    (x: number) => number,
    (x: number) => number,
  ];

  test(`is within ${each.bound} ulp of the true value, over all float32 numbers`, () => {
    const { ulps, at } = measureSingle(each, compute, exact, extent(300_007, 100_003, 100_003));
    expect(ulps, `at ${at}`).toBeLessThanOrEqual(each.bound);
  });

  test("has the special values and the bits of the interpreter", () => {
    const interp = interpBackend.compileProcedure(each.procedure);
    for (const x of [0, -0, Infinity, -Infinity, NaN]) expect(compute(x)).toBe(Math.fround(exact(x)));
    const words = new Int32Array(1);
    const floats = new Float32Array(words.buffer);
    const random = seeded(5);
    for (let i = 0; i < extent(700, 2000, 2000); i++) {
      words[0] = Math.floor(random() * 2 ** 32) | 0;
      const x = floats[0]!;
      if (!Object.is(compute(x), interp(x))) expect.fail(`${x}: ${compute(x)} and ${interp(x)}`); // `expect` each time costs more
    }
  });
});

describe("if products are added with one rounding", () => {
  wasmFeatures(); // before the flag is set, since files in this process share the answer
  setFlagsFromString("--experimental-wasm-relaxed-simd"); // on by default from Node 22 on
  afterAll(() => setFlagsFromString("--no-experimental-wasm-relaxed-simd"));

  test.each(singles.map((each) => ({ name: each.procedure.name, each })))(
    "$name is within its bound too",
    ({ each }) => {
      const n = 4096;
      const block = k.makeBlock();
      block.forEach("i", k.i32(0), k.i32(n), (loop, i) =>
        loop.store("values", i, k.call(each.procedure, k.load("f32", "x", i))),
      );
      const run = makeWasmBackend({ relaxed: true }).compile({
        name: "values",
        inputs: [{ kind: "buffer", buffer: { name: "x", type: "f32", size: n } }],
        outputs: [{ kind: "buffer", buffer: { name: "values", type: "f32", size: n } }],
        temps: [],
        arenaBytes: 0,
        body: block.statements,
      });
      const exact = jsBackend.compileProcedure(each.reference);
      // the numbers are collected, computed together, and checked in the same order
      const xs: number[] = [];
      const stride = 2_000_003;
      measureSingle(each, (x) => xs.push(x), exact, stride);
      const values: number[] = [];
      for (let at = 0; at < xs.length; at += n) {
        const [array, results] = [new Float32Array(n), new Float32Array(n)];
        array.set(xs.slice(at, at + n));
        run([{ array, offset: 0 }], [{ array: results, offset: 0 }]);
        values.push(...results);
      }
      let next = 0;
      const { ulps, at } = measureSingle(each, () => values[next++]!, exact, stride);
      expect(ulps, `at ${at}`).toBeLessThanOrEqual(each.bound);
    },
  );
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
  for (let i = 0; i < extent(7000, 20_000, 20_000); i++) {
    const x = Math.fround(i % 2 === 0 ? Math.exp((random() - 0.5) * 170) : 1 + (random() - 0.5) / 100);
    const y = Math.fround(((random() - 0.5) * 200) / (1 + Math.abs(Math.log(x))));
    const [value, want] = [compute(x, y), exact(x, y)];
    if (!(want < 2 ** 128)) continue;
    const unit = 2 ** (Math.max(-126, Math.floor(Math.log2(want))) - 23);
    if (!(Math.abs(value - want) <= 0.51 * unit)) expect.fail(`${x}^${y} is ${value}, expected ${want}`);
    if (i % 20 === 0) expect(Object.is(value, interp(x, y)), `${x}^${y}`).toBe(true);
  }
});

test.each(singlesOfTwo.map((each) => ({ name: each.procedure.name, each })))(
  "$name is within its bound, with the special values of float64 and the bits of the interpreter",
  ({ each }) => {
    const [compute, exact] = [each.procedure, each.reference].map(jsBackend.compileProcedure) as [
      (y: number, x: number) => number,
      (y: number, x: number) => number,
    ];
    const interp = interpBackend.compileProcedure(each.procedure);
    const odd = [0, -0, 1, -1, 2 ** -149, -(2 ** -149), 2 ** -126, 3e38, -3e38, Infinity, -Infinity, NaN];
    for (const y of odd)
      for (const x of odd) expect(compute(y, x), `${y}, ${x}`).toBe(Math.fround(exact(y, x)));
    const { ulps, at } = measureSingleOfTwo(compute, exact, extent(20_000, 60_000, 60_000));
    expect(ulps, `at ${at.join(", ")}`).toBeLessThanOrEqual(each.bound);
    const random = seeded(4);
    for (let i = 0; i < extent(1000, 3000, 3000); i++) {
      const [y, x] = [random() * 4 - 2, random() * 4 - 2].map(Math.fround) as [number, number];
      if (!Object.is(compute(y, x), interp(y, x))) expect.fail(`${y}, ${x}`);
    }
  },
);

test("remainders of float32 are exact", () => {
  const compute = jsBackend.compileProcedure(rem32);
  const interp = interpBackend.compileProcedure(rem32);
  const odd = [0, -0, 1, -1, 3, -7.5, 2 ** -149, -(2 ** -149), 2 ** -126, 3e38, -3e38, 2 ** 29, Infinity, -Infinity, NaN]; // prettier-ignore
  for (const each of odd)
    for (const y of odd) expect(compute(Math.fround(each), y)).toBe(Math.fround(each) % y);
  const random = seeded(6);
  const words = new Int32Array(2);
  const floats = new Float32Array(words.buffer);
  for (let i = 0; i < extent(20_000, 60_000, 60_000); i++) {
    words.set([Math.floor(random() * 2 ** 32) | 0, Math.floor(random() * 2 ** 32) | 0]);
    const y = i % 2 === 0 ? floats[0]! : Math.fround(random() * 4 - 2);
    // numbers of all sizes, and near whole steps
    const steps = Math.floor(2 ** (random() * 31));
    const x = i % 4 < 2 ? floats[1]! : Math.fround(steps * y);
    const value = compute(x, y);
    if (!Object.is(value, x % y) || !Object.is(interp(x, y), value)) expect.fail(`${x} % ${y}: ${value}`); // `expect` for each number costs more
  }
});

test("e^(−x²/2) is within 1.1 ulp apart from the rounding of its exponent, and 0 below 2^-126", () => {
  const [compute, interp] = [jsBackend, interpBackend].map((b) => b.compileProcedure(gaussian32)) as [
    (x: number) => number,
    (x: number) => number,
  ];
  const random = seeded(4);
  for (let i = 0; i < 50_000; i++) {
    const x = Math.fround((random() - 0.5) * (i % 2 === 0 ? 3 : 26.4));
    const want = Math.exp(-0.5 * x * x);
    const ulp = 2 ** (Math.max(-126, Math.floor(Math.log2(want))) - 23);
    const allowed = 1.1 * ulp + x * x * 2 ** -24 * want;
    if (!(Math.abs(compute(x) - want) <= allowed)) expect.fail(`at ${x}: ${compute(x)}, expected ${want}`);
    if (i % 20 === 0) expect(Object.is(compute(x), interp(x)), `at ${x}`).toBe(true);
  }
  expect([0, -0, 13.25, -20, 1e30, Infinity, -Infinity].map((x) => compute(x))).toEqual([
    1, 1, 0, 0, 0, 0, 0,
  ]);
  expect(compute(NaN)).toBeNaN();
});

test("the normal distribution function via its exponential is within a relative error of 5e-7", () => {
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
    if (!(Math.abs(value - want) <= 5e-7 * want + 2 ** -148))
      expect.fail(`Φ(${x}) is ${value}, expected ${want}`);
    if (i % 20 === 0) expect(Object.is(value, interp(x, Math.fround(e))), `Φ(${x})`).toBe(true);
  }
  expect([-Infinity, Infinity].map((x) => compute(x, 0))).toEqual([0, 1]);
  expect(compute(NaN, NaN)).toBeNaN();
});
