import { afterEach, expect, test, vi } from "vitest";
import { onInterrupt } from "./interrupt.ts";

afterEach(() => vi.restoreAllMocks());

test("the first Ctrl-C aborts, the second quits at once", () => {
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

test("a wish to end the process is taken likewise, and signals are left alone afterwards", () => {
  const before = process.listenerCount("SIGTERM");
  const { exitCode, dispose } = onInterrupt(() => {});
  process.emit("SIGTERM", "SIGTERM");
  expect(exitCode()).toBe(143);
  dispose();
  expect(process.listenerCount("SIGTERM")).toBe(before);
});
