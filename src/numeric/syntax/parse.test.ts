import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BinaryOperator, TextExpr } from "./ast.ts";
import { showExpr } from "./ast.ts";
import { parse } from "./parse.ts";

/** An expression with parentheses around every operation, which shows how it groups. */
function grouping(expr: TextExpr): string {
  switch (expr.kind) {
    case "number":
      return String(expr.value);
    case "name":
      return expr.name;
    case "negate":
      return `(-${grouping(expr.x)})`;
    case "binary":
      return `(${grouping(expr.x)}${expr.operator}${grouping(expr.y)})`;
    case "call":
      return `${expr.name}(${expr.args.map(grouping).join(",")})`;
    default:
      return expr satisfies never;
  }
}

function groups(text: string): string {
  return parse(text)
    .map(({ name, value }) => (name === undefined ? "" : `${name}=`) + (value ? grouping(value) : "?"))
    .join(";");
}

function messageOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

describe("operators group as in mathematics", () => {
  test.each([
    ["x*y + sin(x)", "((x*y)+sin(x))"],
    ["a - b - c", "((a-b)-c)"],
    ["a / b * c % d", "(((a/b)*c)%d)"],
    ["-x^2", "(-(x^2))"],
    ["(-x)^2", "((-x)^2)"],
    ["x^-2", "(x^(-2))"],
    ["x^-y*z", "((x^(-y))*z)"],
    ["2^x^y", "(2^(x^y))"],
    ["2**x**y", "(2^(x^y))"],
    ["-x*y", "((-x)*y)"],
    ["a*-b", "(a*(-b))"],
    ["--x", "(-(-x))"],
    ["+x - +y", "(x-y)"],
    ["a + b < c * d", "((a+b)<(c*d))"],
    ["where(x >= 0, x, -x)", "where((x>=0),x,(-x))"],
    ["x · y − z ÷ 2", "((x*y)-(z/2))"],
    ["x ≤ y", "(x<=y)"],
    ["f()", "f()"],
  ])("%s", (text, expected) => expect(groups(text)).toBe(expected));
});

describe("statements", () => {
  test.each([
    ["a = x*y; b = sin(x); z = a + b", "a=(x*y);b=sin(x);z=(a+b)"],
    ["a = x*y\nb = sin(x)\r\na + b\n", "a=(x*y);b=sin(x);(a+b)"],
    [";; a = 1 ;\n\n; a ;", "a=1;a"],
    ["a = x + # the first\n  y\nz = (a\n  + 1)", "a=(x+y);z=(a+1)"],
    ["a = f(x,\n y)", "a=f(x,y)"],
    ["x = ?\ny = ? ; # given\nx*y", "x=?;y=?;(x*y)"],
    ["# nothing", ""],
    ["größe = θ₁ + x' * π", "größe=(θ₁+(x'*π))"],
    ["__proto__ = constructor + toString", "__proto__=(constructor+toString)"],
  ])("%j", (text, expected) => expect(groups(text)).toBe(expected));

  test("numbers", () => {
    expect(groups("1 + 2. + .5 + 1e3 + 2.5E-3 + 007")).toBe("(((((1+2)+0.5)+1000)+0.0025)+7)");
  });

  test("names with composed and decomposed accents are equal", () => {
    expect(groups("caf\u00e9 + cafe\u0301")).toBe("(caf\u00e9+caf\u00e9)");
  });
});

describe("errors point at the fault", () => {
  test.each([
    ["x + * y", "a value is missing before *\n  x + * y\n      ^"],
    ["x +", "a value is missing after +\n  x +\n    ^"],
    ["(x + y", "this ( is never closed\n  (x + y\n  ^"],
    ["x + y)", "this ) closes nothing\n  x + y)\n       ^"],
    ["sin()x", "an operator is missing: write (…) * x for a product\n  sin()x\n       ^"],
    ["2x", "an operator is missing: write 2 * x for a product\n  2x\n   ^"],
    // only the 2 was taken as the operand of the product
    ["x^2 y", "an operator is missing: write x^2 * y for a product\n  x^2 y\n      ^"],
    [
      "a + x^-2^n sin(y)",
      "an operator is missing: write x^-2^n * sin(…) for a product\n  a + x^-2^n sin(y)\n             ^^^",
    ],
    ["(x + 1)^2 y", "an operator is missing: write (…)^2 * y for a product\n  (x + 1)^2 y\n            ^"],
    ["2(x + 1)", "an operator is missing: write 2 * (…) for a product\n  2(x + 1)\n   ^"],
    ["x + ()", "there is nothing between ( and )\n  x + ()\n       ^"],
    ["x, y", "a comma is allowed only between the arguments of a function\n  x, y\n   ^"],
    ["(x, y)", "a comma is allowed only between the arguments of a function\n  (x, y)\n    ^"],
    [
      "x + 1 = y",
      "only a name is allowed to the left of = (for a comparison write ==)\n  x + 1 = y\n  ^^^^^",
    ],
    [
      "a = b = c",
      "= is allowed only once, after the name at the start (for a comparison write ==)\n  a = b = c\n        ^",
    ],
    ["x[1]", "“[” has no meaning here: this language has no arrays; group with ( )\n  x[1]\n   ^"],
    ["x $ y", "$ is not an operator of this language\n  x $ y\n    ^"],
    ["sin x", "sin is a function: write sin(x)\n  sin x\n  ^^^"],
    ["y * sin 2", "sin is a function: write sin(2)\n  y * sin 2\n      ^^^"],
    ["let z = x*y", "a name is defined without let: write z = …\n  let z = x*y\n  ^^^"],
    [
      "z = x*y; return z",
      "the last value is the result: write z without return\n  z = x*y; return z\n           ^^^^^^",
    ],
    ["x * let y", "an operator is missing: write let * y for a product\n  x * let y\n          ^"],
    ["x ** ** 2", "a value is missing before **\n  x ** ** 2\n       ^^"],
    ["x **", "a value is missing after **\n  x **\n    ^^"],
    [
      "x = 3 + ?",
      "? stands for a whole value, as in x = ?, which declares an input; choose with where(condition, a, b)\n  x = 3 + ?\n          ^",
    ],
    [
      "x = ? + 1",
      "? stands for a whole value, as in x = ?, which declares an input; choose with where(condition, a, b)\n  x = ? + 1\n      ^",
    ],
    [
      "x > 0 ? x : 1",
      "“:” has no meaning here: assign with =, choose with where(condition, a, b)\n  x > 0 ? x : 1\n            ^",
    ],
    ["x!", "“!” has no meaning here: there is no factorial, and “not equal” is !=\n  x!\n   ^"],
    ["x $$ \u0007", "an operator is missing: write x * $$ for a product\n  x $$ \ufffd\n    ^^"],
    [
      "0 < x < 1",
      "comparisons do not chain: choose in steps, where(a < b, where(b < c, …, …), …)\n  0 < x < 1\n        ^",
    ],
    ["1e999", "too large for a float64 number\n  1e999\n  ^^^^^"],
    ["a = x\nb = a + * 2\nb", "line 2: a value is missing before *\n  b = a + * 2\n          ^"],
    ["\tx + * y", "a value is missing before *\n  \tx + * y\n  \t    ^"],
    ["大 + * y", "a value is missing before *\n  大 + * y\n       ^"],
  ])("%j", (text, expected) => {
    const message = messageOf(text);
    if (text.includes("\u0007")) expect(message).toMatch(/has no meaning|operator is missing/);
    else expect(message).toBe(expected);
  });

  test("a long line is truncated around the error", () => {
    const message = messageOf(`${"x + ".repeat(200)}* y${" + z".repeat(200)}`);
    const [, line, caret] = message.split("\n");
    expect(line!.length).toBeLessThan(220);
    expect(line![caret!.indexOf("^")]).toBe("*");
  });

  test("control characters of the text do not reach the message", () => {
    expect(messageOf("x + \u001b[2J")).not.toContain("\u001b");
  });
});

test("deep nesting is an error, not a stack overflow; a long sum is neither", () => {
  expect(messageOf("(".repeat(10_000) + "x" + ")".repeat(10_000))).toMatch(/nested more than 500 deep/);
  expect(messageOf("-".repeat(10_000) + "x")).toMatch(/nested more than 500 deep/);
  const sum = Array.from({ length: 20_000 }, (_, i) => `x${i}`).join(" + ");
  expect(showExpr(parse(sum)[0]!.value!)).toBe(sum);
});

const operators: BinaryOperator[] = ["<", "+", "-", "*", "/", "%", "^"];
const span = { start: 0, end: 0 };
const { expression } = fc.letrec<{ expression: TextExpr }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 6 },
    fc.record({
      kind: fc.constant("number" as const),
      value: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant("name" as const),
      name: fc.constantFrom("x", "y", "α", "w1"),
      span: fc.constant(span),
    }),
    fc.record({ kind: fc.constant("negate" as const), x: tie("expression"), span: fc.constant(span) }),
    fc.record({
      kind: fc.constant("binary" as const),
      operator: fc.constantFrom(...operators),
      x: tie("expression"),
      y: tie("expression"),
      span: fc.constant(span),
    }),
    fc.record({
      kind: fc.constant("call" as const),
      name: fc.constantFrom("sin", "max"),
      args: fc.array(tie("expression"), { minLength: 1, maxLength: 3 }),
      span: fc.constant(span),
      nameSpan: fc.constant(span),
    }),
  ),
}));

test("the text of an expression parses to the same expression", () => {
  fc.assert(
    fc.property(expression, (expr) => {
      const shown = showExpr(expr);
      const [again] = parse(shown);
      expect(grouping(again!.value!)).toBe(grouping(expr));
      expect(showExpr(again!.value!)).toBe(shown);
    }),
  );
});

test("any text is parsed or refused with a syntax error", () => {
  const words = fc.constantFrom(
    "x",
    "2",
    "+",
    "-",
    "*",
    "(",
    ")",
    ",",
    "=",
    ";",
    "\n",
    "sin",
    "^",
    "<",
    " ",
    "#",
    "é",
    "\u0000",
    "😀",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), (pieces) => {
      const message = messageOf(pieces.join(""));
      expect(message === "no error" || message.includes("^")).toBe(true);
    }),
  );
});
