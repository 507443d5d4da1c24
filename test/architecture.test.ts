import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "./support/snippets.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const text = read("ARCHITECTURE.md");
const { order, inside } = JSON.parse(read("layers.json")) as {
  order: string[];
  inside: Record<string, string[]>;
};

/** Maximum numbers of words: of a folder's README, and of ARCHITECTURE.md. */
const [page, whole] = [450, 1200];

const wordsIn = (words: string): number => words.split(/\s+/).filter((word) => /\w/.test(word)).length;

const foldersOf = (path: string): string[] =>
  readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !["node_modules", "testdata"].includes(entry.name))
    .map((entry) => `${path}/${entry.name}`);

test("ARCHITECTURE.md has a row for each folder of src, in the order of the layers", () => {
  const rows = [...text.matchAll(/^\| `src\/([\w/]+)` +\| \S/gm)].map((match) => match[1]);
  expect(rows).toEqual(order);
});

test("layers.json has each folder of src, by its group, and src has ten entries at most", () => {
  const groups = ["engine", "numeric", "training", "pictures"].map((group) => `src/${group}`);
  const top = foldersOf("src");
  expect(top.length + 1).toBeLessThanOrEqual(10);
  const folders = top.flatMap((folder) => (groups.includes(folder) ? foldersOf(folder) : [folder]));
  expect(order.map((folder) => `src/${folder}`).toSorted()).toEqual(folders.toSorted());
});

test("ARCHITECTURE.md is short", () => {
  expect(wordsIn(text)).toBeLessThanOrEqual(whole);
});

test("every path that ARCHITECTURE.md names exists", () => {
  const paths = [...text.matchAll(/`((?:src|test|scripts|bench|docs|playground|examples)\/[\w./-]*)`/g)].map(
    (m) => m[1] ?? "",
  );
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

const owed = [...order.map((folder) => `src/${folder}`), ...foldersOf("src/engine/backends")];
const below = (folder: string): string[] => foldersOf(folder).flatMap((inner) => [inner, ...below(inner)]);
const others = below("src").filter((folder) => existsSync(join(root, folder, "README.md")));
const readmes = [...new Set([...owed, ...others])];

describe.each(readmes)("%s/README.md", (folder) => {
  const readme = read(`${folder}/README.md`);

  test("describes the folder in at most one page", () => {
    const [title, ...rest] = readme.split("\n");
    expect(title).toBe(`# \`${folder.replace("src/", "")}\``);
    expect(wordsIn(rest.join(" "))).toBeGreaterThan(5);
    expect(wordsIn(readme)).toBeLessThanOrEqual(page);
  });

  test("names only existing files", () => {
    const named = [...readme.matchAll(/`([\w./-]+(?:\.ts|\/))`/g)].map((match) => match[1] ?? "");
    const isThere = (name: string): boolean =>
      [folder, `${folder}/..`, `${folder}/../..`, "src/engine", "src", "."].some((base) =>
        existsSync(join(root, base, name)),
      ) || foldersOf(folder).some((inner) => existsSync(join(root, inner, name)));
    expect(named.filter((name) => !isThere(name))).toEqual([]);
  });
});

test.each(Object.entries(inside))(
  "the README of src/%s names its folders in their order",
  (folder, parts) => {
    const listed = [...read(`src/${folder}/README.md`).matchAll(/^- `([\w-]+)\/`/gm)].map(
      (match) => match[1],
    );
    expect(listed).toEqual(parts);
  },
);
