// CONTRIBUTING.md lists components that a library could replace. The list must agree with the files.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./support/snippets.ts";

interface Row {
  readonly component: string;
  readonly files: readonly string[];
  readonly lines: number;
}

const section = /^## Components that a library could replace$[^]*?(?=^## )/m.exec(
  readFileSync(join(root, "CONTRIBUTING.md"), "utf8"),
)![0];

const rows: Row[] = [...section.matchAll(/^\| (.+?) +\| (`.+?`) +\| +(\d+) \|/gm)].map(
  ([, component, files, lines]) => ({
    component: component!,
    files: [...files!.matchAll(/`([^`]+)`/g)].flatMap((match) => expanded(match[1]!)),
    lines: Number(lines),
  }),
);

/** `a/{b,c}.ts` as `a/b.ts` and `a/c.ts`. */
function expanded(path: string): string[] {
  const [, before, names, after] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? [];
  return names === undefined ? [path] : names.split(",").map((name) => `${before}${name}${after}`);
}

/** The number of lines of a source, or of all sources in a folder without tests and generated files. */
function linesOf(path: string): number {
  const full = join(root, path);
  if (!statSync(full).isDirectory()) return readFileSync(full, "utf8").split("\n").length - 1;
  return readdirSync(full, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/\.(test|generated)\.ts$/.test(file))
    .reduce((sum, file) => sum + linesOf(join(path, file)), 0);
}

test("the list of components is found", () => {
  expect(rows.length).toBeGreaterThan(25);
});

test.each(rows)("the files of $component have about the listed number of lines", ({ files, lines }) => {
  const counted = files.reduce((sum, file) => sum + linesOf(file), 0);
  expect(Math.abs(lines - counted), `${counted} lines`).toBeLessThanOrEqual(Math.max(10, counted / 10));
});
