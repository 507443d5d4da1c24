import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { launchVariables } from "../../training/distributed/launched.ts";

/**
 * Kills an MPI launcher and all processes that it has started. On Linux they are identified by their environment, which
 * names the folder of the run, even if the launcher is gone; elsewhere by their parents.
 */
export function endRun(launcher: number, running: string): void {
  const all = process.platform === "linux" ? processesOf(running) : descendantsOf(launcher);
  for (const pid of [-launcher, ...all]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has ended meanwhile
    }
  }
}

function processesOf(running: string): readonly number[] {
  const mark = `${launchVariables.running}=${running}`;
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      return readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(mark) ? [Number(name)] : [];
    } catch {
      return []; // it belongs to another user or has ended
    }
  });
}

function descendantsOf(launcher: number): readonly number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const pairs = (stdout ?? "")
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  const all = new Set([launcher]);
  for (const one of all) for (const [pid, parent] of pairs) if (parent === one) all.add(pid!);
  return [...all];
}
