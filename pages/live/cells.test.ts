import { expect, test } from "vitest";
import { cellPaths, levelOf } from "./cells.ts";

const levels = [0.02, 0.4, 0.7];

test("a value has the shade of the last level that it reaches", () => {
  expect([0, 0.019, 0.02, 0.5, 1].map((value) => levelOf(value, levels))).toEqual([0, 0, 1, 2, 3]);
});

test("cells are drawn as runs of one shade, row by row", () => {
  const paths = cellPaths([[1], [0.5, 0.5], [0.01, 0.01, 0.98]], levels);
  expect(paths).toEqual(["", "M0 1.5h2", "M0 0.5h1M2 2.5h1"]);
});
