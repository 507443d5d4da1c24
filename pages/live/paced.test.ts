import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { paced } from "./paced.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("work is done once for all that ask, and again for those that ask later", () => {
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

test("what is cancelled is not done", () => {
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

test("what was asked for is done at once where that is wanted, and not again", () => {
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
