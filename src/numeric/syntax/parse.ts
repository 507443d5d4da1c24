import type { BinaryOperator, TextExpr, TextStatement } from "./ast.ts";
import { negatePrecedence, precedenceOf } from "./ast.ts";
import { functions } from "./functions.ts";
import type { Span } from "./span.ts";
import { syntaxError } from "./span.ts";
import type { Punctuator, Token } from "./token.ts";
import { tokenize } from "./token.ts";

const deepest = 500; // maximum nesting of parentheses, signs and powers, each of which takes a stack frame of the parser

const operators: ReadonlySet<Punctuator> = new Set<Punctuator>([
  "<",
  "<=",
  ">",
  ">=",
  "==",
  "!=",
  "+",
  "-",
  "*",
  "/",
  "%",
  "^",
]);
function isOperator(mark: Punctuator): mark is BinaryOperator {
  return operators.has(mark);
}

/**
 * Parses statements separated by `;` or newlines: `x = ?; a = x*y; a + sin(x)`. It checks only the syntax;
 * {@link compileText} checks the names.
 *
 * @throws DownhillError `syntax`, with a caret under the error.
 */
export function parse(text: string): TextStatement[] {
  const tokens = tokenize(text);
  const parser: Parser = { text, tokens, at: 0, depth: 0 };
  const statements: TextStatement[] = [];
  for (;;) {
    while (peek(parser).kind === "separator") parser.at++;
    if (peek(parser).kind === "end") return statements;
    statements.push(statement(parser));
    const next = peek(parser);
    if (next.kind !== "separator" && next.kind !== "end") throw unexpectedAfter(parser, next);
  }
}

interface Parser {
  readonly text: string;
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

function peek(parser: Parser, ahead = 0): Token {
  return parser.tokens[Math.min(parser.at + ahead, parser.tokens.length - 1)]!;
}

function isMark(token: Token, mark: Punctuator): boolean {
  return token.kind === "mark" && token.mark === mark;
}

function statement(parser: Parser): TextStatement {
  const first = peek(parser);
  if (first.kind === "name" && isMark(peek(parser, 1), "=")) {
    parser.at += 2;
    const mark = peek(parser);
    if (isMark(mark, "?")) {
      parser.at++;
      const next = peek(parser);
      if (next.kind !== "separator" && next.kind !== "end") throw strayQuestion(parser, mark);
      return { name: first.name, nameSpan: first.span, value: undefined };
    }
    return { name: first.name, nameSpan: first.span, value: expression(parser, 0) };
  }
  const value = expression(parser, 0);
  const next = peek(parser);
  if (isMark(next, "=")) {
    throw syntaxError(
      parser.text,
      value.span,
      "only a name is allowed to the left of = (for a comparison write ==)",
    );
  }
  return { name: undefined, nameSpan: undefined, value };
}

/**
 * Parses an expression by precedence climbing (Pratt): an operand, followed by all operators with a precedence of at
 * least `least`.
 */
function expression(parser: Parser, least: number): TextExpr {
  if (++parser.depth > deepest) {
    throw syntaxError(parser.text, peek(parser).span, `nested more than ${deepest} deep: give parts a name`);
  }
  let x = operand(parser);
  for (;;) {
    const token = peek(parser);
    if (token.kind !== "mark" || !isOperator(token.mark)) break;
    const operator = token.mark;
    const precedence = precedenceOf(operator);
    if (precedence < least) break;
    parser.at++;
    // `^` is right-associative and accepts a signed exponent; all other operators are left-associative.
    const y = expression(parser, operator === "^" ? negatePrecedence : precedence + 1);
    x = { kind: "binary", operator, x, y, span: { start: x.span.start, end: y.span.end } };
    refuseChain(parser, operator, precedence);
  }
  parser.depth--;
  return x;
}

function refuseChain(parser: Parser, operator: BinaryOperator, precedence: number): void {
  const next = peek(parser);
  if (precedence !== 1 || next.kind !== "mark" || !isOperator(next.mark) || precedenceOf(next.mark) !== 1)
    return;
  throw syntaxError(
    parser.text,
    next.span,
    `comparisons do not chain: choose in steps, where(a ${operator} b, where(b ${next.mark} c, …, …), …)`,
  );
}

function operand(parser: Parser): TextExpr {
  const token = peek(parser);
  switch (token.kind) {
    case "number": {
      parser.at++;
      if (!Number.isFinite(token.value)) {
        throw syntaxError(parser.text, token.span, "too large for a float64 number");
      }
      return { kind: "number", value: token.value, span: token.span };
    }
    case "name": {
      parser.at++;
      if (isMark(peek(parser), "(")) return call(parser, token.name, token.span);
      return { kind: "name", name: token.name, span: token.span };
    }
    case "mark": {
      if (token.mark === "(") return group(parser, token.span);
      if (token.mark === "-" || token.mark === "+") {
        parser.at++;
        const x = expression(parser, negatePrecedence);
        if (token.mark === "+") return x;
        return { kind: "negate", x, span: { start: token.span.start, end: x.span.end } };
      }
      throw missingOperand(parser, token);
    }
    case "separator":
    case "end":
      throw missingOperand(parser, token);
    default: {
      const never: never = token;
      return never;
    }
  }
}

function group(parser: Parser, open: Span): TextExpr {
  parser.at++;
  const inner = expression(parser, 0);
  close(parser, open);
  return inner;
}

function call(parser: Parser, name: string, nameSpan: Span): TextExpr {
  const open = peek(parser).span;
  parser.at++;
  const args: TextExpr[] = [];
  if (!isMark(peek(parser), ")")) {
    args.push(expression(parser, 0));
    while (isMark(peek(parser), ",")) {
      parser.at++;
      args.push(expression(parser, 0));
    }
  }
  const end = close(parser, open).end;
  return { kind: "call", name, args, nameSpan, span: { start: nameSpan.start, end } };
}

function close(parser: Parser, open: Span): Span {
  const token = peek(parser);
  if (isMark(token, ")")) {
    parser.at++;
    return token.span;
  }
  if (token.kind === "end" || token.kind === "separator") {
    throw syntaxError(parser.text, open, "this ( is never closed");
  }
  throw isMark(token, ",")
    ? syntaxError(parser.text, token.span, "a comma is allowed only between the arguments of a function")
    : unexpectedAfter(parser, token);
}

function missingOperand(parser: Parser, token: Token): Error {
  const before = parser.tokens[parser.at - 1];
  if (token.kind === "end" || token.kind === "separator") {
    const span = before?.kind === "mark" ? before.span : token.span;
    return syntaxError(
      parser.text,
      span,
      `a value is missing${before?.kind === "mark" ? ` after ${spelling(parser, before)}` : ""}`,
    );
  }
  const mark = token.kind === "mark" ? token.mark : undefined;
  if (mark === ")") {
    const empty = before !== undefined && isMark(before, "(");
    return syntaxError(
      parser.text,
      token.span,
      empty ? "there is nothing between ( and )" : "a value is missing before )",
    );
  }
  if (mark === "=") return syntaxError(parser.text, token.span, "a name is missing before =");
  if (mark === "?") return strayQuestion(parser, token);
  return syntaxError(parser.text, token.span, `a value is missing before ${spelling(parser, token)}`);
}

function strayQuestion({ text }: Parser, { span }: Token): Error {
  return syntaxError(
    text,
    span,
    "? stands for a whole value, as in x = ?, which declares an input; choose with where(condition, a, b)",
  );
}

/** A token as written in the text: `**` even though it is parsed as `^`. */
function spelling({ text }: Parser, { span }: Token): string {
  return text.slice(span.start, span.end);
}

const longestFactor = 24; // longest factor that messages quote, in characters

/**
 * Text of the factor that ends before the current token: a value with its powers, such as `x^2`. `(…)` stands for a
 * parenthesised one.
 */
function factorBefore({ text, tokens, at }: Parser): string {
  const isMarkAt = (i: number, mark: Punctuator): boolean =>
    tokens[i] !== undefined && isMark(tokens[i], mark);
  let start = at - 1;
  if (isMarkAt(start, ")")) return "(…)";
  for (;;) {
    let sign = start - 1;
    while (isMarkAt(sign, "-") || isMarkAt(sign, "+")) sign--;
    if (!isMarkAt(sign, "^")) break;
    start = sign - 1;
    if (isMarkAt(start, ")")) return `(…)${text.slice(tokens[sign]!.span.start, tokens[at - 1]!.span.end)}`;
  }
  const factor = text.slice(tokens[start]!.span.start, tokens[at - 1]!.span.end);
  return factor.length <= longestFactor ? factor : "(…)";
}

const declarations: ReadonlySet<string> = new Set(["let", "const", "var"]);

/** Repair hint for a word that is followed by a value without parentheses; `undefined` if the word names a value. */
function wordBefore({ tokens, at }: Parser, word: string, next: string): string | undefined {
  if (functions.has(word)) return `${word} is a function: write ${word}(${next})`;
  const start = tokens[at - 2];
  if (start !== undefined && start.kind !== "separator") return undefined;
  if (declarations.has(word)) return `a name is defined without ${word}: write ${next} = …`;
  return word === "return" ? `the last value is the result: write ${next} without return` : undefined;
}

function unexpectedAfter(parser: Parser, token: Token): Error {
  const before = parser.tokens[parser.at - 1];
  if (isMark(token, ")")) return syntaxError(parser.text, token.span, "this ) closes nothing");
  if (isMark(token, "?")) return strayQuestion(parser, token);
  if (isMark(token, ",")) {
    return syntaxError(
      parser.text,
      token.span,
      "a comma is allowed only between the arguments of a function",
    );
  }
  if (isMark(token, "=")) {
    return syntaxError(
      parser.text,
      token.span,
      "= is allowed only once, after the name at the start (for a comparison write ==)",
    );
  }
  if (before !== undefined && (token.kind === "name" || token.kind === "number" || isMark(token, "("))) {
    const left = factorBefore(parser);
    const right = isMark(token, "(")
      ? "(…)"
      : spelling(parser, token) + (token.kind === "name" && isMark(peek(parser, 1), "(") ? "(…)" : "");
    const sign = [token, before].find((t) => t.kind === "name" && /^\$+$/.test(t.name));
    if (sign !== undefined) {
      return syntaxError(
        parser.text,
        sign.span,
        `${spelling(parser, sign)} is not an operator of this language`,
      );
    }
    const repair = before.kind === "name" ? wordBefore(parser, before.name, right) : undefined;
    if (repair !== undefined) return syntaxError(parser.text, before.span, repair);
    return syntaxError(
      parser.text,
      token.span,
      `an operator is missing: write ${left} * ${right} for a product`,
    );
  }
  return syntaxError(parser.text, token.span, "this is not expected here");
}
