import { transformSync } from "esbuild";
import { afterEach, describe, expect, test } from "vitest";
import { functionOfText } from "./support/plain-region.ts";

interface Site {
  readonly operator: string;
  readonly start: number;
  readonly end: number;
}

const folder = new URL("../scripts/mutate/", import.meta.url).href;
const { sitesOf } = (await import(`${folder}sites.mjs`)) as {
  readonly sitesOf: (file: string, text: string) => readonly Site[];
};
const { instrument } = (await import(`${folder}instrument.mjs`)) as {
  readonly instrument: (text: string, mutants: readonly (Site & { readonly id: number })[]) => string;
};

let active: number | undefined;
const switches = globalThis as { isMutant?: (id: number) => boolean };
switches.isMutant = (id) => id === active;

afterEach(() => (active = undefined));

/** Values of `f` under each mutant of an operator, with the text of the mutated range. */
function valuesUnder(operator: string, text: string, ...args: readonly unknown[]): [string, unknown][] {
  const mutants = sitesOf("f.ts", text).map((site, id) => ({ ...site, id }));
  const { code } = transformSync(instrument(text, mutants), { loader: "ts" });
  const f = functionOfText(code);
  expect(f(...args)).toEqual(functionOfText(transformSync(text, { loader: "ts" }).code)(...args));
  return mutants
    .filter((mutant) => mutant.operator === operator)
    .map(({ id, start, end }) => {
      active = id;
      const value = f(...args);
      active = undefined;
      return [text.slice(start, end), value];
    });
}

describe("mutants", () => {
  test("change the boundary of a comparison, and the order of operands", () => {
    const text = "export function f(x: number, y: number): boolean { return x - 1 < y; }";
    expect(valuesUnder("comparison boundary", text, 3, 2)).toEqual([["x - 1 < y", true]]);
    expect(valuesUnder("swapped operands", text, 3, 2)).toEqual([
      ["x - 1 < y", false],
      ["x - 1", true],
    ]);
  });

  test("negate conditions and remove guards", () => {
    const text = "export function f(x: number) { if (x > 2) return 1; return x === 0 ? 5 : 6; }";
    expect(valuesUnder("negated condition", text, 3)).toEqual([
      ["x > 2", 6],
      ["x === 0", 1],
    ]);
    expect(valuesUnder("removed guard", text, 3)).toEqual([["x > 2", 6]]);
  });

  test("leave checks of internal invariants and comparisons of steps with 0 alone", () => {
    const text = `export function f(x: number, step: number): number {
      if (x > 9) throw internalError("x is large");
      return step > 0 ? x : -x;
    }`;
    expect(
      sitesOf("f.ts", text).map(({ operator, start, end }) => [operator, text.slice(start, end)]),
    ).toEqual([
      ["negated condition", "x > 9"],
      ["swapped operands", "x > 9"],
      ["plus or minus one", "9"],
      ["plus or minus one", "9"],
      ["negated condition", "step > 0"],
      ["swapped operands", "step > 0"],
      ["plus or minus one", "0"],
    ]);
  });

  test("remove statements, and leave functions early", () => {
    const text = "export function f(): number { let x = 1; x += 4; return x; }";
    expect(valuesUnder("removed statement", text)).toEqual([["x += 4;", 1]]);
    expect(valuesUnder("early return", text)).toEqual([["", 0]]);
  });

  test("move integers by one, exchange `&&` and `||`, swap arguments, remove passes", () => {
    expect(valuesUnder("plus or minus one", "export function f() { return 7; }")).toEqual([
      ["7", 8],
      ["7", 6],
    ]);
    expect(valuesUnder("and or", "export function f(a, b) { return a && b; }", true, false)).toEqual([
      ["a && b", true],
    ]);
    expect(
      valuesUnder("swapped operands", "export function f(a, b) { return Math.atan2(a, b); }", 0, -1),
    ).toEqual([["Math.atan2(a, b)", Math.atan2(-1, 0)]]);
    const passes =
      'const g = () => 1; export function f() { return [["a", g], ["b", g], ["c", g]].map(([name]) => name).join(); }';
    expect(valuesUnder("removed pass", passes).map(([, value]) => value)).toEqual(["b,c", "a,c", "a,b"]);
  });

  test("leave types, keys and imports alone", () => {
    const text =
      "type T = readonly [1, 2]; export function f(x: { 3: T } = { 3: [4, 5] }) { return x[3] as unknown as 6; }";
    const numbers = sitesOf("f.ts", text).map(({ start, end }) => text.slice(start, end));
    expect([...new Set(numbers)]).toEqual(["4", "5", "3"]);
  });
});
