import { expect, test } from "vitest";
import { add, sin } from "../array/elementwise.ts";
import { compilationStats } from "./executable.ts";
import { jit } from "./jit.ts";

// These are the first programs of this process: the very first is kept before anyone hashes it.
test("an equal function finds what the first one of a process was compiled to", () => {
  const make = (): ((x: number) => unknown) => jit((x) => add(sin(x), 1));
  const before = compilationStats();
  expect(before).toEqual({ compiled: 0, kept: 0 });
  make()(0.5);
  expect(compilationStats()).toEqual({ compiled: 1, kept: 1 });
  make()(0.25);
  expect(compilationStats()).toEqual({ compiled: 1, kept: 1 });
  jit((x) => add(sin(x), 2))(0.5);
  expect(compilationStats()).toEqual({ compiled: 2, kept: 2 });
  make()(0.125);
  expect(compilationStats().compiled).toBe(2);
});
