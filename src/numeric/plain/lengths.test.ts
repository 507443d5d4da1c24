// Errors of calls that give a variable an array of another length, and functions that follow their repairs.
import { expect, test } from "vitest";
import { moduleFrom } from "../../../test/support/plain-agreement.ts";
import { functionOf } from "./call/attach.ts";
import { elaborate } from "./elaborate/elaborate.ts";

type Call = (...args: readonly unknown[]) => unknown;
const compiled = (params: string, result: string, body: string): Call =>
  functionOf(
    elaborate(moduleFrom(`export function f(${params}): ${result} { "use ad"; ${body} }`), "f"),
    () => [],
  ) as Call;

const sum = "return y.reduce((s, v) => s + v * v, 0);";
const anew =
  "arrays keep their length here. Declare a new variable for the new array, as in const kept = x.filter(f). " +
  "If a condition decides, write const y = condition ? a : b. To append in a loop, write x.push(v).";

test.each([
  ["a filtered array", "let y = x; y = y.filter((v) => v > 0);", "const y = x.filter((v) => v > 0);", 10],
  ["a slice", "let y = x; y = y.slice(1);", "const y = x.slice(1);", 13],
  ["an array under a condition", "let y = x; if (c) y = [7, 8];", "const y = c ? [7, 8] : x;", 113],
  [
    "an array that grows in a loop",
    "let y = [1, 2]; for (let i = 0; i < x.length; i++) y = [...y, x[i]!];",
    "const y = [1, 2]; for (let i = 0; i < x.length; i++) y.push(x[i]!);",
    19,
  ],
])("%s: the error of another length has a repair that works", (_, body, repaired, expected) => {
  const args = [[1, -2, 3], true];
  const params = "x: number[], c: boolean";
  expect(() => compiled(params, "number", `${body} ${sum}`)(...args)).toThrow(anew);
  expect(compiled(params, "number", `${repaired} ${sum}`)(...args)).toBe(expected);
});

test("a tuple from an array of another length: the error has a repair that works", () => {
  const returned = compiled("x: number[]", "[number, number]", "return x.map((v) => 2 * v);");
  expect(() => returned([1, 2, 3])).toThrow(
    "The result type is a tuple of 2 items: return an array of 2 numbers, or declare the result as number[].",
  );
  const repaired = compiled("x: number[]", "number[]", "return x.map((v) => 2 * v);");
  expect(repaired([1, 2, 3])).toEqual([2, 4, 6]);
  const declared = "let t: [number, number] = [1, 2];";
  const product = "return t[0] * t[1];";
  const params = "x: number[]";
  const assigned = compiled(params, "number", `${declared} t = x as [number, number]; ${product}`);
  expect(assigned([3, 4])).toBe(12);
  expect(() => assigned([3, 4, 5])).toThrow(
    "The variable has 2 items: write [x[0], x[1]], where x is the array.",
  );
  expect(compiled(params, "number", `${declared} t = [x[0], x[1]]; ${product}`)([3, 4, 5])).toBe(12);
});
