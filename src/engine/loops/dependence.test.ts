// A loop that counts as free of dependences is, as its accesses one by one show.
import { describe, expect, test } from "vitest";
import { extent } from "../../../test/support/extent.ts";
import { choicesOf } from "../../../test/support/draw-region.ts";
import { Choices } from "../../../test/support/random-choices.ts";
import type { Numbers } from "../../../test/support/random-element-loops.ts";
import {
  drawBlock,
  factsOfSizes,
  loopOf,
  m,
  n,
  run,
  valueOf,
} from "../../../test/support/random-element-loops.ts";
import * as k from "../kernel/build.ts";
import type { Expr, ForStmt } from "../kernel/scalar.ts";
import { addedBy, areApart } from "./dependence.ts";

/** True if an iteration of a loop accesses an element that another one writes. */
function hasConflict(loop: ForStmt, at: Numbers): boolean {
  const [readers, writers] = [new Map<string, Set<number>>(), new Map<string, Set<number>>()];
  const end = valueOf(loop.to, at);
  for (let i = valueOf(loop.from, at); i < end; i++)
    run(loop.body, new Map([...at, [loop.index, i]]), (element, isStore) => {
      const users = isStore ? writers : readers;
      users.set(element, (users.get(element) ?? new Set()).add(i));
    });
  return [...writers].some(([element, by]) => new Set([...by, ...(readers.get(element) ?? [])]).size > 1);
}

const isApart = (loop: ForStmt): boolean => areApart(factsOfSizes(loop), loop);

test("random loops that count as apart have no element that two iterations share", () => {
  let apart = 0;
  const count = extent(1200, 100_000, 4000);
  for (let seed = 1; seed <= count; seed++) {
    const choices = new Choices(choicesOf(seed));
    const loop = loopOf((block, i) => drawBlock(choices, block, [i]));
    if (!isApart(loop)) continue;
    apart++;
    for (const [size, width] of [
      [1, 3],
      [3, 1],
      [3, 2],
      [4, 0],
      [4, 5],
    ] as const)
      // prettier-ignore
      if (hasConflict(loop, new Map([["n", size], ["m", width]]))) // prettier-ignore
        expect.fail(`seed ${seed}: iterations share an element for n = ${size}, m = ${width}`);
  }
  expect(apart).toBeGreaterThan(count / 15);
});

describe("iterations are apart", () => {
  const add = (block: k.Block, index: Expr, from = index): void =>
    block.store("a", index, k.add(k.load("f64", "a", from), k.f64(1)));
  const rows = (to: (i: Expr) => Expr, at: (i: Expr, j: Expr) => Expr, from = k.i32(0)): ForStmt =>
    loopOf((block, i) => block.for("j", from, to(i), (inner, j) => add(inner, at(i, j))));
  const row = (i: Expr): Expr => k.mul(i, n);

  test.each<[string, ForStmt]>([
    ["of an element each", loopOf((block, i) => add(block, i))],
    ["of an element each, backwards", loopOf((block, i) => add(block, k.sub(n, i)))],
    ["of a row each", rows(() => n, (i, j) => k.add(row(i), j))],
    ["of the elements of a row after the first", rows(() => n, (i, j) => k.add(row(i), j), k.i32(1))],
    ["of rows that a condition shortens", loopOf((block, i) =>
      block.for("j", k.i32(0), m, (inner, j) => inner.if(k.lt(j, n), (then) => add(then, k.add(row(i), j)))))],
    ["of other elements on each side of a branch", loopOf((block, i) =>
      block.if(k.lt(i, m), (then) => add(then, k.mul(k.i32(2), i)), (otherwise) => add(otherwise, k.add(k.mul(k.i32(2), i), k.i32(1)))))],
    ["that read another array anywhere", loopOf((block, i) => block.store("a", i, k.load("f64", "b", k.i32(0))))],
    ["that write nothing", loopOf((block, i) => block.if(k.lt(i, m), () => undefined))],
  ])("%s", (_, loop) => expect(isApart(loop)).toBe(true)); // prettier-ignore

  test.each<[string, ForStmt]>([
    ["that write one element", loopOf((block) => add(block, m))],
    ["that read the element before", loopOf((block, i) => add(block, i, k.sub(i, k.i32(1))))],
    ["of rows that are one element too long", rows(() => k.add(n, k.i32(1)), (i, j) => k.add(row(i), j))],
    ["of rows of another length", rows(() => m, (i, j) => k.add(row(i), j))],
    ["of columns", rows(() => n, (i, j) => k.add(i, j))],
    ["at the square of the index", loopOf((block, i) => add(block, k.mul(i, i)))],
    ["at an element of an array", loopOf((block, i) => add(block, k.convert("i32", k.load("f64", "b", i))))],
    ["at overlapping pairs", loopOf((block, i) => { add(block, i); add(block, k.add(i, k.i32(1))); })],
  ])("not those %s", (_, loop) => expect(isApart(loop)).toBe(false)); // prettier-ignore
});

test("arrays of a shared buffer are distinguished by their offsets, if every access has one", () => {
  const at = (offset: string, index: Expr): Expr => k.add(k.local("i32", offset), index);
  const copy = (to: (i: Expr) => Expr, from: (i: Expr) => Expr): boolean => {
    const loop = loopOf((block, i) => block.store("a", to(i), k.load("f64", "a", from(i))));
    return areApart({ ...factsOfSizes(loop), offsets: new Set(["x", "y"]) }, loop);
  };
  const next = (i: Expr): Expr => k.add(i, k.i32(1));
  expect(copy((i) => at("x", i), (i) => at("y", next(i)))).toBe(true); // prettier-ignore
  expect(copy((i) => at("x", i), (i) => at("x", next(i)))).toBe(false); // prettier-ignore
  expect(copy((i) => at("x", i), (i) => next(i))).toBe(false); // prettier-ignore
});

test("a store adds to its element if it reads this element as an operand of a sum", () => {
  const [old, other] = [k.load("f64", "a", n), k.load("f64", "b", n)];
  const addedTo = (value: Expr): Expr | undefined => addedBy({ kind: "store", buffer: "a", index: n, value });
  expect(addedTo(k.add(old, other))).toBe(other);
  expect(addedTo(k.add(other, old))).toBe(other);
  expect(addedTo(k.sub(old, other))).toBe(other);
  expect(addedTo(k.sub(other, old))).toBeUndefined();
  expect(addedTo(k.mul(old, other))).toBeUndefined();
  expect(addedTo(k.add(k.load("f64", "a", m), other))).toBeUndefined();
  expect(addedTo(other)).toBeUndefined();
});
