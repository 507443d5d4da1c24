import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { full, grad, tensor, vjp } from "downhill";
import { checkFamily, floats, on, special } from "../../../test/support/op-table.ts";
import * as transcendental from "./transcendental.ts";

const t = transcendental;
const any = [0.5, -1.25, 2, -0.1, 0.8, -2.5];
const positive = [0.5, 1.25, 2, 0.3, 0.8, 2.5];
const inner = [0.5, -0.25, 0.7, -0.1, 0.3, -0.6]; // within (−1, 1)
const above = [1.5, 2.25, 3, 1.8, 4, 2.5]; // above 1
const exponents = [2, -1, 0.5, 3, -0.3, 1.5];
const odd = [0, -0, NaN, Infinity, -Infinity, 5e-324, 1, -1, 710, -746];
const others = [0, 1, 2, 0.5, NaN, -1, Infinity, -0, 2, 3];

describe("transcendental", () => {
  checkFamily(transcendental, {
    exp: [on(t.exp, [...floats(any), ...special(odd)])],
    expm1: [on(t.expm1, [...floats(any), ...special(odd)])],
    exp2: [on(t.exp2, [...floats(any), ...special(odd)])],
    log: [on(t.log, [...floats(positive), ...special(odd)])],
    log1p: [on(t.log1p, [...floats(positive), ...special(odd)])],
    log2: [on(t.log2, [...floats(positive), ...special(odd)])],
    log10: [on(t.log10, [...floats(positive), ...special(odd)])],
    sin: [on(t.sin, [...floats(any), ...special([...odd, 1e22])])],
    cos: [on(t.cos, [...floats(any), ...special([...odd, 1e22])])],
    tan: [on(t.tan, [...floats(inner), ...special([...odd, 1e22])])],
    asin: [on(t.asin, [...floats(inner), ...special(odd)])],
    acos: [on(t.acos, [...floats(inner), ...special(odd)])],
    atan: [on(t.atan, [...floats(any), ...special(odd)])],
    sinh: [on(t.sinh, [...floats(any), ...special(odd)])],
    cosh: [on(t.cosh, [...floats(any), ...special(odd)])],
    tanh: [on(t.tanh, [...floats(any), ...special(odd)])],
    asinh: [on(t.asinh, [...floats(any), ...special(odd)])],
    acosh: [on(t.acosh, [...floats(above), ...special(odd)])],
    atanh: [on(t.atanh, [...floats(inner), ...special(odd)])],
    cbrt: [on(t.cbrt, [...floats(above), ...special(odd)])],
    erf: [on(t.erf, [...floats(any), ...special(odd)])],
    erfc: [on(t.erfc, [...floats(any), ...special(odd)])],
    sigmoid: [on(t.sigmoid, [...floats(any), ...special(odd)])],
    softplus: [on(t.softplus, [...floats(any), ...special(odd)])],
    atan2: [on(t.atan2, [...floats(any, positive), ...floats(positive, any), ...special(odd, others)])],
    pow: [on(t.pow, [...floats(positive, exponents), ...special(odd, others)])],
    powBy: [-3, -2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 0].map((y) =>
      on((x) => t.powBy(x, y), [...floats(positive), ...special(odd)]),
    ),
  });

  test("x³ at 0 has derivative 0, and so have x⁰ and 0^y", () => {
    expect(grad((x) => t.pow(x, tensor(3)))(tensor(0)).item()).toBe(0);
    expect(grad((x) => t.pow(x, tensor(0)))(tensor(0)).item()).toBe(0);
    expect(grad((y) => t.pow(tensor(0), y))(tensor(2)).item()).toBe(0);
    expect(grad((y) => t.pow(tensor(0), y))(tensor(0)).item()).toBe(0);
  });

  test("powers by products and roots equal pow at special values, and within 2 ulp elsewhere", () => {
    const xs = [0, -0, 1, -1, Infinity, -Infinity, NaN, 3, -2.5, 1e-300, 1e200, -1e-30];
    for (const y of [-3, -2, -1.5, -1, -0.5, 0.5, 1.5, 2, 2.5, 3, 4]) {
      const by = t.powBy(tensor(xs), y).data();
      const exact = t.pow(tensor(xs), full([xs.length], y)).data();
      xs.forEach((x, i) => {
        const [a, b] = [by[i]!, exact[i]!];
        const isNear = Object.is(a, b) || Math.abs(a - b) <= 2 * 2 ** -52 * Math.abs(b);
        expect(isNear, `${x}^${y}: ${a} and ${b}`).toBe(true);
      });
    }
  });

  test("roots as powers have the derivative ∞ at 0, cubes 0", () => {
    expect(grad((x) => t.powBy(x, 0.5))(tensor(0)).item()).toBe(Infinity);
    expect(grad((x) => t.powBy(x, 3))(tensor(0)).item()).toBe(0);
    expect(grad(grad((x: Tensor) => t.powBy(x, 3)))(tensor(0)).item()).toBe(0);
    expect(grad((x) => t.powBy(x, 0))(tensor(0)).item()).toBe(0);
    expect(grad((x) => t.powBy(x, 1.5))(tensor(0)).item()).toBe(0);
  });

  test("the derivatives of x^y at y = 0 continue those nearby, and are 0 at x = 0", () => {
    const inX = grad(t.pow);
    const mixed = grad((y: Tensor, x: Tensor) => inX(x, y));
    expect(mixed(tensor(0), tensor(4)).item()).toBe(0.25);
    const second = grad((x: Tensor) => grad((a: Tensor) => t.pow(a, tensor(0)))(x));
    expect(second(tensor(0)).item()).toBe(0);
  });

  test("a negative base with an integer exponent has a derivative in the base", () => {
    const [value, pullback] = vjp(t.pow, tensor(-2), tensor(3));
    expect(value.item()).toBe(-8);
    expect(pullback(1)[0].item()).toBe(12);
  });

  test("refuses integers and suggests a conversion", () => {
    expect(() => t.sin(tensor(1, { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: sin: needs float64 or float32, not i32[]. Convert it with astype("float64").]`,
    );
  });
});

describe("derivatives stay accurate", () => {
  const { acosh, asinh, atan, atanh, cosh, exp, expm1, log1p, sigmoid, sinh, softplus, tanh } =
    transcendental;
  const everywhere = [-300, -40, -20, -3, -0.5, -1e-9, 1e-300, 1e-9, 0.5, 3, 20, 40, 300];
  const within = [-1 + 1e-12, -0.9, -1e-9, 1e-9, 0.5, 1 - 1e-12];
  test.each<[string, (x: Tensor) => Tensor, (x: number) => number, readonly number[]]>([
    ["exp", exp, Math.exp, everywhere],
    ["expm1", expm1, Math.exp, everywhere],
    ["log1p", log1p, (x) => 1 / (1 + x), [-1 + 1e-12, -0.5, ...everywhere.filter((x) => x > 0)]],
    ["sinh", sinh, Math.cosh, everywhere],
    ["cosh", cosh, Math.sinh, everywhere],
    ["asinh", asinh, (x) => 1 / Math.hypot(1, x), [-1e200, ...everywhere, 2 ** 27, 1e200]],
    ["acosh", acosh, (x) => 1 / Math.sqrt((x - 1) * (x + 1)), [1 + 1e-12, 1.5, 20, 1e9]],
    ["atanh", atanh, (x) => 1 / ((1 - x) * (1 + x)), within],
    ["atan", atan, (x) => 1 / (1 + x * x), everywhere],
    ["softplus", softplus, (x) => 1 / (1 + Math.exp(-x)), everywhere],
    [
      "sigmoid below 0",
      sigmoid,
      (x) => Math.exp(x) / (1 + Math.exp(x)) ** 2,
      everywhere.filter((x) => x < 0),
    ],
  ])("%s, relative to the derivative", (_, f, slope, xs) => {
    // 16 ulps: reference and procedures have a few each
    for (const x of xs)
      expect(Math.abs(grad(f)(x).item() / slope(x) - 1), String(x)).toBeLessThan(16 * 2 ** -53);
  });

  test("atan2, if squares of its operands leave the range", () => {
    for (const size of [1e-300, 1e-160, 1, 1e160, 1e300]) {
      const [dy, dx] = grad(transcendental.atan2, { argnums: [0, 1] })(3 * size, 4 * size);
      expect(dy.mul(size).item(), String(size)).toBeCloseTo(4 / 25, 15);
      expect(dx.mul(size).item(), String(size)).toBeCloseTo(-3 / 25, 15);
    }
    const small = tensor(1e-30, { dtype: "float32" });
    expect(grad(transcendental.atan2)(small, small).item() / 5e29).toBeCloseTo(1, 6);
  });

  test.each<[string, (x: Tensor) => Tensor, (x: number) => number, number]>([
    ["tanh", tanh, (x) => 1 / Math.cosh(x) ** 2, 2.3e-16],
    ["sigmoid", sigmoid, (x) => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2, 1.2e-16],
  ])("%s, relative to 1, as documented", (_, f, slope, tolerance) => {
    for (const x of everywhere)
      expect(Math.abs(grad(f)(x).item() - slope(x)), String(x)).toBeLessThan(tolerance);
  });
});
