import { describe, expect, test } from "vitest";
import { seeded } from "../../../../../test/support/sampling.ts";
import { measureSingle, singles } from "../../../../../test/support/singles.ts";
import { interpBackend } from "../../../backends/interp/index.ts";
import { jsBackend } from "../../../backends/js/index.ts";

describe.each(singles.map((each) => ({ name: each.procedure.name, each })))("$name", ({ each }) => {
  const [compute, exact] = [each.procedure, each.reference].map(jsBackend.compileProcedure) as [
    (x: number) => number,
    (x: number) => number,
  ];

  test(`is within ${each.bound} ulp of the true value, over all float32 numbers`, () => {
    const { ulps, at } = measureSingle(each, compute, exact, 20_011);
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
