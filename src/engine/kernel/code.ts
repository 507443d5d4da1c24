import { internalError } from "../errors/index.ts";

/** Operator precedence, loosest first. */
export type Precedence =
  | "conditional"
  | "or"
  | "and"
  | "bitwise"
  | "equality"
  | "relational"
  | "shift"
  | "additive"
  | "multiplicative"
  | "unary"
  | "primary";

const rank: Readonly<Record<Precedence, number>> = {
  conditional: 0,
  or: 1,
  and: 2,
  bitwise: 3,
  equality: 4,
  relational: 5,
  shift: 6,
  additive: 7,
  multiplicative: 8,
  unary: 9,
  primary: 10,
};

/** Expression as text in JavaScript notation, with the data needed to place parentheses. */
export interface ExprText {
  readonly text: string;
  readonly level: Precedence;
  /** Outermost operator; empty if the expression needs no parentheses. */
  readonly operator: string;
}

/** Name, literal, call or indexed read, which never needs parentheses. */
export function primary(text: string): ExprText {
  return { text, level: "primary", operator: "" };
}

/** Code of a number. A negative number binds like a minus sign before a literal. */
export function literal(value: number): ExprText {
  if (typeof value !== "number") throw internalError(`the constant ${JSON.stringify(value)} is no number`);
  const text = Object.is(value, -0) ? "-0" : String(value);
  return { text, level: text.startsWith("-") ? "unary" : "primary", operator: "" };
}

/** Call of a function by name. */
export function callCode(name: string, ...args: readonly ExprText[]): ExprText {
  return primary(`${name}(${args.map((arg) => arg.text).join(", ")})`);
}

/** Code of `-x` or `!x`. */
export function prefix(operator: "-" | "!", x: ExprText): ExprText {
  const bare = x.level === "primary" || (x.level === "unary" && operator === "!");
  return { text: operator + (bare ? x.text : `(${x.text})`), level: "unary", operator };
}

/** `x operator y`, with parentheses where JavaScript requires them or where they make the text easier to read. */
export function infix(x: ExprText, operator: string, y: ExprText): ExprText {
  const level = levelOf(operator);
  return {
    text: `${side(x, operator, level, true)} ${operator} ${side(y, operator, level, false)}`,
    level,
    operator,
  };
}

/** Code of `condition ? x : y`. */
export function conditional(condition: ExprText, x: ExprText, y: ExprText): ExprText {
  const [test, then] = [condition, x].map((part) =>
    part.level === "conditional" ? `(${part.text})` : part.text,
  );
  return { text: `${test} ? ${then} : ${y.text}`, level: "conditional", operator: "?" };
}

function levelOf(operator: string): Precedence {
  switch (operator) {
    case "||":
      return "or";
    case "&&":
      return "and";
    case "|":
    case "^":
    case "&":
      return "bitwise";
    case "==":
    case "!=":
    case "===":
    case "!==":
      return "equality";
    case "<":
    case "<=":
    case ">":
    case ">=":
      return "relational";
    case "<<":
    case ">>":
    case ">>>":
      return "shift";
    case "+":
    case "-":
      return "additive";
    default:
      return "multiplicative";
  }
}

function side(x: ExprText, operator: string, level: Precedence, isLeft: boolean): string {
  if (x.level === "primary" || x.level === "unary") return x.text;
  const inner = rank[x.level];
  const outer = rank[level];
  if (inner < outer) return `(${x.text})`;
  if (inner === outer) {
    const chained = isLeft
      ? x.operator === operator || level === "additive"
      : x.operator === operator && /^(&&|\|\|)$/.test(operator);
    return chained ? x.text : `(${x.text})`;
  }
  // `a & b` inside `===`, `a + b` inside `<<` or `|`, `a && b` inside `||` are correct without parentheses, but hard to
  // read.
  if (level === "and") return x.text;
  if (level === "or") return x.level === "and" ? `(${x.text})` : x.text;
  const needsThought =
    level === "bitwise" ||
    level === "shift" ||
    level === "equality" ||
    x.operator === "%" ||
    x.level === "bitwise";
  return needsThought ? `(${x.text})` : x.text;
}

/**
 * Returns the lines of statements: the head of each statement, followed by its blocks in braces. A second block follows
 * `else`, unless it is empty.
 *
 * @param depth levels of indentation.
 */
export function blockLines<S>(
  block: readonly S[],
  depth: number,
  headOf: (stmt: S) => string,
  blocksOf: (stmt: S, depth: number) => readonly (readonly S[])[],
): string[] {
  const indent = "  ".repeat(depth);
  return block.flatMap((stmt) => {
    const head = indent + headOf(stmt);
    const [body, otherwise = []] = blocksOf(stmt, depth);
    if (body === undefined) return [head];
    const lines = [`${head} {`, ...blockLines(body, depth + 1, headOf, blocksOf)];
    if (otherwise.length > 0)
      lines.push(`${indent}} else {`, ...blockLines(otherwise, depth + 1, headOf, blocksOf));
    return [...lines, `${indent}}`];
  });
}
