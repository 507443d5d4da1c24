import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { key } from "./key.ts";
import { uniform } from "downhill/random";

describe("uniform", () => {
  test("agrees with JAX in float32", () => {
    // jax.random.uniform(jax.random.key(0), (3,)), as printed: seven or eight digits distinguish float32 numbers
    const expected = [0.947667, 0.9785799, 0.33229148].map(Math.fround);
    expect([...uniform(key(0), 3, { dtype: "float32" }).data()]).toEqual(expected);
  });

  test("takes the upper 52 bits of the block in float64", () => {
    // the block of counter 0 under key(0) is 6b200159 99ba4efe
    expect(uniform(key(0)).item()).toBe(Number(0x6b20015999ba4efen >> 12n) / 2 ** 52);
  });

  test("stays in [minval, maxval) of its dtype", () => {
    const dtype = fc.constantFrom("float64" as const, "float32" as const);
    fc.assert(
      fc.property(
        fc.nat(),
        dtype,
        fc.integer({ min: -100, max: 100 }),
        fc.integer({ min: 1, max: 100 }),
        (seed, d, from, width) => {
          const values = uniform(key(seed), 200, {
            dtype: d,
            minval: from,
            maxval: from + width,
          }).data();
          expect(values).toBeInstanceOf(d === "float64" ? Float64Array : Float32Array);
          expect(values.every((x) => x >= from && x < from + width)).toBe(true);
        },
      ),
    );
  });

  test.each(["float64", "float32"] as const)("fills ten equal bins evenly in %s", (dtype) => {
    const counts = new Array<number>(10).fill(0);
    const values = uniform(key(3), 100_000, { dtype }).data();
    for (const x of values) counts[Math.floor(x * 10)]!++;
    const chiSquared = counts.reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(27.9); // 99.9 % point with 9 degrees of freedom
  });

  test.each([
    [{ minval: 1, maxval: 1 }, "uniform: minval must be below maxval, both finite; got 1 and 1."],
    [{ maxval: Number.NaN }, "uniform: minval must be below maxval, both finite; got 0 and NaN."],
    [{ maxval: Infinity }, "uniform: minval must be below maxval, both finite; got 0 and Infinity."],
    [{ maxValue: 2 }, 'uniform: unknown option "maxValue". Did you mean "maxval"?'],
    [{ dtype: "f32" }, 'uniform: dtype must be "float64" or "float32", got "f32".'],
  ])("refuses %j", (options, message) => {
    expect(() => uniform(key(0), 1, options as never)).toThrow(message);
  });
});
