import { expect, test } from "vitest";
import { wrapLine } from "./wrap.ts";

const name = (n: number): string => "x".repeat(n);

test("short lines and loop heads are unchanged", () => {
  expect(wrapLine("const y = f(x);", 4)).toEqual(["const y = f(x);"]);
  expect(wrapLine(`for (let ${name(120)} = 0; ;) {`, 0)).toHaveLength(1);
});

test("a long line is broken after its operators of lowest precedence, and before those of a conditional expression", () => {
  const [a, b] = [name(60), name(70)];
  expect(wrapLine(`const y = ${a} * 2 + ${b} * 3;`, 2)).toEqual([`const y = ${a} * 2 +`, `  ${b} * 3;`]);
  expect(wrapLine(`return ${a} < 1 ? ${b} : 0;`, 2)).toEqual([`return ${a} < 1`, `  ? ${b}`, "  : 0;"]);
});

test("without operators a line is broken within its longest brackets; strings are unchanged", () => {
  const text = `"a, (b + ${name(80)}"`;
  expect(wrapLine(`y += f(i * 2, ${text}, ${name(30)});`, 2)).toEqual([
    "y += f(",
    "  i * 2,",
    `  ${text},`,
    `  ${name(30)},`,
    ");",
  ]);
  expect(wrapLine(`if (${name(60)}(${name(60)})) {`, 2)).toEqual([
    "if (",
    `  ${name(60)}(`,
    `    ${name(60)},`,
    "  )",
    ") {",
  ]);
});
