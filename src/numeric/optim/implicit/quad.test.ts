import { describe, expect, test } from "vitest";
import { exp, grad, jit, jvp, log, neg, reciprocal, sin, square, sqrt, vmap } from "downhill";
import type { Tensor } from "downhill";
import { quad } from "downhill/optim";

describe("quad", () => {
  const inf = Infinity;
  const gauss = (x: Tensor): Tensor => exp(neg(square(x)));
  // prettier-ignore
  test.each([
    ["a polynomial", square, 0, 3, 9],
    ["a reversed range", square, 3, 0, -9],
    ["an empty range", square, 2, 2, 0],
    ["a logarithmic singularity", log, 0, 1, -1],
    ["a singularity of a power", (x: Tensor) => reciprocal(sqrt(x)), 0, 1, 2],
    ["oscillations", (x: Tensor) => sin(x.mul(40)), 0, 1, (1 - Math.cos(40)) / 40],
    ["a peak", (x: Tensor) => reciprocal(square(x.sub(0.3)).mul(1e6).add(1)), 0, 1, 1e-3 * (Math.atan(700) + Math.atan(300))],
    ["a half line", gauss, 0, inf, Math.sqrt(Math.PI) / 2],
    ["a half line to the left", gauss, -inf, 1, 1.6330510582651852],
    ["the whole line", gauss, -inf, inf, Math.sqrt(Math.PI)],
    ["the whole line, reversed", gauss, inf, -inf, -Math.sqrt(Math.PI)],
  ] as const)("integrates %s within its estimate of the error", (_, f, low, high, expected) => {
    const [value, error] = quad(f, low, high, { atol: 1e-12, rtol: 1e-12 });
    expect(Math.abs(value.item() - expected)).toBeLessThan(Math.max(1e-11, 2 * error.item()));
    expect(error.item()).toBeLessThan(1e-8);
  });

  test("has derivatives in arguments, captured values and limits, of both modes and second order", () => {
    // ∫ sin(a x) over [0, b] = (1 − cos ab) / a
    const [a, b] = [1.7, 2.3];
    const byA = (b * Math.sin(a * b)) / a - (1 - Math.cos(a * b)) / a ** 2;
    const ofArgs = (t: Tensor): Tensor => quad((x, own: Tensor) => sin(x.mul(own)), 0, b, { args: [t] })[0];
    const captured = (t: Tensor): Tensor => quad((x) => sin(x.mul(t)), 0, b)[0];
    for (const f of [ofArgs, captured]) {
      expect(grad(f)(a).item()).toBeCloseTo(byA, 12);
      expect(jvp(f, [a], [1])[1].item()).toBeCloseTo(byA, 12);
    }
    const step = 1e-5;
    const slopes = grad(grad(ofArgs))(a).item();
    expect(slopes).toBeCloseTo(
      (grad(ofArgs)(a + step).item() - grad(ofArgs)(a - step).item()) / (2 * step),
      8,
    );
    const limit = grad((t: Tensor) => quad(gauss, t, inf)[0]);
    expect(limit(0.5).item()).toBeCloseTo(-Math.exp(-0.25), 9);
    expect(grad(limit)(0.5).item()).toBeCloseTo(Math.exp(-0.25), 7);
  });

  test("works in compiled functions and in batches", () => {
    const f = (t: Tensor): Tensor => quad((x) => exp(x.mul(t)), 0, 1)[0];
    const expected = [0.5, 2].map((t) => expect.closeTo(Math.expm1(t) / t, 12) as number);
    expect(vmap(f)([0.5, 2]).tolist()).toEqual(expected);
    expect(jit(f)(2).item()).toEqual(expected[1]);
    expect(jit(grad(f))(2).item()).toBeCloseTo((Math.exp(2) + 1) / 4, 10);
  });

  test("refuses functions and limits that are not scalars, and reports an error that it could not lower", () => {
    expect(() => quad((x) => x.mul([1, 2]), 0, 1)).toThrow(/f must return a scalar/);
    expect(() => quad((x) => x, [0, 1], 1)).toThrow(/low must be a scalar/);
    expect(quad((x) => sin(reciprocal(x)), 0, 1, { maxIntervals: 2 })[1].item()).toBeGreaterThan(1e-6);
  });
});
