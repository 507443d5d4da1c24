import { describe, expect, test } from "vitest";
import { hyperDuals } from "./hyper-dual.ts";
import { plainScalarValues } from "./scalar-values.ts";

const domain = hyperDuals(plainScalarValues);
// one point in the domain of all functions, and one for functions whose domain begins at 1
const points: Readonly<Record<string, readonly number[]>> = { acosh: [1.7] };

describe("hyper-dual numbers", () => {
  const names =
    "neg abs sqrt cbrt exp expm1 exp2 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh";
  test.each(names.split(" "))("have the first and second derivatives of %s", (name) => {
    const f = plainScalarValues(name, ["f64"])!.value;
    for (const x of points[name] ?? [0.37, 0.61]) {
      const h = 1e-4; // error of second differences: h² and 1e-16 / h²
      const y = domain.apply(name, ["f64"], [])!.value({ x, a: 2, b: 3, ab: 5 });
      const [first, second] = [(f(x + h) - f(x - h)) / (2 * h), (f(x + h) - 2 * f(x) + f(x - h)) / (h * h)];
      expect(y.x).toBe(f(x));
      expect(y.a).toBeCloseTo(2 * first, 5);
      expect(y.b).toBeCloseTo(3 * first, 5);
      expect(y.ab).toBeCloseTo(5 * first + 6 * second, 4);
    }
  });

  const pairs =
    "add sub mul div rem maximum minimum pow atan2 strongMul strongDiv maskedMul maskedMulBoth maskedDiv";
  test.each(pairs.split(" "))("have the first and second derivatives of %s", (name) => {
    const f = plainScalarValues(name, ["f64", "f64"])!.value;
    for (const [x, y] of [
      [2.3, 0.7],
      [0.4, 1.6],
    ] as const) {
      const h = 1e-4;
      const [u, v] = [
        { x, a: 2, b: 3, ab: 5 },
        { x: y, a: -1, b: 4, ab: 0.5 },
      ] as const;
      const out = domain.apply(name, ["f64", "f64"], [])!.value(u, v);
      const along = (s: number, t: number): number => f(x + s * u.a + t * u.b, y + s * v.a + t * v.b);
      const dx = (f(x + h, y) - f(x - h, y)) / (2 * h);
      const dy = (f(x, y + h) - f(x, y - h)) / (2 * h);
      const mixed = (along(h, h) - along(h, -h) - along(-h, h) + along(-h, -h)) / (4 * h * h);
      expect(out.a).toBeCloseTo(u.a * dx + v.a * dy, 5);
      expect(out.b).toBeCloseTo(u.b * dx + v.b * dy, 5);
      expect(out.ab).toBeCloseTo(u.ab * dx + v.ab * dy + mixed, 4);
    }
  });

  test("yield nothing for a zero tangent, however steep the function", () => {
    const still = { x: 0, a: 0, b: 0, ab: 0 };
    expect(domain.apply("sqrt", ["f64"], [])!.value(still)).toEqual(still);
  });
});
