// Every program of examples/ runs from the root and checks itself: it throws if its result is wrong.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testInCi } from "./support/extent.ts";
import { root } from "./support/snippets.ts";

const examples = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".mjs"));

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(4);
});

/** Examples that train or compare for seconds. */
const long = [
  "adbench",
  "checkpoints",
  "curve-fit",
  "lap",
  "learning-rate",
  "normalising-flow",
  "power-flow",
  "race",
  "residual-network",
];

for (const file of examples) {
  const testThis = long.includes(file.replace(/\.mjs$/, "")) ? testInCi : test;
  testThis(`examples/${file} runs`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join("examples", file)], {
      cwd: root,
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout.trim()).not.toBe("");
  });
}

test("a program within the clone gets the advice of one outside: it was taken for a part of the library", () => {
  const program = 'import { tensor } from "downhill"; tensor([1, 2]).squeeze();';
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stderr).toContain("x.squeeze: a tensor has no such property. Write squeeze(x)");
});
