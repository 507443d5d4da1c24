// Turbo mode on the command line: only the option and the environment set the engine's switches.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bin, downhill } from "./support/command.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "downhill-turbo-"));
  writeFileSync(join(folder, "line.csv"), "x,y\n0,1\n1,3\n2,5.1\n3,7\n");
  // reports each switch that is set
  writeFileSync(
    join(folder, "watch.mjs"),
    `import v8 from "node:v8";
    const { setFlagsFromString } = v8;
    v8.setFlagsFromString = (flag) => { process.stderr.write("set " + flag + "\\n"); setFlagsFromString(flag); };`,
  );
  // an engine that offers no switches
  writeFileSync(
    join(folder, "without.mjs"),
    `const { getBuiltinModule } = process;
    process.getBuiltinModule = (name) => (name === "node:v8" ? undefined : getBuiltinModule(name));`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fit(
  words: readonly string[],
  { preload = "watch.mjs", turbo }: { readonly preload?: string; readonly turbo?: string } = {},
): { status: number | null; stdout: string; stderr: string } {
  const flags = ["--import", pathToFileURL(join(folder, preload)).href];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, bin, "fit", "line.csv", "y = a + b*x", "--json", ...words],
    {
      encoding: "utf8",
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", DOWNHILL_TURBO: turbo },
    },
  );
  return { status, stdout, stderr };
}

const slope = (json: string): number =>
  (JSON.parse(json) as { parameters: { b: { value: number } } }).parameters.b.value;

describe("turbo mode on the command line", () => {
  test.each([
    ["--turbo", ["--turbo"], undefined],
    ["DOWNHILL_TURBO=1", [], "1"],
  ])("%s sets a switch of the engine or says why not, and finds the same line", (_, words, turbo) => {
    const { status, stdout, stderr } = fit(words, turbo === undefined ? {} : { turbo });
    expect(status).toBe(0);
    // it is switched off and on to detect whether the engine obeys it, and stays on
    const switches = stderr.match(/^set --(?:no-)?experimental-wasm-.*$/gm) ?? [];
    if (switches.length > 0) expect(switches.at(-1)).toMatch(/^set --experimental-wasm-/);
    else expect(stderr).toMatch(/^downhill: turbo mode stays off: /);
    expect(slope(stdout)).toBeCloseTo(2.01, 12);
  });

  test.each([
    ["nothing", [], undefined],
    ["--no-turbo against the environment", ["--no-turbo"], "1"],
    ["DOWNHILL_TURBO=0", [], "0"],
  ])("%s leaves the engine as it is", (_, words, turbo) => {
    const { status, stderr } = fit(words, turbo === undefined ? {} : { turbo });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("if it stays off, the command says so on stderr and does its work", () => {
    const { status, stdout, stderr } = fit(["--turbo"], { preload: "without.mjs" });
    expect(status).toBe(0);
    expect(stderr).toBe("downhill: turbo mode stays off: it needs Node and WebAssembly with vectors.\n");
    expect(slope(stdout)).toBeCloseTo(2.01, 12);
  });

  test("a value other than on and off is a usage error", () => {
    const { status, stderr } = fit([], { turbo: "yes" });
    expect(status).toBe(2);
    expect(stderr).toContain('error: DOWNHILL_TURBO must be 1 (on) or 0 (off), not "yes".');
  });

  test("exactly the commands that compute have it in their help", async () => {
    const help = async (command: string): Promise<string> => (await downhill([command, "--help"])).stdout;
    for (const command of ["train", "fit", "lr-find", "race", "landscape", "demo"])
      expect(await help(command), command).toContain("--turbo");
    for (const command of ["explain", "schedule"])
      expect(await help(command), command).not.toContain("--turbo");
  });
});
