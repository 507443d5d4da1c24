import { expect, test } from "vitest";
import { add, sin } from "../../numeric/array/elementwise.ts";
import { compilationStats } from "./executable.ts";
import { jit } from "./jit.ts";

// These must be the first programs of this process: the very first one is cached before its hash is needed.
test("an equal function reuses the first program compiled in a process", () => {
  const make = (): ((x: number) => unknown) => jit((x) => add(sin(x), 1));
  const counts = (): number[] => [compilationStats().compiled, compilationStats().kept];
  expect(counts()).toEqual([0, 0]);
  make()(0.5);
  expect(counts()).toEqual([1, 1]);
  make()(0.25);
  expect(counts()).toEqual([1, 1]);
  jit((x) => add(sin(x), 2))(0.5);
  expect(counts()).toEqual([2, 2]);
  make()(0.125);
  expect(compilationStats().compiled).toBe(2);
});
