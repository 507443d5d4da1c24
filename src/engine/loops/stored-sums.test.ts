import { expect, test } from "vitest";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr, Stmt } from "../kernel/scalar.ts";
import { withStoredSums } from "./stored-sums.ts";

const [i, x] = [k.local("i32", "i"), k.local("f64", "x")];
const element = (index: Expr = i): Expr => k.load("f64", "y", index);

function written(write: (block: Block) => void): readonly Stmt[] {
  const block = k.makeBlock();
  write(block);
  return block.statements;
}

const rewritten = (write: (block: Block) => void): readonly Stmt[] => withStoredSums(written(write));

const storeOf = (value: Expr): Stmt => ({ kind: "store", buffer: "y", index: i, value });

test("a sum of an element through locals is one store", () => {
  const found = rewritten((block) => {
    const old = block.let("old", element());
    const sum = block.let("sum", k.add(old, x));
    block.store("y", i, sum);
  });
  expect(found).toEqual([storeOf(k.add(element(), x))]);
});

test("the element may be the second summand, but not the second operand of a difference", () => {
  const through = (op: "add" | "sub"): readonly Stmt[] =>
    rewritten((block) => {
      const old = block.let("old", element());
      block.store("y", i, k.binary(op, x, old));
    });
  expect(through("add")).toEqual([storeOf(k.add(x, element()))]);
  expect(through("sub")).toHaveLength(2);
});

test("differences and inner blocks are rewritten", () => {
  const [loop] = rewritten((block) => {
    block.for("i", k.i32(0), k.i32(3), (inner) => {
      const sum = inner.let("sum", k.sub(element(), x));
      inner.store("y", i, sum);
    });
  });
  expect(loop).toMatchObject({ kind: "for", body: [storeOf(k.sub(element(), x))] });
});

test.each<[string, number, (block: Block) => void]>([
  [
    "another element",
    2,
    (block) => block.store("y", i, block.let("sum", k.add(element(k.add(i, k.i32(1))), x))),
  ],
  [
    "a local with another use",
    3,
    (block) => {
      const old = block.let("old", element());
      block.store("y", i, k.add(old, x));
      block.store("z", i, old);
    },
  ],
  [
    "an element that is stored in between",
    3,
    (block) => {
      const old = block.let("old", element());
      block.store("y", k.i32(0), x);
      block.store("y", i, k.add(old, x));
    },
  ],
  [
    "a product",
    2,
    (block) => {
      const old = block.let("old", element());
      block.store("y", i, k.mul(old, x));
    },
  ],
])("%s is left unchanged", (_, count, write) => {
  const found = rewritten(write);
  expect(found).toHaveLength(count);
  expect(found).toEqual(written(write));
});

test("a local that is set in between is not read later", () => {
  const found = rewritten((block) => {
    const term = block.let("term", x);
    const old = block.let("old", element());
    const sum = block.let("sum", k.add(old, term));
    block.set(term, k.f64(0));
    block.store("y", i, sum);
  });
  expect(found).toHaveLength(5);
});
