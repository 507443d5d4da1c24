import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

/** Top-level types that two files declare under one name, with the reason. */
const allowed: Readonly<Record<string, string>> = {};

test("a top-level type name is declared in one file", () => {
  const root = new URL("../src/", import.meta.url);
  const files = new Map<string, string[]>();
  for (const path of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    const file = path.replaceAll("\\", "/");
    if (!file.endsWith(".ts") || /\.test(-d)?\.ts$|(^|\/)testdata\//.test(file)) continue;
    const source = readFileSync(new URL(file, root), "utf8");
    for (const [, name = ""] of source.matchAll(
      /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class) (\w+)/gm,
    )) {
      const declaring = files.get(name) ?? [];
      if (!declaring.includes(file)) files.set(name, [...declaring, file]);
    }
  }
  expect(files.size).toBeGreaterThan(1000);
  const duplicated = [...files].filter(
    ([name, declaring]) => declaring.length > 1 && !Object.hasOwn(allowed, name),
  );
  expect(Object.fromEntries(duplicated)).toEqual({});
  expect(Object.keys(allowed).filter((name) => (files.get(name)?.length ?? 0) < 2)).toEqual([]);
});
