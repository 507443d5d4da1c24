import { expect, test } from "vitest";
import { takeTurbo } from "./turbo.ts";

test.each([
  [[], undefined, false],
  [[], "", false],
  [[], "0", false],
  [[], "1", true],
  [["--turbo"], undefined, true],
  [["--turbo"], "0", true],
  [["--no-turbo"], "1", false],
  [["--", "--turbo"], undefined, false], // a positional word
])("%j with DOWNHILL_TURBO=%s", (words, DOWNHILL_TURBO, isWanted) => {
  expect(takeTurbo(words, { DOWNHILL_TURBO }).isWanted).toBe(isWanted);
});

test("removes its option and keeps the order of the others", () => {
  expect(takeTurbo(["--seed=1", "--turbo", "--json", "--", "--turbo"], {}).words).toEqual([
    "--seed=1",
    "--json",
    "--",
    "--turbo",
  ]);
});

test("refuses a value that is neither on nor off", () => {
  expect(() => takeTurbo([], { DOWNHILL_TURBO: "yes" })).toThrow('must be 1 (on) or 0 (off), not "yes"');
});
