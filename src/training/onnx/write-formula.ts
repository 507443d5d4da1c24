import { erfcTail, erfTail } from "../../engine/kernel/math/coefficients.ts";
import { cast } from "./form.ts";
import { formulaOf } from "./formulas.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import type { ElementType } from "./model.ts";
import { elementTypes } from "./model.ts";

/** A value in a formula: the name of a value in the graph, or a number. */
export type FormulaValue = string | number;

/**
 * Writes a formula as operators on one element type, with its numbers as constants. Returns the name of the result.
 *
 * A formula is an expression, optionally preceded by definitions: `u = x + 1; d = u - 1; d == 0 ? x : Log(u) * x / d`.
 * Capitalised names are ONNX operators. Other names are formulas, polynomials, or element types for conversions (`real`
 * for that of the formula); `given` defines further names. Both branches of `?` and `:` are always computed.
 */
export function writeFormula(
  g: GraphBuilder,
  type: ElementType,
  formula: string,
  given: Readonly<Record<string, FormulaValue>>,
): string {
  const tokens = formula.match(/\d[\d.]*(?:e\d+)?|\w+|<=|==|&&|\|\||\S/g)!;
  const names: Record<string, FormulaValue> = { ...constants, ...given };
  const of = (x: FormulaValue): string => (typeof x === "number" ? g.scalar(type, x) : x);
  const write = (op: string, ...xs: readonly FormulaValue[]): string => g.node(op, xs.map(of));
  let at = 0;
  const take = (token: string): boolean => tokens[at] === token && at++ >= 0;

  const expression = (): FormulaValue => {
    const condition = operators(0);
    if (!take("?")) return condition;
    const x = expression();
    at++; // the colon
    return write("Where", condition, x, expression());
  };
  const operators = (level: number): FormulaValue => {
    if (level === levels.length) return operand();
    let x = operators(level + 1);
    for (let op = levels[level]![tokens[at]!]; op !== undefined; op = levels[level]![tokens[at]!]) {
      at++;
      x = write(op, x, operators(level + 1));
    }
    return x;
  };
  const operand = (): FormulaValue => {
    if (take("!")) return write("Not", operand());
    if (take("-")) {
      const x = operand();
      return typeof x === "number" ? -x : write("Neg", x);
    }
    if (take("(")) {
      const x = expression();
      at++;
      return x;
    }
    const name = tokens[at++]!;
    if (!take("(")) return names[name] ?? Number(name);
    const xs: FormulaValue[] = [];
    do xs.push(expression());
    while (take(","));
    at++;
    return call(name, xs);
  };
  const call = (name: string, xs: readonly FormulaValue[]): FormulaValue => {
    const [x, y] = xs as readonly [FormulaValue, FormulaValue];
    if (name === "real" || name in elementTypes)
      return cast(g, of(x), name === "real" ? type : (name as ElementType));
    if (name === "fmod") return g.node("Mod", [of(x), of(y)], { fmod: 1 });
    const coefficients = polynomials[name];
    if (coefficients !== undefined)
      return coefficients.reduceRight<FormulaValue>((sum, c) => (sum === 0 ? c : write("Add", write("Mul", sum, x), c)), 0); // prettier-ignore
    const other = formulaOf(name, type);
    return other === undefined ? write(name, ...xs) : writeFormula(g, type, other, { x, y });
  };

  while (tokens[at + 1] === "=") {
    const name = tokens[at]!;
    at += 2;
    names[name] = expression();
    at++; // the semicolon
  }
  return of(expression());
}

/** Binary operators by ascending precedence. */
const levels: readonly Readonly<Record<string, string>>[] = [
  { "||": "Or" },
  { "&&": "And" },
  { "<": "Less", "<=": "LessOrEqual", "==": "Equal" },
  { "+": "Add", "-": "Sub" },
  { "*": "Mul", "/": "Div" },
];

const constants = { inf: Infinity, pi: Math.PI, ln2: Math.LN2 };

/** Polynomials that formulas may call, by name: the coefficients of c₀ + c₁ x + c₂ x² + … */
const polynomials: Readonly<Record<string, readonly number[]>> = { erfTail, erfcTail };
