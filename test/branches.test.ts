// What counts as a branch in the coverage of the compiler by random programs.
import { expect, test } from "vitest";

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Branches {
  readonly executionCounts: (
    length: number,
    functions: readonly { ranges: readonly Range[] }[],
  ) => Float64Array;
  readonly branchesIn: (
    text: string,
    counts: Float64Array,
    neverReturns: (name: string) => boolean,
  ) => readonly { readonly kind: string; readonly count: number }[];
  readonly neverReturning: (text: string) => readonly string[];
}

const script = new URL("../scripts/branches.mjs", import.meta.url).href;
const { branchesIn, executionCounts, neverReturning } = (await import(script)) as Branches;

test("branches that end in a throw, or in a call that never returns, do not count", () => {
  const never = neverReturning("function fail(text: string): never { throw new Error(text); }");
  const text = `function f(x) {
  if (x > 0) throw new Error("a");
  const y = x === 0 ? fail("b") : x && 2;
  if (y > 1) return 1;
  else return fail("c");
}`;
  const counts = executionCounts(text.length, []);
  const found = branchesIn(text, counts, (name) => never.includes(name));
  expect(found.map(({ kind }) => kind)).toEqual(["function", "no else", ":", "&&", "then"]);
});

test("the innermost range around a branch is its count, and an absent else runs as often as the condition fails", () => {
  const text = "if (a) { b(); }\nc();";
  const body = { startOffset: text.indexOf("{"), endOffset: text.indexOf("}") + 1, count: 2 };
  const all = { startOffset: 0, endOffset: text.length, count: 5 };
  const counts = executionCounts(text.length, [{ ranges: [all, body] }]);
  expect(branchesIn(text, counts, () => false).map(({ kind, count }) => [kind, count])).toEqual([
    ["then", 2],
    ["no else", 3],
  ]);
});
