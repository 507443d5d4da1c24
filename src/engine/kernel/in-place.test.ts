import { describe, expect, test } from "vitest";
import * as k from "./build.ts";
import { outputsInPlace } from "./in-place.ts";
import type { Expr, Routine } from "./scalar.ts";

const n = 24;

function routineOf(write: (block: k.Block) => void, ins = ["a", "b"], outs = ["out"]): Routine {
  const block = k.makeBlock();
  write(block);
  const port = (name: string) => ({ kind: "buffer", buffer: { name, type: "f64", size: n } }) as const;
  return {
    name: "f",
    inputs: ins.map(port),
    outputs: outs.map(port),
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
}

const at = (buffer: string, i: Expr) => k.load("f64", buffer, i);
const each = (block: k.Block, body: (loop: k.Block, i: Expr) => void): void =>
  block.forEach("i", k.i32(0), k.i32(n), body);
const given = [true, true];

describe("a result reuses the memory of an input", () => {
  test("that is read by the same iteration at the same index", () => {
    const sum = routineOf((block) =>
      each(block, (loop, i) => loop.store("out", i, k.add(at("a", i), at("b", i)))),
    );
    expect(outputsInPlace(sum, given)).toEqual([0]);
    expect(outputsInPlace(sum, [false, true])).toEqual([1]);
    expect(outputsInPlace(sum, [false, false])).toEqual([undefined]);
  });

  test("that was read before", () => {
    const routine = routineOf((block) => {
      const total = block.reduce("total", "add", k.f64(0), "j", k.i32(0), k.i32(n), (_, j) => at("a", j));
      each(block, (loop, i) => loop.store("out", i, k.mul(total, at("b", k.sub(k.i32(n - 1), i)))));
    });
    expect(outputsInPlace(routine, given)).toEqual([0]);
  });

  test("each that of another one", () => {
    const routine = routineOf(
      (block) =>
        each(block, (loop, i) => {
          const [a, b] = [loop.let("x", at("a", i)), loop.let("y", at("b", i))];
          loop.store("out", i, k.add(a, b));
          loop.store("other", i, k.mul(a, b));
          loop.store("third", i, k.sub(a, b));
        }),
      ["a", "b"],
      ["out", "other", "third"],
    );
    expect(outputsInPlace(routine, given)).toEqual([0, 1, undefined]);
  });
});

describe("a result has memory of its own", () => {
  const cases: Readonly<Record<string, (block: k.Block) => void>> = {
    "if another index is read": (block) =>
      each(block, (loop, i) => loop.store("out", i, at("a", k.sub(k.i32(n - 1), i)))),
    "if the iteration reads after it has written": (block) =>
      each(block, (loop, i) => {
        loop.store("out", i, k.f64(1));
        loop.store("a2", i, at("a", i));
      }),
    "if a later loop reads": (block) => {
      each(block, (loop, i) => loop.store("out", i, at("a", i)));
      each(block, (loop, i) => loop.store("a2", i, at("a", i)));
    },
    "if iterations depend on one another": (block) =>
      block.for("t", k.i32(0), k.i32(3), (iteration) =>
        each(iteration, (loop, i) => loop.store("out", i, k.add(at("a", i), k.f64(1)))),
      ),
    "if the iteration folds what it overwrites": (block) =>
      each(block, (loop, i) => {
        const sum = loop.reduce("sum", "add", k.f64(0), "j", k.i32(0), k.i32(n), (_, j) => at("a", j));
        loop.store("out", i, k.add(sum, at("a", i)));
      }),
    "where products read": (block) =>
      block.statements.push({
        kind: "contract",
        name: "c",
        type: "f64",
        out: { buffer: "out", offset: k.i32(0) },
        left: { buffer: "a", offset: k.i32(0) },
        right: { buffer: "a", offset: k.i32(0) },
        dims: [{ role: "row", size: n, out: 1, left: 1, right: 0 }],
        accumulate: false,
      }),
    "if only part of it is written, in an iteration that is conditional": (block) =>
      each(block, (loop, i) => loop.if(k.lt(i, k.i32(3)), (then) => then.store("out", i, at("a", i)))),
    "if its index changes on the way": (block) =>
      each(block, (loop, i) => {
        const j = loop.let("j", i);
        const x = loop.let("x", at("a", j));
        loop.set(j, k.i32(0));
        loop.store("out", j, x);
      }),
  };
  test.each(Object.entries(cases))("%s", (_, write) => {
    expect(outputsInPlace(routineOf(write, ["a"]), [true])).toEqual([undefined]);
  });

  test("of another type or size", () => {
    const routine = routineOf((block) => each(block, (loop, i) => loop.store("out", i, at("a", i))), ["a"]);
    const [input] = routine.inputs;
    if (input?.kind !== "buffer") throw new Error("a buffer");
    for (const buffer of [
      { ...input.buffer, size: n + 1 },
      { ...input.buffer, type: "f32" as const },
    ])
      expect(outputsInPlace({ ...routine, inputs: [{ ...input, buffer }] }, [true])).toEqual([undefined]);
  });
});
