import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./support/snippets.ts";

const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
const headings = [...text.matchAll(/^#{2,4} `([^`]+)`/gm)].map((match) =>
  (match[1] ?? "").replace(/\/$/, ""),
);
const { order } = JSON.parse(readFileSync(join(root, "layers.json"), "utf8")) as { order: string[] };

const foldersOf = (path: string): string[] =>
  readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !["node_modules", "testdata"].includes(entry.name))
    .map((entry) => `${path}/${entry.name}`);

test("ARCHITECTURE.md has a section for each folder of src, in the order of the layers", () => {
  const sections = headings.filter((heading) => order.includes(heading.replace("src/", "")));
  expect(sections).toEqual(order.map((folder) => `src/${folder}`));
});

test("layers.json has each folder of src, by its group, and src has ten entries at most", () => {
  const groups = ["engine", "numeric", "training", "pictures"].map((group) => `src/${group}`);
  const top = foldersOf("src");
  expect(top.length + 1).toBeLessThanOrEqual(10);
  const folders = top.flatMap((folder) => (groups.includes(folder) ? foldersOf(folder) : [folder]));
  expect(order.map((folder) => `src/${folder}`).toSorted()).toEqual(folders.toSorted());
});

test("ARCHITECTURE.md has a section for each backend", () => {
  const sections = headings.filter((heading) => heading.startsWith("src/engine/backends/"));
  expect(sections.toSorted()).toEqual(foldersOf("src/engine/backends").toSorted());
});

test("every path that ARCHITECTURE.md names exists", () => {
  const paths = [...text.matchAll(/`((?:src|test|scripts|bench|docs|playground|examples)\/[\w./-]*)`/g)].map(
    (m) => m[1] ?? "",
  );
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test("every section says something", () => {
  const empty = text
    .split(/^(?=#{2,4} )/m)
    .slice(1)
    .filter((section) => section.split("\n").slice(1).join("").trim() === "");
  expect(empty).toEqual([]);
});
