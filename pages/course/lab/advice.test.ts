import { expect, test } from "vitest";
import { nameProblem, noteOn, syntaxProblem } from "./advice.ts";
import { check, expectAllNear, judgePuzzle } from "./judge.ts";
import { treeOf } from "./syntax.ts";

/** Code of a puzzle whose second line is given. */
const slope = (line: string): string => `function slope(x) {\n  ${line}\n}`;

const rejected = (text: string): Promise<string> =>
  treeOf(text).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );

test.each<[string, string]>([
  ["return 2x;", "Line 2: Write * between factors: 2 * x instead of 2x."],
  ["return 2.5 x + 1;", "Line 2: Write * between factors: 2.5 * x instead of 2.5 x."],
  ["return 2·x;", "Line 2: Write * for a product instead of ·."],
  ["return 2×x", "Line 2: Write * for a product instead of ×."],
  ["return −x", "Line 2: Write the minus sign - of the keyboard instead of −."],
  ["return 2 * x²;", "Line 2: Write ** for a power: x ** 2 instead of x²."],
  ["return (x + 1) x;", "Line 2: Write * between the factors ) and x."],
  ["return [x * y, x dy + y dx];", "Line 2: Write * between the factors x and dy."],
  ["return f'(x);", "Line 2: A name must not contain an apostrophe: write a new name instead of f'."],
  ["Return 2 * x;", "Line 2: Write return in small letters instead of Return."],
  ["return “2”;", "Line 2: Write straight quotes instead of “."],
  ["return √x;", "Line 2: Write Math.sqrt(x) instead of √x."],
  ["return (2 * x;", "A closing ) is missing."],
  ["return 2 * x);", "There is a closing ) without an opening (."],
])("%s is rejected with its repair", async (line, message) => {
  expect(await rejected(slope(line))).toBe(message);
});

test("Python, a missing brace and other faults are rejected with a reason", async () => {
  expect(await rejected("def slope(x):\n  return 2*x")).toMatch(/^Line 1: This is Python/);
  expect(await rejected("function slope(x) {\n  return 2 * x;")).toBe("A closing } is missing.");
  expect(await rejected(slope("let = 2;"))).toMatch(/^Line 2: ./);
  expect(await rejected(slope("// 2x and 2·x\n  return 0x10 + 1e5 + (1 + x) ? 1 : 2;"))).toBe("");
});

test.each<[string, string, string]>([
  ["cos", "cos(x)", "cos is not defined. Write Math.cos instead."],
  ["np", "np.cos(x)", "np is not defined. Write Math instead: Math.sin(x), Math.exp(x)."],
  ["pi", "2 * pi", "pi is not defined. Write Math.PI instead."],
  [
    "X",
    "function f(x) { return X; }",
    "X is not defined. Do you mean x? JavaScript distinguishes capital letters.",
  ],
  ["slope", "slope(x) = 2*x", "slope is not defined. Define it with function slope(x) { return …; }."],
  ["q", "function f(x) { return q; }", "q is not defined."],
  [
    "x",
    "slope = 2 * x",
    "x is not defined. Keep the line that begins with function, and write below it, or press “Start again”.",
  ],
])("the undefined name %s in %s is explained", (name, code, message) => {
  expect(nameProblem(name, code)).toBe(message);
});

test("powers with ^ and decimal commas are noted, lists of arguments are not", () => {
  expect(noteOn(slope("return x^2;"))).toContain("Write x ** 2");
  expect(noteOn(slope("return 2,0 * x;"))).toContain("2.0 instead of 2,0");
  expect(noteOn(slope("return (f(x + h) - f(x - h)) / 2*h;"))).toBe(
    "Note: a / 2*h is (a / 2) * h. Write a / (2*h) for a quotient by the product.",
  );
  expect(noteOn(slope("return x / (2 * h) * 2 + x / 3 * h; // 1 / 2*h"))).toBe("");
  expect(noteOn('const a = [1,2]; // 1,5 and x^2\nconst b = f(1,2), c = "^";')).toBe("");
});

test("types of TypeScript are accepted, and a missing result or name is explained", async () => {
  const checks = [check<{ slope: (x: number) => unknown }>("is 6", ({ slope: f }) => expect(f(3)).toBe(6))];
  const judged = async (text: string) => {
    const tree = await treeOf(text);
    return judgePuzzle({ names: ["slope"] }, { checks }, text, tree === undefined ? {} : { tree });
  };
  expect(await judged("const slope = (x: number): number => 2 * x;")).toMatchObject({
    isSolved: true,
    note: "",
  });
  expect(await judged(slope("return 2 * cos(x);"))).toMatchObject({
    checks: [{ found: "cos is not defined. Write Math.cos instead." }],
  });
  expect(await judged("2 * x")).toMatchObject({
    problem: "Your code has no function slope. Keep its first line and its name, or press “Start again”.",
  });
});

test("a call of the learner's own sin, a list without brackets and a lone return are explained", async () => {
  const checks = [
    check<{ sin: (pair: readonly [number, number]) => unknown }>("is [0, 1]", ({ sin }) =>
      expectAllNear(sin([0, 1]), [0, 1], "The pair"),
    ),
  ];
  const judged = async (text: string) => judgePuzzle({ names: ["sin"] }, { checks }, text);
  expect(await judged("function sin([x, dx]) { return [sin(x), Math.cos(x) * dx]; }")).toMatchObject({
    checks: [{ found: "sin is your own function here. Write Math.sin for the one of JavaScript." }],
  });
  expect(await judged("function sin([x, dx]) { return Math.sin(x), Math.cos(x) * dx; }")).toMatchObject({
    checks: [
      {
        found:
          "The pair should be an array of numbers; it is 1. Write brackets around several results: return [first, second].",
      },
    ],
  });
  expect(syntaxProblem("return 2 * x;", 0, "'return' outside of function")).toContain(
    "return is outside of a function",
  );
});
