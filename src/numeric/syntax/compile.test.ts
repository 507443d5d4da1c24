import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeProgram, printProgram, tensor } from "downhill";
import type { Tensor } from "downhill";
import { compileText } from "./compile.ts";
import { constants, functions } from "./functions.ts";

function valueOf(text: string, inputs: Readonly<Record<string, number>> = {}): number {
  const compiled = compileText(text);
  return compiled.evaluate(compiled.inputs.map((name) => tensor(inputs[name]!))).item();
}

function messageOf(text: string): string {
  try {
    compileText(text);
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

test("free names are the inputs, in order of appearance; the result has a name", () => {
  expect(compileText("y*x + sin(y) + pi")).toMatchObject({ inputs: ["y", "x"], outputName: "z" });
  expect(compileText("a = x; b = a + w; b*a")).toMatchObject({ inputs: ["x", "w"], outputName: "z" });
  expect(compileText("z + a")).toMatchObject({ inputs: ["z", "a"], outputName: "w" });
  expect(compileText("loss = x^2")).toMatchObject({ outputName: "loss" });
});

test("name = ? declares an input, in the order of the text, whether it is used or not", () => {
  expect(compileText("y = ?; x = ?; x + 2*w")).toMatchObject({ inputs: ["y", "x", "w"], outputName: "z" });
  expect(valueOf("x = ?\ny = ?\na = x * y\nb = sin(x)\nz = a + b", { x: 2, y: 3 })).toBe(6 + Math.sin(2));
});

describe("with start values, a value without names declares an input", () => {
  const read = (text: string) => compileText(text, { startValues: true });

  test("with that start value", () => {
    const { inputs, starts, statements } = read("x = 2\ny = -pi/2\na = 3*x\nz = a + y");
    expect(inputs).toEqual(["x", "y"]);
    expect([...starts]).toEqual([
      ["x", 2],
      ["y", -Math.PI / 2],
    ]);
    expect(statements.map(({ name }) => name)).toEqual(["a", "z"]);
  });

  test("except for the result, comparisons, and values with other names", () => {
    expect(read("x = 3")).toMatchObject({ inputs: [], outputName: "x" });
    expect(read("c = 1 < 2; where(c, x, 1)")).toMatchObject({ inputs: ["x"], starts: new Map() });
    expect(read("a = 2; b = 2*a; b*x")).toMatchObject({ inputs: ["a", "x"], starts: new Map([["a", 2]]) });
  });

  test("and without the option it is a constant", () => {
    expect(compileText("x = 2; z = 3*x")).toMatchObject({ inputs: [], starts: new Map() });
  });
});

test("the caller's names take precedence over constants and functions of the language", () => {
  const { inputs, evaluate } = compileText("max = e*exp(e) + max(1, 2)", { names: ["e", "max", "exp"] });
  expect(inputs).toEqual(["e"]);
  expect(evaluate([tensor(2)]).item()).toBe(2 * Math.exp(2) + 2);
});

test("the program has the names of the text", () => {
  const { evaluate } = compileText("p = x*y; q = sin(x); r = p + q");
  const f = (x: Tensor, y: Tensor): Tensor => evaluate([x, y]);
  expect(printProgram(makeProgram(f)(2, 3))).toMatchInlineSnapshot(`
    "f(x:f64[], y:f64[]) {
      p:f64[] = mul x y
      q:f64[] = sin x
      r:f64[] = add p q
      return r
    }"
  `);
});

test.each([
  ["2 + 3 * 4 - 6 / 2", {}, 11],
  ["-2^2", {}, -4],
  ["2^3^2", {}, 512],
  ["7 % 4 + -7 % 4", {}, 0],
  ["max(x, 1, 5) + min(x, 2)", { x: 3 }, 7],
  ["where(x > 2, x, -x) + where(x == 3, 10, 0)", { x: 3 }, 13],
  ["c = x <= 3; where(c, 1, 2)", { x: 3 }, 1],
  ["relu(x) + relu(-x)", { x: -2 }, 2],
  ["e^2 - exp(2)", {}, 0],
  ["log(e) + ln(e) + log2(8) + log10(100)", {}, 7],
  ["sin(π/2) + cos(pi)", {}, 0],
  ["atan2(0, -1) - pi", {}, 0],
  ["c = 2; c", {}, 2],
  ["y = x; y", { x: 4 }, 4],
  ["__proto__ * constructor", { constructor: 3, ["__proto__"]: 2 }, 6],
])("%s", (text, inputs, expected) => {
  expect(valueOf(text, inputs)).toBeCloseTo(expected, 14);
});

test("a long sum is computed without recursion", () => {
  const n = 20_000;
  expect(valueOf(`x${" + x".repeat(n - 1)}`, { x: 1 })).toBe(n);
});

describe("semantic errors point at the fault", () => {
  test.each([
    ["", "there is nothing to compute: write for example x*y + sin(x)\n  \n  ^"],
    ["x*y + sinn(x)", "there is no function sinn: did you mean sin?\n  x*y + sinn(x)\n        ^^^^"],
    ["sin + 1", "sin is a function: write sin(x)\n  sin + 1\n  ^^^"],
    ["sin(x, y)", "sin takes 1 argument, not 2: sin(x)\n  sin(x, y)\n  ^^^^^^^^^"],
    ["atan2(x)", "atan2 takes 2 arguments, not 1: atan2(y, x)\n  atan2(x)\n  ^^^^^^^^"],
    ["max(x)", "max takes at least 2 arguments, not 1: max(x, y, …)\n  max(x)\n  ^^^^^^"],
    ["a = 1; a(x)", "a is not a function: for a product write a * (…)\n  a = 1; a(x)\n         ^"],
    ["e = 2; e*x", "e is the constant 2.718281828459045: choose another name\n  e = 2; e*x\n  ^"],
    ["exp = 2; x", "exp is a function: choose another name\n  exp = 2; x\n  ^^^"],
    ["a = 1; a = 2; a", "a has a value already: choose another name\n  a = 1; a = 2; a\n         ^"],
    ["x = ?; x = ?; x", "x is an input already: choose another name\n  x = ?; x = ?; x\n         ^"],
    ["x = 2; x = ?; x", "x has a value already: choose another name\n  x = 2; x = ?; x\n         ^"],
    [
      "a = 2*x; x = ?; a",
      "x is used before it has a value: move its definition up\n  a = 2*x; x = ?; a\n        ^",
    ],
    ["e = ?; e", "e is the constant 2.718281828459045: choose another name\n  e = ?; e\n  ^"],
    ["x = ?", "x is an input, but nothing is computed: end with a line such as z = 2*x\n  x = ?\n  ^"],
    ["a = a + 1", "a is used in its own definition\n  a = a + 1\n      ^"],
    [
      "a = b; b = 1; a + b",
      "b is used before it has a value: move its definition up\n  a = b; b = 1; a + b\n      ^",
    ],
    ["x*y; x", "this value is never used: give it a name, as in a = …\n  x*y; x\n  ^^^"],
    [
      "where(x, 1, 2)",
      "where needs a comparison first, as in where(x > 0, a, b)\n  where(x, 1, 2)\n        ^",
    ],
    [
      "x * (y > 0)",
      "a comparison is not a number: choose with where(condition, a, b)\n  x * (y > 0)\n       ^^^^^",
    ],
    [
      "x > 0",
      "a comparison has no derivative: choose between numbers, where(condition, a, b)\n  x > 0\n  ^^^^^",
    ],
    ["a = x\nb = cs(a)", "line 2: there is no function cs: did you mean cos?\n  b = cs(a)\n      ^^"],
  ])("%j", (text, expected) => expect(messageOf(text)).toBe(expected));
});

test("every function accepts the numbers of arguments that it declares", () => {
  for (const [name, { least, chooses }] of functions) {
    const args = Array.from({ length: least }, (_, i) => (chooses === true && i === 0 ? "0.5 > 0" : "0.5"));
    expect(Number.isNaN(valueOf(`${name}(${args.join(", ")})`)), name).toBe(name === "acosh");
  }
});

test("arithmetic agrees with JavaScript's", () => {
  const leaf = fc.oneof(fc.integer({ min: 0, max: 9 }).map(String), fc.constantFrom("x", "y"));
  const { expression } = fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc
        .tuple(tie("expression"), fc.constantFrom("+", "-", "*", "/", "%"), tie("expression"))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie("expression").map((a) => `-${a}`),
    ),
  }));
  fc.assert(
    fc.property(expression, (text) => {
      expect(valueOf(text, { x: 1.5, y: -2.25 })).toBe(evaluateInJavaScript(text, 1.5, -2.25));
    }),
  );
});

/** `--x` would be JavaScript's decrement, so signs get blanks. */
function evaluateInJavaScript(text: string, x: number, y: number): number {
  // oxlint-disable-next-line no-new-func typescript/no-implied-eval -- the text is made of the few words above
  const f = new Function("x", "y", `return ${text.replaceAll("-", " -")}`) as (
    x: number,
    y: number,
  ) => number;
  return f(x, y);
}

test("constants are not inputs", () => {
  expect(compileText([...constants.keys()].join(" + ")).inputs).toEqual([]);
});
