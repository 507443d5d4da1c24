import { spawnSync } from "node:child_process";
import { describe, expect } from "vitest";
import { testWith } from "./conditions.ts";

/** Debian's Python, whose packages read and write the exchanged files. */
const python = process.env["PYTHON_PATH"] ?? "/usr/bin/python3";

/**
 * A group of tests that need Python with these packages. Without them the tests are skipped; under `REQUIRE_PYTHON=1` the group
 * fails instead.
 */
export function describeWithPython(name: string, packages: readonly string[], tests: () => void): void {
  const { status } = spawnSync(python, ["-c", packages.map((one) => `import ${one}`).join("\n")]);
  const install = `apt-get install -y ${packages.map((one) => `python3-${one}`).join(" ")}`;
  describe(name, () => {
    if (status === 0) return tests();
    testWith(`Python packages (${install})`, process.env["REQUIRE_PYTHON"] === "1")(
      "finds its packages",
      () => {
        expect.unreachable(`Python packages are missing: ${install}`);
      },
    );
  });
}

/** Output of a Python program. */
export function runPython(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, ["-c", program, ...words], { encoding: "utf8" });
  if (status !== 0) throw new Error(`python ended with ${status}: ${stderr}`);
  return stdout;
}
