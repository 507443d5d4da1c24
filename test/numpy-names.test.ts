// The page of names of other libraries (docs/numpy.md) is written from docs/library-names.json and from the public names:
//   DOWNHILL_WRITE=1 npx vitest run test/numpy-names.test.ts
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { describe, expect, test } from "vitest";
import * as d from "downhill";
import * as fft from "downhill/fft";
import * as linalg from "downhill/linalg";
import * as nn from "downhill/nn";
import * as optim from "downhill/optim";
import * as random from "downhill/random";
import { compareNames, libraries, namesIn, namesPage, publicNames } from "./support/library-names.ts";
import { namesOf } from "./support/public-names.ts";
import { root } from "./support/snippets.ts";

const file = join(root, "docs/numpy.md");
const page = readFileSync(file, "utf8");
const words = (text: string): string[] => text.split(" ");

test("docs/numpy.md is up to date (DOWNHILL_WRITE=1 npx vitest run test/numpy-names.test.ts writes it)", async () => {
  const text = await format(namesPage(page), { ...(await resolveConfig(file)), filepath: file });
  if (process.env["DOWNHILL_WRITE"] === "1") writeFileSync(file, text);
  expect(readFileSync(file, "utf8")).toBe(text);
});

describe.each(libraries)("of $title", (library) => {
  const { same, unlisted } = compareNames(library);

  test("each name is there, has a replacement, or has a reason in docs/library-names.json", () => {
    expect(unlisted).toEqual([]);
    const listed = library.rows.flatMap(({ names }) => words(names));
    expect(
      listed.filter((name, i) => listed.indexOf(name) !== i || !namesIn(library).includes(name)),
    ).toEqual([]);
    expect(same.length).toBeGreaterThan(15);
  });

  test("a row has one of an export, an expression and a reason", () => {
    const isComplete = ({ use, code, why }: (typeof library.rows)[number]): boolean =>
      [use, code, why].filter((part) => part !== undefined && part.length > 0).length === 1;
    expect(library.rows.filter((row) => !isComplete(row))).toEqual([]);
  });

  test("replacements are exported", () => {
    expect(library.rows.flatMap(({ use }) => (use === undefined ? [] : words(use)).filter((name) => !publicNames.has(name)))).toEqual([]); // prettier-ignore
  });
});

test("NumPy has each name that the table of public names states as the same", () => {
  const camel = new Set(compareNames(libraries[0]!).same);
  const stated = namesOf("downhill").flatMap(({ name, numpy }) => (numpy === "same" ? [name] : []));
  expect(stated.filter((name) => !camel.has(name))).toEqual([]);
});

/** Variables of the expressions. */
const variables = {
  a: d.tensor([[4, 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 2]]), // prettier-ignore
  b: d.tensor([1, 2, 3]),
  f: (row: d.Tensor) => row.sum(),
  i: [2, 0],
  images: d.tensor(Array.from({ length: 64 }, (_, i) => Math.sin(i)), { shape: [1, 4, 4, 4] }), // prettier-ignore
  k: 2,
  labels: d.tensor([0, 2], { dtype: "int32" }),
  logits: d.tensor([[1, -1, 0.5], [0.2, 2, 0]]), // prettier-ignore
  mask: d.tensor([true, false, true, false]),
  n: 5,
  names: ["1", "2"],
  p: d.tensor([0.2, 0.5, 0.7, 0.9]),
  s: random.key(0),
  whole: d.tensor([1, 6, 3], { dtype: "int32" }),
  x: d.tensor([0.3, 0.9, 1.7, 2.4]),
  y: d.tensor([0.25, 0.5, 1, 2]),
};

const scope: Readonly<Record<string, unknown>> = { ...d, fft, linalg, nn, optim, random, ...variables };
const evaluate = (code: string): unknown =>
  // oxlint-disable-next-line eslint/no-new-func, typescript/no-implied-eval -- the expressions are those of the documentation
  (new Function(...Object.keys(scope), `return (${code});`) as (...values: unknown[]) => unknown)(...Object.values(scope)); // prettier-ignore

test("expressions run, and none of their numbers is NaN", () => {
  const expressions = libraries.flatMap(({ rows }) => rows.flatMap(({ code }) => code ?? []));
  expect(expressions.length).toBeGreaterThan(100);
  for (const code of expressions) {
    const value = evaluate(code);
    expect(value, code).not.toBe(undefined);
    const tensors = [value].flat().filter((part) => part instanceof d.Tensor);
    for (const part of tensors) expect(part.data().every((v) => !Number.isNaN(v)), code).toBe(true); // prettier-ignore
  }
});

test("expressions of special functions have SciPy's values", () => {
  const path = join(root, "test/testdata/numpy/expressions.json");
  const values = JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, readonly number[]>>;
  const { rows } = libraries.find(({ title }) => title === "scipy.special")!;
  for (const [name, expected] of Object.entries(values)) {
    const { code } = rows.find(({ names }) => words(names).includes(name))!;
    const found = d.ravel(evaluate(code!) as d.Tensor).data();
    expect(found, name).toHaveLength(expected.length);
    expected.forEach((value, i) =>
      expect(Math.abs(found[i]! - value), `${name}, element ${i}`).toBeLessThan(
        1e-10 * Math.max(1, Math.abs(value)),
      ),
    );
  }
});

test("take is among the differences, since NumPy flattens where no axis is named", () => {
  expect(compareNames(libraries[0]!).same).not.toContain("take");
  expect(page.split("## What differs")[1]).toContain("`take(x, i)` without an axis");
  expect(d.take([[3, 1], [2, 4]], [0]).tolist()).toEqual([[3, 1]]); // prettier-ignore
  expect(d.take(d.ravel([[3, 1], [2, 4]]), [0]).tolist()).toEqual([3]); // prettier-ignore
});
