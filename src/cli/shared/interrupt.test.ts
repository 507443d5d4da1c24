import { afterEach, expect, test, vi } from "vitest";
import { onInterrupt } from "./interrupt.ts";

afterEach(() => vi.restoreAllMocks());

test("the first Ctrl-C aborts, the second one exits at once", () => {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  const announce = vi.fn<() => void>();
  const { signal, exitCode, dispose } = onInterrupt(announce);
  expect([signal.aborted, exitCode()]).toEqual([false, undefined]);
  process.emit("SIGINT", "SIGINT");
  expect([signal.aborted, exitCode()]).toEqual([true, 130]);
  expect(announce).toHaveBeenCalledTimes(1);
  expect(exit).not.toHaveBeenCalled();
  process.emit("SIGINT", "SIGINT");
  expect(exit).toHaveBeenCalledWith(130);
  dispose();
});

test.each([
  ["SIGTERM", 143],
  ["SIGHUP", 129], // the terminal was closed; earlier, the process ended at once and saved nothing
] as const)("%s is taken likewise, and left alone afterwards", (name, code) => {
  const before = process.listenerCount(name);
  const { exitCode, dispose } = onInterrupt(() => {});
  process.emit(name, name);
  expect(exitCode()).toBe(code);
  dispose();
  expect(process.listenerCount(name)).toBe(before);
});
