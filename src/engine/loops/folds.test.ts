import { expect, test } from "vitest";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import { printExpr } from "../kernel/print.ts";
import type { Expr, ForStmt, Stmt } from "../kernel/scalar.ts";
import { addingTo, foldOf, typeOfSet } from "./folds.ts";

const [s, a, b] = [k.local("f64", "s"), k.local("f64", "a"), k.local("f64", "b")];
const i = k.local("i32", "i");
const x = k.load("f64", "x", i);
const fresh = (hint: string): string => hint;

function written(write: (block: Block) => void): readonly Stmt[] {
  const block = k.makeBlock();
  write(block);
  return block.statements;
}

const loopOver = (body: readonly Stmt[]): ForStmt => ({
  kind: "for",
  reverse: false,
  index: "i",
  from: k.i32(0),
  to: k.i32(9),
  body,
});

const fold = (write: (block: Block) => void): ReturnType<typeof foldOf> =>
  foldOf(loopOver(written(write)), "s", fresh);

test.each<[string, Expr, string | undefined]>([
  ["s + x", k.add(s, x), "x[i]"],
  ["x + s", k.add(x, s), "x[i]"],
  ["s − x", k.sub(s, x), "-x[i]"],
  ["(s + a) + x", k.add(k.add(s, a), x), "a + x[i]"],
  ["(s + a) − x", k.sub(k.add(s, a), x), "a - x[i]"],
  ["x − s", k.sub(x, s), undefined],
  ["s + s", k.add(s, s), undefined],
  ["(s + a) + s", k.add(k.add(s, a), s), undefined],
  ["s · x", k.mul(s, x), undefined],
])("the term of %s", (_, value, term) => {
  const found = fold((block) => block.set(s, value));
  expect(found && printExpr(found.value)).toBe(term);
  if (found === undefined) return;
  expect(found).toMatchObject({ kind: "reduce", op: "add", index: "i", start: { value: 0 }, body: [] });
});

test("locals between the sum and its terms are substituted, once each", () => {
  const found = fold((block) => {
    const first = block.let("first", k.add(s, a));
    const second = block.let("second", k.add(first, x));
    block.set(s, second);
  });
  expect(found && printExpr(found.value)).toBe("a + x[i]");
});

test("terms in branches are added to a term that begins with 0", () => {
  const found = fold((block) => {
    block.if(k.lt(a, b), (then) => then.set(s, k.add(s, a)));
    block.set(s, k.add(s, x));
  });
  expect(found?.value).toEqual(k.local("f64", "s.term"));
  expect(found?.body).toMatchObject([
    { kind: "let", name: "s.term", value: { value: 0 } },
    { kind: "if", then: [{ kind: "set", name: "s.term" }] },
    { kind: "set", name: "s.term" },
  ]);
});

test.each<[string, (block: Block) => void]>([
  [
    "is read",
    (block) => {
      block.set(s, k.add(s, x));
      block.store("y", i, s);
    },
  ],
  [
    "is read before it is set",
    (block) => {
      const old = block.let("old", s);
      block.store("y", i, old);
      block.set(s, k.add(s, x));
    },
  ],
  ["is a term of itself", (block) => block.set(s, k.add(s, k.mul(s, x)))],
  ["is the bound of a branch", (block) => block.if(k.lt(s, a), (then) => then.set(s, k.add(s, x)))],
  ["is not set", (block) => block.store("y", i, x)],
])("there is no fold if the local %s", (_, write) => {
  expect(fold(write)).toBeUndefined();
});

test("a long body is a fold only if it can be vectorised", () => {
  const long = (end: (block: Block, sum: Expr) => void) => (block: Block) => {
    let sum: Expr = x;
    for (let n = 0; n < 7; n++) sum = block.let(`t${n}`, k.add(k.load("f64", "y", i), sum));
    end(block, sum);
    block.set(s, k.add(s, sum));
  };
  expect(fold(long((block, sum) => block.store("z", i, sum)))).toBeDefined();
  expect(fold(long((block, sum) => block.set(k.local("f64", "last"), sum)))).toBeUndefined();
});

test("addingTo adds to another local, and typeOfSet finds the type in inner blocks", () => {
  const block = written((outer) => {
    outer.for("j", k.i32(0), k.i32(3), (inner) => inner.set(s, k.add(x, s)));
  });
  const other = k.local("f64", "other");
  expect(addingTo(block, "s", other)).toMatchObject([
    { kind: "for", body: [{ kind: "set", name: "other", value: k.add(other, x) }] },
  ]);
  expect(typeOfSet(block, "s")).toBe("f64");
  expect(typeOfSet(block, "a")).toBeUndefined();
});
