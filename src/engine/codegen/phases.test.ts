import { describe, expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import { checkRoutine } from "../kernel/check.ts";
import type { Expr, Routine } from "../kernel/scalar.ts";
import { boundaryOf, phasesOf } from "./phases.ts";
import { printPhases } from "./print-phases.ts";

const size = 64;
const at = (buffer: string, index: Expr): Expr => k.load("f64", buffer, index);
const end = k.i32(size);

/** A routine that reads a, b: f64[64], s: f64 and n: i32, and writes out and more: f64[64]. */
function routineOf(fill: (block: k.Block) => readonly Expr[]): Routine {
  const block = k.makeBlock();
  const results = fill(block);
  const buffer = (name: string) => ({ kind: "buffer", buffer: { name, type: "f64", size } }) as const;
  const routine: Routine = {
    name: "f",
    inputs: [
      buffer("a"),
      buffer("b"),
      { kind: "scalar", name: "s", type: "f64" },
      { kind: "scalar", name: "n", type: "i32" },
    ],
    outputs: [buffer("out"), buffer("more"), ...results.map((value) => ({ kind: "scalar", value }) as const)],
    temps: [],
    arenaBytes: 0,
    body: block.statements,
  };
  checkRoutine(routine);
  return routine;
}

const phasesIn = (fill: (block: k.Block) => readonly Expr[]): string =>
  printPhases(phasesOf(routineOf(fill)));

const product = (block: k.Block): void => {
  const place = (buffer: string) => ({ buffer, offset: k.i32(0) });
  block.contract({
    name: "product",
    type: "f64",
    out: place("out"),
    left: place("a"),
    right: place("b"),
    dims: [
      { role: "row", size: 8, out: 8, left: 8, right: 0 },
      { role: "column", size: 8, out: 1, left: 0, right: 1 },
      { role: "sum", size: 8, out: 0, left: 1, right: 8 },
    ],
    accumulate: false,
  });
};

describe("a routine is cut into phases", () => {
  test("whose scalars cross from the fold that makes them to the loop that reads them, as in a softmax", () => {
    expect(
      phasesIn((block) => {
        const largest = block.reduce("largest", "max", k.f64(-Infinity), "i", k.i32(0), end, (_, i) => at("a", i)); // prettier-ignore
        const low = block.let("low", k.mul(largest, k.local("f64", "s")));
        const half = block.let("half", k.mul(low, k.f64(0.5)));
        block.forEach("j", k.i32(0), end, (loop, j) => loop.store("out", j, k.sub(at("a", j), half)));
        return [largest];
      }),
    ).toMatchInlineSnapshot(`
      "fold by max over i in 0..64; reads a; gives largest
      2 statements; takes largest, s; gives half
      parallel over j in 0..64; takes half; reads a; writes out"
    `);
  });

  test("within loops that stay loops, whose carries cross from iteration to iteration", () => {
    expect(
      phasesIn((block) => {
        const norm = block.let("norm", k.f64(1));
        block.for("t", k.i32(0), k.local("i32", "n"), (loop) => {
          product(loop);
          const sum = loop.reduce("sum", "add", k.f64(0), "i", k.i32(0), end, (_, i) => at("out", i));
          loop.set(norm, k.add(norm, sum));
          loop.forEach("x", k.i32(0), k.i32(8), (rows, x) =>
            rows.forEach("y", k.i32(0), k.i32(8), (row, y) =>
              row.store("more", k.add(k.mul(x, k.i32(8)), y), k.mul(at("b", y), norm)),
            ),
          );
        });
        return [norm];
      }),
    ).toMatchInlineSnapshot(`
      "a statement; gives norm
      for t in 0..n; takes n, norm; reads out, a, b; writes out, more; gives norm
        product; reads a, b; writes out
        fold by add over i in 0..64; reads out; gives sum
        a statement; takes sum, norm; gives norm
        parallel over x in 0..8, y in 0..8; takes norm; reads b; writes more"
    `);
  });

  test("within branches, but not in a fully sequential branch", () => {
    expect(
      phasesIn((block) => {
        block.if(
          k.lt(k.f64(0), k.local("f64", "s")),
          (then) => then.forEach("i", k.i32(0), end, (loop, i) => loop.store("out", i, at("a", i))),
          (otherwise) => product(otherwise),
        );
        return [];
      }),
    ).toMatchInlineSnapshot(`
      "if 0 < s; takes s; reads a, b; writes out
        parallel over i in 0..64; reads a; writes out
      else
        product; reads a, b; writes out"
    `);
    expect(
      phasesIn((block) => {
        const sum = block.let("sum", k.f64(0));
        block.for("i", k.i32(1), end, (loop, i) => {
          loop.set(sum, k.add(sum, at("a", i)));
          loop.store("out", i, k.add(at("out", k.sub(i, k.i32(1))), sum));
        });
        return [sum];
      }),
    ).toMatchInlineSnapshot(`"2 statements; reads a, out; writes out; gives sum"`);
  });
});

test("the boundary of statements: locals that are read, locals that are set, and buffers", () => {
  const { body } = routineOf((block) => {
    const sum = block.let("sum", k.f64(0));
    block.for("i", k.i32(0), k.local("i32", "n"), (loop, i) => {
      const x = loop.let("x", k.mul(at("a", i), k.local("f64", "s")));
      loop.store("out", i, k.add(at("out", i), x));
      loop.set(sum, k.add(sum, x));
    });
    return [sum];
  });
  expect(boundaryOf(body.slice(1))).toEqual({
    captured: [
      { name: "n", type: "i32" },
      { name: "s", type: "f64" },
    ],
    carried: [{ name: "sum", type: "f64" }],
    buffers: [
      { name: "a", isRead: true, isWritten: false },
      { name: "out", isRead: true, isWritten: true },
    ],
  });
});
