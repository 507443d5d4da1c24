import { describe, expect, test } from "vitest";
import * as k from "../../kernel/build.ts";
import type { Block } from "../../kernel/build.ts";
import type { Expr, Routine } from "../../kernel/scalar.ts";
import { raceCheckingInterp } from "./index.ts";

/** Runs statements that write to a buffer `a` of 16 elements. */
function runBlock(write: (block: Block) => void): Float64Array {
  const block = k.makeBlock();
  write(block);
  const routine: Routine = {
    name: "loop",
    inputs: [],
    outputs: [{ kind: "buffer", buffer: { name: "a", type: "f64", size: 16 } }],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
  const array = new Float64Array(16);
  raceCheckingInterp().compile(routine)([], [{ array, offset: 0 }]);
  return array;
}

/** Runs an independent loop over 0 to 5. */
const run = (write: (loop: Block, i: Expr) => void): Float64Array =>
  runBlock((block) => block.forEach("i", k.i32(0), k.i32(5), write));

const a = (index: Expr): Expr => k.load("f64", "a", index);
const plus = (index: Expr, n: number): Expr => k.add(index, k.i32(n));

describe("iterations of an independent loop", () => {
  test("may each write their own elements, and read elements that no iteration writes", () => {
    const got = run((loop, i) => {
      loop.store("a", i, k.add(a(i), a(k.i32(9))));
      loop.store("a", i, k.add(a(i), k.f64(1)));
    });
    expect(Array.from(got).slice(0, 6)).toEqual([1, 1, 1, 1, 1, 0]);
  });

  test.each<[string, (loop: Block, i: Expr) => void]>([
    ["read an element that an earlier iteration wrote", (loop, i) => loop.store("a", plus(i, 1), a(i))],
    ["write an element that an earlier iteration read", (loop, i) => loop.store("a", i, a(plus(i, 1)))],
    ["write the same element", (loop) => loop.store("a", k.i32(3), k.f64(1))],
    ["add to the same element", (loop) => loop.store("a", k.i32(3), k.add(a(k.i32(3)), k.f64(1)))],
    [
      "write an element that several iterations read before",
      (loop, i) => loop.store("a", i, k.add(a(k.i32(4)), k.f64(1))),
    ],
    [
      "share a buffer that each iteration fills and reads",
      (loop, i) => {
        loop.for("j", k.i32(8), k.i32(10), (inner, j) => inner.store("a", j, k.f64(1)));
        loop.store("a", i, k.add(a(k.i32(8)), a(k.i32(9))));
      },
    ],
  ])("must not %s", (_, write) => {
    expect(() => run(write)).toThrow(
      /loop "i" is marked as independent, but its iterations \d and \d both touch a\[\d\]/,
    );
  });

  test("are compared in each run of an inner loop, not across runs", () => {
    const array = runBlock((block) =>
      block.for("n", k.i32(0), k.i32(3), (outer) =>
        outer.forEach("i", k.i32(0), k.i32(5), (inner, i) => inner.store("a", i, k.add(a(i), k.f64(1)))),
      ),
    );
    expect(array[4]).toBe(3);
  });
});
