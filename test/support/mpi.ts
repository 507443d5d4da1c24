import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { testWith } from "./conditions.ts";
import { root } from "./snippets.ts";

const bin = join(root, "dist/cli/main.js");

/** A launcher of each MPI implementation, under the names that Debian uses to install both. */
export const mpiruns = { openMpi: "mpirun.openmpi", mpich: "mpirun.mpich" } as const;

const install = "apt-get install -y openmpi-bin libopenmpi40 mpich, and npm install";

function isMissing(): boolean {
  const launchers = Object.values(mpiruns).map((path) => spawnSync(path, ["--version"]));
  return launchers.some(({ status }) => status !== 0) || !existsSync(join(root, "node_modules/koffi"));
}

/**
 * A group of tests that need OpenMPI and MPICH. Without them the tests are skipped; under `REQUIRE_MPI=1` the group fails instead.
 */
export function describeWithMpi(name: string, tests: () => void): void {
  describe(name, () => {
    if (!isMissing()) return tests();
    testWith(`OpenMPI and MPICH (${install})`, process.env["REQUIRE_MPI"] === "1")(
      "finds OpenMPI and MPICH",
      () => {
        expect.unreachable(`MPI is missing: ${install}`);
      },
    );
  });
}

/** Exit status and output of a program. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds after which a hanging program is killed with all processes that it started. */
const guard = 120_000;

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Called with the output so far (standard output and error) whenever it grows. */
  readonly watch?: (told: string, pid: number) => void;
}

/** Runs a program until it exits. */
export async function runToEnd(
  path: string,
  words: readonly string[],
  { env, cwd, watch }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(path, words, {
    detached: true, // its own process group, which is killed as a whole
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), guard);
  const told = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      told[name] += text;
      watch?.(told.stdout + told.stderr, child.pid!);
    });
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, ...told });
    });
  });
}

/**
 * Flag of Node for programs that run for a second. Optimising their code would take a third of their time without
 * benefit. Ranks inherit it.
 */
export const shortLived = "--no-opt";

/** Runs a program of `test/support/ranks` by `downhill launch`, or any by its path. */
export async function launchRanks(
  options: readonly string[],
  program: string,
  words: readonly string[] = [],
  run: RunOptions = {},
): Promise<Ended> {
  const path = program.includes("/") ? program : rankProgram(program);
  const asRoot = process.getuid?.() === 0 ? ["--allow-run-as-root"] : [];
  const launch = [shortLived, bin, "launch", ...asRoot, ...options];
  return await runToEnd(process.execPath, [...launch, path, ...words], run);
}

/** The path of a program of `test/support/ranks`. */
export function rankProgram(name: string): string {
  return join(root, "test/support/ranks", name);
}
