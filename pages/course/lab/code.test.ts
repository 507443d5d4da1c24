import { describe, expect, test } from "vitest";
import { loadParser } from "../../../src/numeric/plain/syntax/parser.ts";
import { mostLines, runCode } from "./code.ts";

async function printedBy(text: string): Promise<string[]> {
  const lines: string[] = [];
  await runCode(text, { print: (line) => lines.push(line) });
  return lines;
}

test("modules are imported by name, with another name, and as a whole", async () => {
  const text = `import { grad, sin as sine } from "downhill";
import * as random from "downhill/random";
import {
  adam,
} from "downhill/optim"
console.log(grad((x) => sine(x))(0).item(), typeof random.key, typeof adam);`;
  expect(await printedBy(text)).toEqual(["1 function function"]);
});

test("a missing module, a missing name and a missing definition are reported", async () => {
  await expect(runCode('import { x } from "left-pad";', {})).rejects.toThrow(
    'There is no module "left-pad" here',
  );
  await expect(runCode('import { x } from "constructor";', {})).rejects.toThrow('no module "constructor"');
  await expect(runCode('import { sinn } from "downhill";', {})).rejects.toThrow("has no sinn");
  await expect(runCode("const a = 1;", { names: ["f"] })).rejects.toThrow("Your code has no f");
  await expect(runCode("let = ;", {})).rejects.toThrow(SyntaxError);
});

test("requested names are returned, however they are declared", async () => {
  const text = "function f() { return 1; }\nconst g = () => 2;\nlet h = async () => 3;\nclass K {}";
  const found = await runCode(text, { names: ["f", "g", "h", "K"] });
  expect(Object.values(found).map((value) => typeof value)).toEqual([
    "function",
    "function",
    "function",
    "function",
  ]);
});

test("functions marked with “use ad” are compiled from the syntax tree", async () => {
  const text = `import { grad } from "downhill";
type Pair = { a: number; b: number };
const scale: number = 3;
function f(p: Pair, count: number): number {
  "use ad";
  let y: number = p.a + (0 as number) * p.b!;
  for (let i = 0; i < count; i++) y = scale * y;
  return y;
}
console.log("é", f({ a: 1, b: 2 }, 3), grad(f)({ a: 1, b: 2 }, 3).a);`;
  const lines: string[] = [];
  const tree = (await loadParser())(text, "program.js");
  await runCode(text, { print: (line) => lines.push(line), tree });
  expect(lines).toEqual(["é 27 27"]);
});

describe("printed values", () => {
  test.each([
    ['"a", 1, -0, true, undefined, null', "a 1 -0 true undefined null"],
    ["[1, [2, 3]], []", "[ 1, [ 2, 3 ] ] []"],
    ["{ a: 1, b: [2] }", "{ a: 1, b: [ 2 ] }"],
    ["new Float64Array([1, 2])", "[ 1, 2 ]"],
    ["function f() {}", "[function f]"],
  ])("%s", async (values, wanted) => {
    expect(await printedBy(`console.log(${values});`)).toEqual([wanted]);
  });

  test("output is limited", async () => {
    const lines = await printedBy("for (let i = 0; i < 1000; i++) console.log(i);");
    expect(lines.length).toBe(mostLines + 1);
    expect(lines.at(-1)).toContain("more than");
  });
});

test("requests to other machines are not in reach by name", async () => {
  expect(await printedBy("console.log(typeof fetch, typeof XMLHttpRequest, typeof importScripts);")).toEqual([
    "undefined undefined undefined",
  ]);
});
