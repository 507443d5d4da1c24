// The page about plain functions on the command line: writes its files, runs its commands, and compares their output.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { downhill } from "./support/command.ts";
import { fences, wordsOf } from "./support/snippets.ts";

const parts = fences("docs/plain-commands.md");
const trial = "dose,effect\n0,1.02\n1,2.95\n2,5.1\n3,6.98\n4,9.05\n5,10.4\n6,10.31\n7,10.45\n8,10.36\n";
const cup = "time,temperature\n0,81\n2,70.3\n5,58.1\n9,46.2\n14,36.8\n20,30.1\n30,24.2\n";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-page-"));
  writeFileSync(join(folder, "trial.csv"), trial);
  writeFileSync(join(folder, "cup.csv"), cup);
  for (const { code } of parts) {
    const [, name, text] = /^\/\/ (\S+\.ts)\n(.*)$/s.exec(code) ?? [];
    if (name !== undefined) writeFileSync(join(folder, name), text!);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const commands = parts.flatMap(({ language, code }, i) => {
  if (language !== "sh") return [];
  const shown = parts[i + 1];
  const lines = code.split("\n").filter((line) => line.startsWith("downhill "));
  return lines.map((line) => ({ line, shown: shown?.language === "ts" ? undefined : shown?.code }));
});

describe("the commands of docs/plain-commands.md", () => {
  test("are there", () => {
    expect(commands.length).toBeGreaterThan(4);
  });

  test.each(commands)("$line", async ({ line, shown = "" }) => {
    const words = wordsOf(line).slice(1);
    const { status, stdout, stderr } = await downhill(words, { cwd: folder });
    expect([status, stderr]).toEqual([0, ""]);
    const out = words[words.indexOf("--out") + 1]!;
    const printed = words.includes("--out") ? readFileSync(join(folder, out), "utf8") : stdout;
    for (const part of shown.split(/^…\n/m)) expect(printed).toContain(part.trim());
  });
});
