import { expect, test } from "vitest";
import { puzzleLinks } from "../lab/titles.ts";
import { readProgress } from "../progress.ts";
import { readResult, writeResult } from "./result.ts";

const all = Object.entries(puzzleLinks).flatMap(([chapter, links]) =>
  links.map(({ id }) => `${chapter}/${id}`),
);

test("a result is read as it was written", () => {
  for (const step of [1, 2, 3, 7, 60]) {
    const solved = new Set(all.filter((_, i) => i % step === 0));
    expect(readResult(writeResult(solved))).toEqual(solved);
  }
  expect(readResult(writeResult(new Set()))).toEqual(new Set());
  expect(writeResult(new Set(["no/such"]))).toBe(writeResult(new Set()));
});

test("a result of a shorter course is read, and other texts are rejected", () => {
  expect(readResult("1")).toEqual(new Set([all[0]]));
  for (const text of ["g", "1--2", "-", "1-<script>", " 1"])
    expect(() => readResult(text), text).toThrow("not a result");
});

test("parts of a stored progress with an unexpected form are dropped", () => {
  const none = { read: [], exercises: [], solved: {}, drafts: {} };
  for (const text of [null, "", "{", "1", "null", '"a"', "[]", '{"read":1,"solved":[1]}', '{"drafts":null}'])
    expect(readProgress(text), String(text)).toEqual(none);
  const stored = { read: ["a", 1], exercises: ["a/b"], solved: { "a/b": "code", c: 2 }, drafts: { d: "e" } };
  expect(readProgress(JSON.stringify(stored))).toEqual({
    read: ["a"],
    exercises: ["a/b"],
    solved: { "a/b": "code" },
    drafts: { d: "e" },
  });
});
