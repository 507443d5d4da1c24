import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./support/snippets.ts";

test("a rule stood twice among the settings of lint, and the second line had switched it off", () => {
  const text = readFileSync(join(root, ".oxlintrc.json"), "utf8").replaceAll(/^\s*\/\/.*$/gm, "");
  const blocks = text.split(/"rules":/).slice(1);
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks) {
    const rules = [...block.matchAll(/"([a-z]+\/[a-z-]+)":/g)].map((match) => match[1]);
    expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
  }
});
