import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";

/** Debian's Python, with whose packages files are exchanged. */
const python = process.env["PYTHON_PATH"] ?? "/usr/bin/python3";

/**
 * A group of tests that need Python with these packages. Where they are missing, the tests are skipped, their name tells
 * what to install, and under `REQUIRE_PYTHON=1` they fail instead.
 */
export function describeWithPython(name: string, packages: readonly string[], tests: () => void): void {
  const { status } = spawnSync(python, ["-c", packages.map((one) => `import ${one}`).join("\n")]);
  if (status === 0) {
    describe(name, () => {
      tests();
    });
    return;
  }
  const install = `apt-get install -y ${packages.map((one) => `python3-${one}`).join(" ")}`;
  describe.skipIf(process.env["REQUIRE_PYTHON"] !== "1")(`${name} (needs ${install})`, () => {
    test("is there, as REQUIRE_PYTHON=1 says", () => {
      expect.unreachable(`there is no such Python: ${install}`);
    });
  });
}

/** What a Python program prints. */
export function runPython(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, ["-c", program, ...words], { encoding: "utf8" });
  if (status !== 0) throw new Error(`python ended with ${status}: ${stderr}`);
  return stdout;
}
