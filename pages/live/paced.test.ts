import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paced } from "./paced.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("requests are merged, and later requests are executed again", () => {
  const act = vi.fn<() => void>();
  const ask = paced(act, 100);
  ask();
  ask();
  vi.advanceTimersByTime(99);
  expect(act).toHaveBeenCalledTimes(0);
  ask();
  vi.advanceTimersByTime(1);
  expect(act).toHaveBeenCalledTimes(1);
  ask();
  vi.advanceTimersByTime(100);
  expect(act).toHaveBeenCalledTimes(2);
});

test("a cancelled request is not executed", () => {
  const act = vi.fn<() => void>();
  const ask = paced(act, 100);
  ask();
  ask.cancel();
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(0);
  ask();
  vi.advanceTimersByTime(100);
  expect(act).toHaveBeenCalledTimes(1);
});

test("`now` executes a pending request immediately, and only once", () => {
  const act = vi.fn<() => void>();
  const ask = paced(act, 100);
  ask.now();
  expect(act).toHaveBeenCalledTimes(0);
  ask();
  ask.now();
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(1);
});
