import "downhill";
import type { ArgsDef } from "citty";
import { describe, expect, test } from "vitest";
import { endOptions, normaliseArguments } from "./arguments.ts";
import { readNames, readSeed, readValues } from "./shared/assignments.ts";
import { commandHelp, mainHelp, visible } from "./help.ts";
import { paintFor } from "./shared/style.ts";

const args: ArgsDef = {
  text: { type: "positional", required: true },
  at: { type: "string", valueHint: "x=2" },
  seed: { type: "string" },
  json: { type: "boolean", alias: "j", description: "write JSON" },
};

test.each([
  [
    ["x*y", "--at", "x=2", "--json"],
    ["--at=x=2", "--json", "--", "x*y"],
  ],
  [
    ["--at=x=2", "x"],
    ["--at=x=2", "--", "x"],
  ],
  [
    ["-j", "x"],
    ["--json", "--", "x"],
  ],
  [
    ["--no-json", "x"],
    ["--no-json", "--", "x"],
  ],
  [["-x^2"], ["--", "-x^2"]],
  [["-sin(x)"], ["--", "-sin(x)"]],
  [["- x"], ["--", "- x"]],
  [["-"], ["--", "-"]],
  [
    ["--", "-x"],
    ["--", "-x"],
  ],
  [
    ["x", "--at", "-1"],
    ["--at=-1", "--", "x"],
  ],
])("%j", (words, expected) => expect(normaliseArguments(words, args)).toEqual(expected));

test.each([
  [
    ["--at", "x=2", "-j", "run.mjs", "--at", "3"],
    ["--at", "x=2", "-j", "--", "run.mjs", "--at", "3"],
  ],
  [
    ["--at=x", "run.mjs", "--", "-j"],
    ["--at=x", "--", "run.mjs", "--", "-j"],
  ],
  [
    ["--", "run.mjs"],
    ["--", "run.mjs"],
  ],
  [["--json"], ["--json", "--"]],
  [
    ["--what", "run.mjs"],
    ["--what", "--", "run.mjs"],
  ],
])("words after the program in %j are its arguments", (words, expected) => {
  expect(endOptions(words, args)).toEqual(expected);
});

test("a program takes any number of words", () => {
  expect(normaliseArguments(["--", "run.mjs", "--lr", "1"], args, true)).toEqual([
    "--",
    "run.mjs",
    "--lr",
    "1",
  ]);
});

test.each<[string[], string]>([
  [["x", "--att", "x=2"], 'unknown option --att. Did you mean "--at"?'],
  [["x", "--colour"], "unknown option --colour. There are --at, --seed, --json, --help."],
  [
    ["-x"],
    "unknown option -x. There are --at, --seed, --json, --help. If it is not an option, put -- before it.",
  ],
  [["x", "--at"], "--at needs a value: --at <x=2>."],
  [["x", "--at", "--json"], "--at needs a value: --at <x=2>."],
  [["x", "--at="], "--at needs a value: --at <x=2>."],
  [["x", "--json=yes"], "--json takes no value."],
  [["x", "--at", "x=1", "--at", "x=2"], "--at is given twice."],
  [["x", "+", "y"], 'unexpected argument "+". Quote arguments that contain blanks.'],
  [["--json"], "the text is missing."],
])("%j is refused", (words, message) => {
  expect(() => normaliseArguments(words, args)).toThrow(message);
});

describe("values", () => {
  test("numbers, constant formulas, and words for NaN and infinities", () => {
    expect(readValues("--at", "x=2, y=-1e-3", ["x", "y"])).toEqual([2, -1e-3]);
    expect(readValues("--at", "y=max(1, 4)/2,x=pi", ["x", "y"])).toEqual([Math.PI, 2]);
    expect(readValues("--at", "x=inf,y=NaN,z=-inf", ["x", "y", "z"])).toEqual([
      Infinity,
      Number.NaN,
      -Infinity,
    ]);
    expect(readValues("--at", "__proto__=1", ["__proto__"])).toEqual([1]);
  });

  test.each([
    ["x=2", "--at has no value for y: write --at x=2,y=…."],
    ["x=2,y=3,w=1", '--at: the text has no input "w". Its inputs are x, y.'],
    ["x=1,x=2,y=3", "--at gives x twice."],
    ["2,3", '--at: "2" is not an assignment: write --at x=…,y=….'],
    ["x=,y=1", '--at: the value of x is "", write a number'],
    ["x=u,y=1", '--at: the value of x is "u", which is not a number'],
    [
      "x=2*,y=1",
      '--at: the value of x is "2*", which is not a number: a value is missing after *\n  2*\n   ^',
    ],
  ])("%s is refused", (text, message) => {
    expect(() => readValues("--at", text, ["x", "y"])).toThrow(message);
  });

  test("a seed: differentials, zero by default, or the name of one input", () => {
    expect(readSeed("x=1,y=-1", ["x", "y", "z"])).toEqual([1, -1, 0]);
    expect(readSeed("y", ["x", "y"])).toEqual([0, 1]);
    expect(() => readSeed("w", ["x", "y"])).toThrow('--seed: the text has no input "w"');
  });

  test("names", () => {
    expect(readNames("--wrt", "y, x", ["x", "y"])).toEqual(["y", "x"]);
    expect(() => readNames("--wrt", "lenght", ["length"])).toThrow('Did you mean "length"?');
  });
});

test("colours only for a terminal, unless NO_COLOR or FORCE_COLOR is set", () => {
  const dressed = (isTTY: boolean, env: NodeJS.ProcessEnv): boolean =>
    paintFor({ isTTY }, env)("red", "a") !== "a";
  expect(dressed(true, {})).toBe(true);
  expect(dressed(false, {})).toBe(false);
  expect(dressed(true, { NO_COLOR: "1" })).toBe(false);
  expect(dressed(true, { TERM: "dumb" })).toBe(false);
  expect(dressed(false, { FORCE_COLOR: "1" })).toBe(true);
  expect(dressed(true, { FORCE_COLOR: "0" })).toBe(false);
});

test("the help names every option and shows examples", () => {
  const plain = (_: unknown, text: string): string => text;
  const entry = { description: "Show", examples: [["downhill explain x", "a line"]] as const };
  const help = commandHelp("explain", entry, args, plain);
  for (const word of [
    "downhill explain <text> [options]",
    "--at <x=2>",
    "-j, --json",
    "write JSON",
    "downhill explain x",
  ]) {
    expect(help).toContain(word);
  }
  expect(mainHelp(new Map([["explain", entry]]), "1.0", plain)).toContain("explain  Show");
  expect(visible("\u001b[1m∂x\u001b[0m大")).toBe(4);
});
