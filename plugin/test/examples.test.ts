// The programs of examples/ in ordinary TypeScript, run as their readers run them. Each checks itself: it throws where its result is
// wrong.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const examples = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"));

test("there are ten examples", () => {
  expect(examples).toHaveLength(10);
});

test.concurrent.each(examples)("examples/%s runs", async (file) => {
  const { status, stdout, stderr } = await ended([
    "--import",
    "./plugin/dist/register.js",
    `examples/${file}`,
  ]);
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout.trim()).not.toBe("");
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
