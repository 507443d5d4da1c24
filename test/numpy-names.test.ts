// The page of NumPy's names agrees with the exports.
import { expect, test } from "vitest";
import * as d from "downhill";
import { root } from "./support/snippets.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const page = readFileSync(join(root, "docs/numpy.md"), "utf8");
const [, same, other, absent] = page.split(/The same names:|## Under another name|## Not there/) as [string, string, string, string]; // prettier-ignore
const names = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);

test("names listed as equal are exported", () => {
  expect(names(same).length).toBeGreaterThan(230);
  expect(names(same).filter((name) => !(name in d))).toEqual([]);
});

test("replacement names are exported, and the replaced ones are not", () => {
  const rows = other.split("\n").filter((line) => line.startsWith("| `"));
  const camel = (name: string): string =>
    name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  for (const row of rows) {
    const [, theirs, ours] = row.split("|") as [string, string, string];
    expect(
      names(ours).filter((name) => !(name in d)),
      row,
    ).toEqual([]);
    expect(
      names(theirs).filter((name) => camel(name) in d),
      row,
    ).toEqual([]);
  }
  const missing = names(absent.split("## What differs")[0]!.split("\n").map((line) => line.split("|")[1] ?? "").join("\n")); // prettier-ignore
  expect(missing.length).toBeGreaterThan(20);
  expect(missing.filter((name) => camel(name) in d)).toEqual([]);
});

test("take is among the differences, since NumPy flattens where no axis is named", () => {
  expect(names(same)).not.toContain("take");
  expect(page.split("## What differs")[1]).toContain("`take(x, i)` without an axis");
  expect(d.take([[3, 1], [2, 4]], [0]).tolist()).toEqual([[3, 1]]); // prettier-ignore
  expect(d.take(d.ravel([[3, 1], [2, 4]]), [0]).tolist()).toEqual([3]); // prettier-ignore
});

test("this test covers all names that NumPy's page lists once", () => {
  const all = names(same);
  expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
});
