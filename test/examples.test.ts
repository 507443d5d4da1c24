// Every program of examples/ runs from the root and checks itself: it throws where its result is wrong.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./support/snippets.ts";

const examples = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".mjs"));

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(4);
});

test.each(examples)("examples/%s runs", (file) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join("examples", file)], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout.trim()).not.toBe("");
});
