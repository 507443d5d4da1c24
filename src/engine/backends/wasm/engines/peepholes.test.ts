import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { peepholesFor } from "./peepholes.ts";

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), "utf8");
const files = readdirSync(import.meta.dirname).filter(
  (name) => name.endsWith(".ts") && !/^peepholes?\.(test\.)?ts$/.test(name),
);
const plain = { isRecent: true, wide: false, mayWiden: false };

test("README.md lists each workaround, and each can be left out of a build", () => {
  const told = [...read("README.md").matchAll(/^\| `([\w-]+\.ts)`/gm)].map((match) => match[1] ?? "");
  expect(told.toSorted()).toEqual(files.toSorted());
  for (const file of files) expect(read(file).match(/isFor: [^\n]*\n/g)).toHaveLength(1); // the pattern that `build.mjs --without` searches for
  expect(Object.keys(peepholesFor(plain))).toHaveLength(files.length);
});

test("workarounds for the revectorizer are off without it", () => {
  const { loadedConstants, ...others } = peepholesFor(plain);
  expect(loadedConstants).toBe(true);
  expect(Object.values(others)).toEqual(Object.values(others).map(() => false));
  expect(new Set(Object.values(peepholesFor({ isRecent: true, wide: true, mayWiden: true })))).toEqual(
    new Set([true]),
  );
});
