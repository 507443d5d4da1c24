import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

test("pages of the package carry the licences of the packages in them", () => {
  for (const notices of [
    readFileSync(join(root, "dist/course/licences.txt"), "utf8"),
    readFileSync(join(root, "dist/race-page/race.js"), "utf8").split("*/")[0]!,
  ]) {
    for (const name of ["preact", "modern-gif"]) expect(notices).toMatch(new RegExp(`^${name} \\d`, "m"));
    expect(notices).toContain("The above copyright notice and this permission notice shall be included");
  }
});
