import { tensor } from "downhill";
import { expect, test } from "vitest";
import { compileText } from "../../src/numeric/syntax/index.ts";
import { readingsOf } from "./notation.ts";

const names = ["x", "y", "dx", "r"];

/** Values of a formula at x = 3, y = 5, dx = 7, r = 2, one per reading. */
function valuesOf(text: string): number[] {
  const at: Readonly<Record<string, number>> = { x: 3, y: 5, dx: 7, r: 2 };
  return readingsOf(text, names).map((reading) => {
    const { inputs, evaluate } = compileText(reading, { names });
    return evaluate(inputs.map((name) => tensor(at[name]!, { dtype: "float64" }))).item();
  });
}

test.each<[string, number]>([
  ["2·x·y·dx", 210],
  ["2⋅x⋅y", 30],
  ["2xy", 30],
  ["2 x y dx", 210],
  ["2xydx", 210],
  ["x²", 9],
  ["x⁻¹ y", 5 / 3],
  ["2x²y", 90],
  ["x^2y", 45],
  ["xʸ", 243],
  ["x**2", 9],
  ["2(x + 1)y", 40],
  ["(x+1)(y−1)", 16],
  ["x(y+1)", 18],
  ["½x² + ¾", 5.25],
  ["√x√y", Math.sqrt(15)],
  ["2√(x + 1)", 4],
  ["1½ x + 2 ¾", 7.25],
  ["1 1/2 x − 2 3/4", 1.75],
  ["⅝y", 3.125],
  ["hypot(x, 4)", 5],
  ["sqrt(1 1/4 r)", Math.sqrt(2.5)],
  ["|x − y|", 2],
  ["2|x−y|x", 12],
  ["sin x", Math.sin(3)],
  ["sin 2x + 1", Math.sin(6) + 1],
  ["sin²x + cos²(x)", 1],
  ["sin^2 x", Math.sin(3) ** 2],
  ["x sin x cos y", 3 * Math.sin(3) * Math.cos(5)],
  ["2xsin(x)", 6 * Math.sin(3)],
  ["tan⁻¹(y)", Math.atan(5)],
  ["e^-x", Math.exp(-3)],
  ["e⁻²", Math.exp(-2)],
  ["2πr", 4 * Math.PI],
  ["x ÷ y", 0.6],
  ["dz/dx = 2xy", 30],
  ["f'(x) = 2x", 6],
  ["[x + y]·{x}", 24],
  ["max(x, 2y)", 10],
  ["x 6 y", 90],
  ["√(x + 1)^2", 4],
  ["= 2x", 6],
  ["−x²", -9],
  ["0,5x + 1,25", 2.75],
  ["max(1,2) + sin(0,5x)", 2 + Math.sin(1.5)],
  ["max(1,(2,5))", 2.5],
  ["2*Math.sin(x) + np.cos(y)", 2 * Math.sin(3) + Math.cos(5)],
  ["return 2*x;", 6],
  ["2x\\sin(y)+x^{2}\\cdot y", 6 * Math.sin(5) + 45],
  ["$\\frac{xy}{\\sqrt{x^2 + y^2}}$", 15 / Math.sqrt(34)],
  ["\\dfrac{1}{1 + \\frac{x}{y}}", 1 / 1.6],
  ["sin2x cos6y", Math.sin(6) * Math.cos(30)],
  ["log2(x)", Math.log2(3)],
  ["x ← x − 2y", -7],
  ["x -> x - 2y", -7],
  ["x := x - 2y", -7],
  ["x -= 2y + 1", -8],
  ["dy/dx: 2x", 6],
  ["(x + y):r", 4],
  ["2x.", 6],
  ["2X·SIN(Y)", 6 * Math.sin(5)],
  ["Exp(X)", Math.exp(3)],
  ["2xy·dx/dt", 210],
  ["2y·x·(∂x / ∂t)", 210],
  ["∂x·2xy", 210],
  ["2xy Δx", 210],
  ["2xyẋ", 210],
  ["2xx'y", 210],
  ["f' = 2 x′ x y", 210],
  ["dz/dt = 2xy dx/dt + 1", 211],
  ["dx/2 + r", 5.5],
])("%s", (text, value) => {
  const values = valuesOf(text);
  expect(values).toHaveLength(1);
  expect(values[0]).toBeCloseTo(value, 12);
});

test("a product without a sign after a division has two readings", () => {
  expect(valuesOf("1/2x")).toEqual([1.5, 1 / 6]);
  expect(valuesOf("r/2xy + 1")).toEqual([16, 1 + 2 / 30]);
  expect(valuesOf("x/2")).toEqual([1.5]);
});

test.each([
  "x +",
  ")(",
  "1 2",
  "sin()",
  "sin",
  "=".repeat(50),
  "2 + = 3",
  "xq",
  "((x)",
  "|x",
  "√",
  "x".repeat(2000),
])("%s remains an invalid text", (text) => {
  const isRefused = readingsOf(text, names).every((reading) => {
    try {
      return compileText(reading, { names }).inputs.some((name) => !names.includes(name));
    } catch (error) {
      return !/internal|undefined|Cannot read/.test(String(error));
    }
  });
  expect(isRefused).toBe(true);
});
