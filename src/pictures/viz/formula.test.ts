import { expect, test } from "vitest";
import { add, div, makeProgram, mul, neg, pow, sin, sub } from "downhill";
import type { Tensor } from "downhill";
import { showFormula } from "./formula.ts";
import { mathPieces, setText } from "./math-pieces.ts";
import { showConstant, showNumber } from "../plot/number-text.ts";

/** Complete formula of a function of x, y and z. */
function formulaOf(f: (x: Tensor, y: Tensor, z: Tensor) => Tensor): string {
  const program = makeProgram(f)(1, 2, 3);
  return showFormula(program, program.outs[0]!, (v) => v.name);
}

test.each<[(x: Tensor, y: Tensor, z: Tensor) => Tensor, string]>([
  [(x, y, z) => add(add(x, y), z), "x + y + z"],
  [(x, y, z) => add(x, add(y, z)), "x + (y + z)"],
  [(x, y, z) => sub(x, sub(y, z)), "x - (y - z)"],
  [(x, y, z) => mul(add(x, y), z), "(x + y) * z"],
  [(x, y, z) => add(mul(x, y), z), "x * y + z"],
  [(x, y, z) => div(x, mul(y, z)), "x / (y * z)"],
  [(x, y, z) => mul(div(x, y), z), "x / y * z"],
  [(x, y) => add(x, neg(y)), "x - y"],
  [(x, y) => sub(x, neg(y)), "x - -y"],
  [(x, y) => neg(add(x, y)), "-(x + y)"],
  [(x, y) => neg(mul(x, y)), "-x * y"],
  [(x, y) => mul(x, neg(y)), "x * (-y)"],
  [(x) => mul(x, -2), "x * -2"],
  [(x) => add(x, -2), "x - 2"],
  [(x, y) => pow(neg(x), y), "(-x)^y"],
  [(x, y) => pow(x, neg(y)), "x^(-y)"],
  [(x, y, z) => pow(x, pow(y, z)), "x^y^z"],
  [(x, y, z) => pow(pow(x, y), z), "(x^y)^z"],
  [(x, y) => sin(mul(x, y)), "sin(x * y)"],
  [(x) => mul(x, Math.PI), "x * π"],
])("%s", (f, expected) => expect(formulaOf(f)).toBe(expected));

test("a long part that is used twice gets a name", () => {
  const formula = formulaOf((x, y, z) => {
    const part = sin(add(mul(x, y), mul(mul(y, z), add(mul(x, x), mul(z, z)))));
    return mul(part, part);
  });
  expect(formula).toBe("t1 * t1 where t1 = sin(x * y + y * z * (x * x + z * z))");
});

test("names may contain any characters", () => {
  const program = makeProgram((x: Tensor, y: Tensor) => mul(x, y))(1, 2);
  const names = new Map([
    [program.ins[0]!, "a + b"],
    [program.ins[1]!, "params.w[0]"],
  ]);
  expect(showFormula(program, program.outs[0]!, (v) => names.get(v))).toBe("(a + b) * params.w[0]");
});

test.each([
  [6.909297426825682, "6.9093"],
  [3, "3"],
  [-0, "0"],
  [0.5, "0.5"],
  [0.001, "0.001"],
  [0.00025, "2.5e-4"],
  [1.5e-10, "1.5e-10"],
  [123456789, "123456789"],
  [1e21, "1e21"],
  [1234567.891, "1.23457e6"],
  [Infinity, "∞"],
  [-Infinity, "-∞"],
  [Number.NaN, "NaN"],
])("the number %d is shown as %s", (value, expected) => expect(showNumber(value)).toBe(expected));

test("mathematical constants have their symbols", () => {
  expect([Math.PI, Math.E, Math.LN2, 0.1].map(showConstant)).toEqual(["π", "e", "ln 2", "0.1"]);
});

test("formulas have names in italics, functions upright and mathematical symbols", () => {
  expect(mathPieces("da = -sin(x1) * 2e-3").map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    "name da",
    "mark  = −",
    "function sin",
    "mark (",
    "name x1",
    "mark ) · ",
    "number 2e−3",
  ]);
  expect(setText("f32[2] [-1, 2]")).toBe("f32[2] [−1, 2]");
});

test.each([
  ["6 * x^2 - x^-12", "6 · x² − x⁻¹²"],
  ["x**3 + (x + 1)^2", "x³ + (x + 1)²"],
  ["x^y + x^2.5 + x^2^3", "x^y + x^2.5 + x^2³"],
])("%s is set as %s", (formula, expected) => expect(setText(formula)).toBe(expected));
