import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { type StopSignals, stopOnSignals } from "./stop.ts";

const started = { args: [], env: {}, request: "SIGUSR2", end: "SIGTERM" } as const;
let stop: StopSignals | undefined;
let child: ChildProcess | undefined;
afterEach(() => {
  stop?.dispose();
  child?.kill("SIGKILL");
});

/** Calls the handler that a signal to this process would call, without those of the test runner. */
const raise = (name: NodeJS.Signals): void => {
  (process.listeners(name).at(-1) as (name: NodeJS.Signals) => void)(name);
};

test("a signal that arrives before the child starts is forwarded afterwards", async () => {
  stop = stopOnSignals(60_000, () => {});
  raise("SIGTERM");
  expect([stop.by(), stop.exitCode(), stop.signal.aborted]).toEqual(["SIGTERM", 143, true]);
  child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const ended = once(child, "exit");
  stop.guard(child, started, "/nowhere");
  expect(await ended).toEqual([null, "SIGUSR2"]);
});

test("listeners are removed afterwards", () => {
  const before = process.listenerCount("SIGHUP");
  stopOnSignals(0, () => {}).dispose();
  expect(process.listenerCount("SIGHUP")).toBe(before);
});
