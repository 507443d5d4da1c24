import { assertNever } from "../../engine/util/assert-never.ts";
import type { Span } from "./span.ts";

/** Binary operators, from loosest to tightest binding in the order of {@link precedenceOf}. */
export type BinaryOperator = "<" | "<=" | ">" | ">=" | "==" | "!=" | "+" | "-" | "*" | "/" | "%" | "^";

/** An expression, as parsed from a text. */
export type TextExpr =
  | { readonly kind: "number"; readonly value: number; readonly span: Span }
  | { readonly kind: "name"; readonly name: string; readonly span: Span }
  | { readonly kind: "negate"; readonly x: TextExpr; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly x: TextExpr;
      readonly y: TextExpr;
      readonly span: Span;
    }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly TextExpr[];
      readonly span: Span;
      readonly nameSpan: Span;
    };

/** A statement that computes a value: `name = value`, or a value alone. */
export type TextDefinition = { readonly value: TextExpr } & (
  | { readonly name: string; readonly nameSpan: Span }
  | { readonly name: undefined; readonly nameSpan: undefined }
);

/** A statement `name = ?`, which declares an input. */
export interface InputDeclaration {
  readonly name: string;
  readonly nameSpan: Span;
  readonly value: undefined;
}

export type TextStatement = TextDefinition | InputDeclaration;

/** Precedence of an operator; higher binds tighter. Unary minus is between `*` and `^`, so that `-x^2` is `-(x^2)`. */
export function precedenceOf(operator: BinaryOperator): number {
  switch (operator) {
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "==":
    case "!=":
      return 1;
    case "+":
    case "-":
      return 2;
    case "*":
    case "/":
    case "%":
      return 3;
    case "^":
      return 5;
    default:
      return assertNever(operator, "precedenceOf");
  }
}
export const negatePrecedence = 4;

/** The direct operands of an expression, in the order of the text. */
function partsOf(expr: TextExpr): readonly TextExpr[] {
  switch (expr.kind) {
    case "number":
    case "name":
      return [];
    case "negate":
      return [expr.x];
    case "binary":
      return [expr.x, expr.y];
    case "call":
      return expr.args;
    default:
      return assertNever(expr, "partsOf");
  }
}

/**
 * All subexpressions of an expression, each after its operands; the expression itself is last. Not recursive, because
 * sums may be long.
 */
export function postOrder(expr: TextExpr): TextExpr[] {
  const order: TextExpr[] = [];
  const stack: TextExpr[] = [expr];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    order.push(next);
    stack.push(...partsOf(next));
  }
  return order.reverse();
}

/**
 * Prints an expression with only the parentheses that it needs. Parsing the text returns an equal expression.
 *
 * @example
 * showExpr(parse("(x*y)+sin( x )")[0]!.value!); // "x * y + sin(x)"
 */
export function showExpr(expr: TextExpr): string {
  const shown = new Map<TextExpr, string>();
  const inside = (part: TextExpr, least: number): string => {
    const text = shown.get(part) ?? "";
    return precedence(part) < least ? `(${text})` : text;
  };
  for (const part of postOrder(expr)) shown.set(part, show(part, inside));
  return shown.get(expr) ?? "";
}

function show(expr: TextExpr, inside: (part: TextExpr, least: number) => string): string {
  switch (expr.kind) {
    case "number":
      return String(expr.value);
    case "name":
      return expr.name;
    case "negate":
      return `-${inside(expr.x, negatePrecedence)}`;
    case "call":
      return `${expr.name}(${expr.args.map((arg) => inside(arg, 0)).join(", ")})`;
    case "binary": {
      const own = precedenceOf(expr.operator);
      // Operators are left-associative, except `^`, which is right-associative, and comparisons, which cannot be
      // chained.
      if (expr.operator === "^") return `${inside(expr.x, own + 1)}^${inside(expr.y, negatePrecedence)}`;
      return `${inside(expr.x, own === 1 ? 2 : own)} ${expr.operator} ${inside(expr.y, own + 1)}`;
    }
    default:
      return assertNever(expr, "showExpr");
  }
}

function precedence(expr: TextExpr): number {
  switch (expr.kind) {
    case "number":
    case "name":
    case "call":
      return 9;
    case "negate":
      return negatePrecedence;
    case "binary":
      return precedenceOf(expr.operator);
    default:
      return assertNever(expr, "precedence");
  }
}
