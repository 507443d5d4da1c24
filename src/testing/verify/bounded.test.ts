import { expect, test } from "vitest";
import { interpBackend } from "../../engine/backends/interp/index.ts";
import * as k from "../../engine/kernel/build.ts";
import type { Block } from "../../engine/kernel/build.ts";
import { checkRoutine } from "../../engine/kernel/check.ts";
import type { KernelValue } from "../../engine/kernel/executable.ts";
import type { Expr, Routine } from "../../engine/kernel/scalar.ts";
import { compileBounded } from "./bounded.ts";

/** Creates a routine of n and a[4] whose only result is the local `s`. */
function routine(fill: (block: Block, n: Expr, s: Expr) => void): Routine {
  const block = k.makeBlock();
  const s = block.let("s", k.f64(0));
  fill(block, k.local("i32", "n"), s);
  return {
    name: "f",
    inputs: [
      { kind: "scalar", name: "n", type: "i32" },
      { kind: "buffer", buffer: { name: "a", type: "f64", size: 4 } },
    ],
    outputs: [{ kind: "scalar", value: s }],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

const counted = routine((block, n, s) =>
  block.for("i", k.i32(0), n, (loop) => loop.set(s, k.add(s, k.f64(1)))),
);
const endless = routine((block, _, s) =>
  block.while(k.bool(true), (loop) => loop.set(s, k.add(s, k.f64(1)))),
);
const growing = routine((block, n, s) => {
  block.while(k.lt(s, k.convert("f64", n)), (loop) => {
    loop.for("i", k.i32(0), n, (inner, i) => inner.set(s, k.add(s, k.convert("f64", i))));
    loop.set(s, k.add(s, k.f64(1)));
  });
});
const outside = routine((block, n, s) => {
  const at = block.let("at", k.i32(9));
  block.for("i", k.i32(0), n, (loop) => loop.set(at, k.i32(0)));
  block.set(s, k.load("f64", "a", at));
});

function run(of: Routine, n: number, budget: number): { readonly rest: number; readonly result: number } {
  const outputs: KernelValue[] = [0];
  const rest = compileBounded(
    of,
    interpBackend,
    budget,
  )([n, { array: Float64Array.of(7, 0, 0, 0), offset: 0 }], outputs);
  return { rest, result: outputs[0] as number };
}

test("within the budget the results equal those of the routine", () => {
  const { rest, result } = run(counted, 100, 1000);
  expect(result).toBe(100);
  expect(rest).toBeGreaterThan(0);
  expect(rest).toBeLessThan(1000 - 100);
  expect(run(growing, 5, 1000).result).toBe(11);
  expect(run(outside, 3, 1000).result).toBe(7);
});

test.each([
  ["a loop of many iterations", counted, 1_000_000_000],
  ["a loop that never ends", endless, 0],
  ["loops within a loop", growing, 100_000],
  ["a loop that would have computed an index", outside, 1_000_000_000],
])("%s ends when it exceeds the budget", (_, of, n) => {
  expect(run(of, n, 1000).rest).toBeLessThan(0);
});

test("bounded routines are well formed", () => {
  for (const of of [counted, endless, growing, outside]) checkRoutine(of);
});
