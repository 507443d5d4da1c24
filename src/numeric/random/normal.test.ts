import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsBackend } from "../../engine/backends/js/index.ts";
import { normalQuantile32, normalQuantile64 } from "../../engine/kernel/math/normal-quantile.ts";
import { normal } from "downhill/random";
import { key } from "./key.ts";

const normalQuantile = jsBackend.compileProcedure(normalQuantile64);

describe("normal", () => {
  test("agrees with JAX in float32, except for the last digits", () => {
    // jax.random.normal(jax.random.key(0), (16,)), as printed by JAX
    const expected = [
      1.6226422, 2.0252647, -0.43359444, -0.07861735, 0.1760909, -0.97208923, -0.49529874, 0.4943786,
      0.6643493, -0.9501635, 2.1795304, -1.9551506, 0.35857072, 0.15779513, 1.2770847, 1.5104648,
    ];
    const ours = normal(key(0), [4, 4], { dtype: "float32" }).data();
    ours.forEach((x, i) => expect(Math.abs(x / expected[i]! - 1)).toBeLessThan(4 * 2 ** -23)); // 4 ulps
    expect(normal(key(42), [], { dtype: "float32" }).item()).toBeCloseTo(-0.028304616, 8);
  });

  test.each(["float64", "float32"] as const)("has the moments of the standard normal in %s", (dtype) => {
    const n = 100_000;
    const values = Array.from(normal(key(5), n, { dtype }).data());
    const moment = (p: number): number => values.reduce((sum, x) => sum + x ** p, 0) / n;
    // each within five standard deviations of its estimate
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(3))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
  });

  test("accepts a dtype, and no other options", () => {
    expect(normal(key(0), 2).dtype).toBe("float64");
    expect(normal(key(0), 2, { dtype: "float32" }).dtype).toBe("float32");
    expect(() => normal(key(0), 2, { mean: 3 } as never)).toThrow(
      'normal: unknown option "mean". It takes dtype.',
    );
  });
});

describe("normalQuantile", () => {
  test("is odd, increasing and finite", () => {
    const inside = fc.double({ min: -1, max: 1, minExcluded: true, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(inside, inside, (u, v) => {
        expect(normalQuantile(-u)).toBe(-normalQuantile(u));
        expect(Number.isFinite(normalQuantile(u))).toBe(true);
        if (v - u > 1e-12) expect(normalQuantile(u)).toBeLessThan(normalQuantile(v));
      }),
    );
  });

  // √2 · erf⁻¹(u) to 40 digits by mpmath, rounded
  test.each([
    [1e-300, 1.2533141373155002e-300],
    [2 ** -53, 1.3914582123358836e-16],
    [0.17873827279025134, 0.22592246210265643],
    [0.3, 0.3853204664075676],
    [-0.6131844581369149, -0.8654068148888117],
    [-0.85, -1.439531470938456], // the boundary between two approximations
    [0.8500000001, 1.4395314712916745],
    [0.9, 1.6448536269514729],
    [-0.9636856247243017, -2.093389765604153],
    [-0.99, -2.5758293035489004],
    [0.9999373402050075, 4.002563680188661],
    [0.9999999999, 6.466951074732419],
    [-0.9999999999990905, -7.143552034352189],
    [1 - 2 ** -52, 8.209536151601387],
    [-1 + 2 ** -53, -8.292361075813595],
  ])("of %d is %d to 1e-15", (u, expected) => {
    expect(Math.abs(normalQuantile(u) / expected - 1)).toBeLessThan(1e-15);
  });
});

test("normalQuantile32 is within 4.5 ulp of normalQuantile, at the drawn numbers", () => {
  const quantile = jsBackend.compileProcedure(normalQuantile32);
  let worst = 0;
  // one in 64 of the 2²³ numbers, and all near the ends
  for (let j = 0; j < 2 ** 23; j += j < 4096 || j > 2 ** 23 - 4096 ? 1 : 61) {
    const u = Math.fround(j * 2 ** -22 + (-1 + 2 ** -24));
    const exact = normalQuantile(u);
    const ulp = 2 ** (Math.floor(Math.log2(Math.abs(exact))) - 23);
    worst = Math.max(worst, Math.abs(quantile(u) - exact) / ulp);
  }
  expect(worst).toBeLessThan(4.5);
  expect(worst).toBeGreaterThan(0.5);
});
