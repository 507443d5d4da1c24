// The picture at the top of the README is up to date, small, and static for readers who prefer reduced motion.
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./support/snippets.ts";

const file = join(root, "docs/pictures/descent.svg");

test("docs/pictures/descent.svg is up to date (node scripts/moving-picture.mjs makes it)", () => {
  const run = spawnSync(process.execPath, [join(root, "scripts/moving-picture.mjs"), "--check"], {
    encoding: "utf8",
  });
  expect([run.status, run.stderr]).toEqual([0, ""]);
});

test("it has at most 300 KB, needs no other file, and respects reduced motion", () => {
  const svg = readFileSync(file, "utf8");
  expect(statSync(file).size).toBeLessThan(300_000);
  expect(svg.match(/https?:\/\/[^"]+/g)).toEqual(["http://www.w3.org/2000/svg"]);
  const [still, moving] = svg.split("@media (prefers-reduced-motion:no-preference)") as [string, string];
  expect(still).not.toContain("animation");
  expect(moving).toContain("infinite");
});
