// The parent's side of a worker: starts it, sends it orders one after the other, and ends it.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const workerFile = fileURLToPath(new URL("worker.mjs", import.meta.url));
const running = new Set();

/** Ends all workers immediately. */
export function killAll() {
  for (const child of running) child.kill("SIGKILL");
}

/** Number of characters of a worker's output that are kept, to be shown if it dies. */
const kept = 2000;

/**
 * Starts a worker for an entrant.
 *
 * @param {import("./contestants.mjs").Entrant} entrant
 * @param {string[]} [flags] more flags of Node
 */
export function start({ node, flags }, more = []) {
  const child = fork(workerFile, [], {
    execPath: node.path,
    execArgv: [...flags, ...more],
    // Output of libraries must not mix with the lines of --json.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  running.add(child);
  let written = "";
  const keep = (text) => (written = (written + text).slice(-kept));
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);

  let settle;
  const end = (reason) => {
    running.delete(child);
    settle?.({ ok: false, absent: false, reason });
  };
  child.on("message", (answer) => settle?.(answer));
  child.on("error", (error) => end(error.message));
  child.on("exit", (code, signal) =>
    end(
      `the process ended (${signal ?? code})${written === "" ? "" : `: ${written.trim().split("\n").at(-1)}`}`,
    ),
  );

  /** Sends an order and waits at most `limit` seconds for the answer. */
  const ask = (order, rest = {}, limit = 120) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        settle({ ok: false, absent: false, reason: `took more than ${limit} s` });
        child.kill("SIGKILL");
      }, limit * 1000);
      settle = (answer) => {
        settle = undefined;
        clearTimeout(timer);
        resolve(answer);
      };
      if (child.connected) child.send({ order, ...rest });
      else settle({ ok: false, absent: false, reason: "the process has ended" });
    });

  const stop = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.on("exit", () => resolve());
      child.kill("SIGKILL");
    });
  return { ask, stop };
}
