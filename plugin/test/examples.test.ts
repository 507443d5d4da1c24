// The programs of examples/ in ordinary TypeScript, under the loader. Each checks itself: it throws if its result is
// wrong.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const examples = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"));

// one process for all, because start-up would take most of the time of each
test("the examples run", async () => {
  const program = examples
    .map((file) => `console.log("== ${file}"); await import("./examples/${file}");`)
    .join("\n");
  const { status, stdout, stderr } = await ended([
    "--import",
    "./plugin/dist/register.js",
    "--input-type=module",
    "--eval",
    program,
  ]);
  expect(stderr, stdout).toBe("");
  expect(status).toBe(0);
  const printed = stdout.split(/^== /m).slice(1);
  expect(printed.map((text) => text.split("\n")[0])).toEqual(examples);
  for (const text of printed) expect(text.trim().split("\n").length).toBeGreaterThan(1);
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function ended(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data) => (stdout += String(data)));
    child.stderr.on("data", (data) => (stderr += String(data)));
    child.on("close", (status) => {
      resolve({ status, stdout, stderr });
    });
  });
}
