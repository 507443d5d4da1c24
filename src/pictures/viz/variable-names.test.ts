import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import * as downhill from "downhill";
import { traceTable } from "./index.ts";
import { variableNames } from "./variable-names.ts";

/** Loads a function from a script, whose file and lines appear unchanged in stack traces. */
function load(body: string, before = "\n\n"): (...args: never[]) => unknown {
  const script = new Script(`${before}(({ add, mul, sin, tanh, matmul, mean, sub }) => {
${body}
  return f;
})`, { filename: "/home/user/model.js" }); // prettier-ignore
  return (script.runInThisContext() as (library: typeof downhill) => (...args: never[]) => unknown)(downhill);
}
const linesOf = (f: (...args: never[]) => unknown, at: readonly unknown[]): string[] =>
  traceTable(f, { at }).program.map(({ text }) => text);

describe("lines have the names of the variables that get their results", () => {
  test("of calls and of methods; unnamed results get letters", () => {
    const f = load(`  function f(x, w) {
    const hidden = tanh(mul(x, w));
    const twice = hidden.mul(2).add(x);
    return sub(twice,
      sin(hidden));
  }`);
    expect(linesOf(f, [1, 2])).toEqual([
      "a = x * w",
      "hidden = tanh(a)",
      "b = hidden * 2",
      "twice = b + x",
      "c = sin(hidden)",
      "z = twice - c",
    ]);
  });

  test("of a loop, numbered", () => {
    const f = load(`  function f(x, w) {
    let h = x;
    for (let i = 0; i < 3; i++) h = tanh(mul(h, w));
    const error = sub(h, 1);
    return mul(error, error);
  }`);
    expect(linesOf(f, [1, 2]).filter((line) => line.startsWith("h") || line.startsWith("error"))).toEqual([
      "h = tanh(a)",
      "h_2 = tanh(b)",
      "h_3 = tanh(c)",
      "error = h_3 - 1",
    ]);
  });

  test("a call inside an expression does not get the variable's name", () => {
    const f = load(`  function f(x) {
    const all = [tanh(x), sin(x)];
    const y = tanh(x)
      .mul(3);
    const pick = true ? mul(y, all[0]) : x;
    return add(pick, all[1]);
  }`);
    expect(linesOf(f, [1])).toEqual(["a = tanh(x)", "b = sin(x)", "c = tanh(x)", "y = c * 3", "f = y * a", "z = f + b"]); // prettier-ignore
  });
});

test("a text that matches its call sites nowhere or twice yields no names", () => {
  const text = `(x) => {
  const a = sin(x);
  const b = sin(a);
  const c = sin(b);
}`;
  const at = (...lines: number[]): { file: string; line: number; column: number }[] =>
    lines.map((line) => ({ file: "m.js", line, column: 13 }));
  expect(variableNames(text, at(11, 12, 13))).toEqual(["a", "b", "c"]);
  expect(variableNames(text, at(11, 12))).toEqual([undefined, undefined]); // a, b or b, c
  const shifted = at(11, 12, 13).map((place) => ({ ...place, column: 12 }));
  expect(variableNames(text, shifted)).toEqual([undefined, undefined, undefined]);
});
