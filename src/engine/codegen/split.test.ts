import { expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import type { Expr, Stmt } from "../kernel/scalar.ts";
import { reachedBy, usesOf } from "../kernel/uses.ts";
import { weightOf } from "./cost.ts";
import { splitBlock } from "./split.ts";

const local = (name: string): Expr => k.local("f64", name);
const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);

/** Statements that pass a, b and x on. */
function chain(): Stmt[] {
  const block = k.makeBlock();
  const a = block.let("a", k.mul(local("x"), local("y")));
  block.set(local("x"), k.add(a, local("x")));
  const b = block.let("b", k.mul(a, a));
  block.store("out", k.i32(0), k.add(b, k.load("f64", "in", k.i32(0))));
  return block.statements;
}

test("a small block is not split", () => {
  expect(splitBlock(chain(), [], 1000)).toBeUndefined();
});

test("a single statement is not split however heavy", () => {
  expect(splitBlock(chain().slice(0, 1), [], 1)).toBeUndefined();
});

test("pieces list their incoming and outgoing locals", () => {
  const { pieces, incoming, outgoing } = splitBlock(chain(), [local("b")], 5)!;
  const summary = pieces.map((piece) => [
    piece.statements.length,
    names(piece.incoming),
    names(piece.outgoing),
    piece.buffers,
  ]);
  expect(summary).toEqual([
    [1, ["x", "y"], ["a"], []],
    [1, ["x", "a"], ["x"], []],
    [1, ["a"], ["b"], []],
    [1, ["b"], [], ["out", "in"]],
  ]);
  expect(names(incoming)).toEqual(["x", "y"]);
  expect(names(outgoing)).toEqual(["x", "b"]);
  expect(pieces[1]!.incoming.find(({ name }) => name === "x")!.isSet).toBe(true);
});

test("a local that only one piece uses stays in it", () => {
  const block = k.makeBlock();
  for (let i = 0; i < 6; i++) {
    const t = block.let(`t${i}`, k.mul(local("x"), local("x")));
    block.store("out", k.i32(i), k.add(t, t));
  }
  const { pieces } = splitBlock(block.statements, [], 12)!;
  expect(pieces).toHaveLength(6);
  for (const piece of pieces) expect([names(piece.incoming), names(piece.outgoing)]).toEqual([["x"], []]);
});

test("the weight of a statement includes its inner statements", () => {
  const block = k.makeBlock();
  block.for("i", k.i32(0), k.i32(9), (loop) => loop.set(local("x"), k.mul(local("x"), local("x"))));
  const [loop] = block.statements;
  expect(weightOf(loop!)).toBe(1 + 2 + 1 + 4);
});

test("the names that a block uses", () => {
  const uses = usesOf(chain());
  expect([...uses.touched.keys()].sort()).toEqual(["a", "b", "x", "y"]);
  expect([...uses.declared]).toEqual(["a", "b"]);
  expect([...uses.set]).toEqual(["x"]);
  expect([...uses.buffers].sort()).toEqual(["in", "out"]);
});

test("procedures are visited once, each after those that it calls", () => {
  const table = { name: "t", type: "f64", values: [1] } as const;
  const inner = k.procedure("inner", [], () => k.tableAt(table, k.i32(0)));
  const outer = k.procedure("outer", [], () => k.add(k.call(inner), k.call(inner)));
  const { procedures, tables } = reachedBy([], [k.add(k.call(outer), k.call(inner))]);
  expect(names(procedures)).toEqual(["inner", "outer"]);
  expect(tables).toEqual([table]);
});
