import type { Equation, Program, Var } from "../../engine/ir/index.ts";
import { DeferredProgram, isProgram } from "../../engine/ir/index.ts";
import { showConstant } from "../plot/number-text.ts";

/** A partly built formula: its text and the precedence of its outermost operator. */
interface FormulaText {
  readonly text: string;
  readonly precedence: number;
}

const atom = 9;
const lowest = -9;
const product = 2; // a minus sign has the precedence of a product: -x * y, (-x)^2
/** Primitives whose usual mathematical name, which `explain` also reads, differs from the primitive's name. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ["maximum", "max"],
  ["minimum", "min"],
]);
const longest = 30; // characters; a longer part that is used twice gets a name

/** Returns the right-hand side of an equation: `x * y`, `sin(x)`, `sum(x, axes=[0])`. */
export function showEquation(eqn: Equation, nameOf: (v: Var) => string): string {
  return apply(
    eqn,
    eqn.ins.map((v) => leaf(nameOf(v))),
  ).text;
}

/**
 * Returns the formula of one result in terms of named values; unnamed values are expanded. Parts of more than 30
 * characters that are used more than once are defined after “where”.
 *
 * @param named returns the name of a value, or `undefined` to expand it; the program's inputs must have names
 */
export function showFormula(program: Program, out: Var, named: (v: Var) => string | undefined): string {
  const equations = new Map<Var, Equation>(
    program.eqns.flatMap((eqn) => eqn.outs.map((v) => [v, eqn] as const)),
  );
  const uses = countUses(out, equations, named);
  const formulas = new Map<Var, FormulaText>();
  const parts: string[] = [];

  const formulaOf = (v: Var): FormulaText => {
    const name = named(v);
    return name === undefined ? (formulas.get(v) ?? leaf("?")) : leaf(name);
  };
  for (const eqn of program.eqns) {
    if (!eqn.outs.some((v) => uses.has(v))) continue;
    eqn.outs.forEach((v, i) => {
      if (named(v) !== undefined) return;
      const whole = apply(eqn, eqn.ins.map(formulaOf));
      const formula = eqn.outs.length === 1 ? whole : { text: `${whole.text}[${i}]`, precedence: atom };
      if (v !== out && (uses.get(v) ?? 0) > 1 && formula.text.length > longest) {
        const name = `t${parts.length + 1}`;
        parts.push(`${name} = ${formula.text}`);
        formulas.set(v, leaf(name));
      } else formulas.set(v, formula);
    });
  }
  const { text } = formulaOf(out);
  return parts.length === 0 ? text : `${text} where ${parts.join(", ")}`;
}

/** Returns all variables on which `out` depends, including `out`. */
export function ancestors(program: Program, out: Var): Set<Var> {
  const found = new Set<Var>([out]);
  for (const eqn of program.eqns.toReversed()) {
    if (eqn.outs.some((v) => found.has(v))) for (const v of eqn.ins) found.add(v);
  }
  return found;
}

/** Returns the number of uses of each variable in the formula of `out`. The search stops at named values. */
function countUses(
  out: Var,
  equations: ReadonlyMap<Var, Equation>,
  named: (v: Var) => string | undefined,
): Map<Var, number> {
  const uses = new Map<Var, number>();
  const pending: Var[] = [out];
  for (let v = pending.pop(); v !== undefined; v = pending.pop()) {
    const before = uses.get(v) ?? 0;
    uses.set(v, before + 1);
    if (before === 0 && named(v) === undefined) pending.push(...(equations.get(v)?.ins ?? []));
  }
  return uses;
}

/** Creates a formula from a text: a name, a number, or another formula. */
function leaf(text: string): FormulaText {
  if (text.startsWith("-")) return { text, precedence: product + 1 };
  return { text, precedence: / [-+*/%<>=!&|@]+ /.test(text) && !isCall(text) ? lowest : atom };
}

/** True if a text is a single call from end to end: `f(x + y)`, but not `f(x) + g(y)`. */
function isCall(text: string): boolean {
  const open = /^[\p{L}\p{N}_$]+\(/u.exec(text);
  if (open === null) return false;
  let depth = 0;
  for (let i = open[0].length - 1; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")" && --depth === 0) return i === text.length - 1;
  }
  return false;
}

function apply({ prim, params, ins }: Equation, operands: readonly FormulaText[]): FormulaText {
  const constant = prim.algebra?.constant?.([], params);
  if (constant !== undefined) return leaf(showConstant(constant));
  const { notation } = prim;
  const [x, y] = operands;
  if (notation !== undefined && "infix" in notation && x !== undefined) {
    const parameter = notation.right?.(params);
    const right = parameter === undefined ? y : leaf(showConstant(parameter));
    const count = parameter === undefined ? 2 : 1;
    if (right !== undefined && ins.length === count)
      return infix(notation.infix, notation.precedence, x, right);
  }
  if (notation !== undefined && "prefix" in notation && x !== undefined && ins.length === 1) {
    return { text: `${notation.prefix}${wrap(x, product)}`, precedence: product };
  }
  if (notation !== undefined && "write" in notation) {
    const written = notation.write(
      operands.map((operand) => wrap(operand, atom)),
      params,
      ins.map((v) => v.type),
    );
    if (written !== undefined) return { text: written, precedence: product };
  }
  const args = [...operands.map(({ text }) => text), ...showParams(params)];
  return { text: `${shortNames.get(prim.name) ?? prim.name}(${args.join(", ")})`, precedence: atom };
}

function infix(operator: string, precedence: number, x: FormulaText, y: FormulaText): FormulaText {
  if (operator === "^") return { text: `${wrap(x, precedence + 1)}^${wrap(y, product + 1)}`, precedence };
  if ((operator === "&" || operator === "|") && x.text === y.text) return x; // x & x = x | x = x
  const right = wrap(y, precedence + 1);
  // x - y is easier to read than x + -y
  if (operator === "+" && right.startsWith("-"))
    return { text: `${wrap(x, precedence)} - ${right.slice(1)}`, precedence };
  return { text: `${wrap(x, precedence)} ${operator} ${right}`, precedence };
}

function wrap({ text, precedence }: FormulaText, least: number): string {
  return precedence < least ? `(${text})` : text;
}

/**
 * Returns the parameters of an equation as text: programs by name, others as `key=value`. Empty, false and undefined
 * parameters are left out.
 */
function showParams(params: unknown): string[] {
  if (typeof params !== "object" || params === null) return [];
  return Object.entries(params).flatMap(([key, value]: [string, unknown]) => {
    if (value === undefined || value === false || isEmpty(value)) return [];
    return [isProgram(value) ? value.name : `${key}=${showParam(value)}`];
  });
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.every(isEmpty);
}

function showParam(value: unknown): string {
  if (isProgram(value)) return value.name;
  if (value instanceof DeferredProgram) return value.program.name;
  if (Array.isArray(value)) return `[${value.map(showParam).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}=${showParam(item)}`)
      .join(" ")}}`;
  }
  return String(value);
}
