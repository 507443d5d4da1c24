// An array that counts as private to an iteration is: no iteration reads an element before it writes it, and all write the same ones.
import { describe, expect, test } from "vitest";
import { choicesOf } from "../../../test/support/draw-region.ts";
import { extent } from "../../../test/support/extent.ts";
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
import type { Block } from "../kernel/build.ts";
import type { Expr, ForStmt } from "../kernel/scalar.ts";
import { accessesOf, madeIn } from "./dependence.ts";
import { polynomialOf } from "./index-polynomial.ts";
import { isPrivate } from "./privatisation.ts";

/** Whether `a`, which has `length` elements, counts as private to the iterations of a loop. */
function isOwn(loop: ForStmt, length: Expr = m): boolean {
  const facts = factsOfSizes(loop);
  const list = accessesOf(facts, loop)?.get("a");
  return list !== undefined && isPrivate(facts, loop, list, polynomialOf(length, madeIn(facts, loop)));
}

/** True if an iteration reads an element before it writes it, or iterations write different elements. */
function isShared(loop: ForStmt, at: Numbers): boolean {
  const writtenBy: string[] = [];
  let readsOld = false;
  const end = valueOf(loop.to, at);
  for (let i = valueOf(loop.from, at); i < end; i++) {
    const written = new Set<string>();
    run(loop.body, new Map([...at, [loop.index, i]]), (element, isStore) => {
      if (isStore) written.add(element);
      else if (element.startsWith("a[") && !written.has(element)) readsOld = true;
    });
    writtenBy.push([...written].toSorted().join());
  }
  return readsOld || new Set(writtenBy).size > 1;
}

test("random loops with a private array read only elements that the same iteration wrote", () => {
  let own = 0;
  const count = extent(1500, 100_000, 4000);
  for (let seed = 1; seed <= count; seed++) {
    const choices = new Choices(choicesOf(seed));
    const loop = loopOf((block, i) => {
      // a first loop that fills the array makes private ones likely
      if (choices.below(2) > 0) fill(block, choices.below(2) > 0 ? m : n);
      drawBlock(choices, block, [i]);
    });
    if (!isOwn(loop)) continue;
    own++;
    for (const [size, width] of [
      [2, 3],
      [3, 1],
      [3, 2],
      [4, 5],
    ] as const) {
      const at = new Map([
        ["n", size],
        ["m", width],
      ]);
      if (isInside(loop, at, width) && isShared(loop, at))
        expect.fail(`seed ${seed}: an element is shared for n = ${size}, m = ${width}`);
    }
  }
  expect(own).toBeGreaterThan(count / 100);
});

/** True if a loop accesses only elements that `a` has. */
function isInside(loop: ForStmt, at: Numbers, length: number): boolean {
  let inside = true;
  run([loop], at, (element) => {
    const index = Number(/-?\d+/.exec(element));
    if (element.startsWith("a[") && (index < 0 || index >= length)) inside = false;
  });
  return inside;
}

const fill = (block: Block, end: Expr = m, from: Expr = k.i32(0)): void =>
  block.for("f", from, end, (inner, f) => inner.store("a", f, k.load("f64", "b", f)));
const readAt = (block: Block, index: Expr): void => block.store("c", k.i32(0), k.load("f64", "a", index));
const readAll = (block: Block, index: (j: Expr) => Expr = (j) => j, end: Expr = m): void =>
  block.for("j", k.i32(0), end, (inner, j) => readAt(inner, index(j)));

describe("an array is private to an iteration", () => {
  test.each<[string, ForStmt]>([
    ["that fills it and reads an element", loopOf((block, i) => { fill(block); readAt(block, i); })],
    ["that fills it and reads an element of unknown index", loopOf((block, i) => {
      fill(block); readAt(block, k.convert("i32", k.load("f64", "b", i))); })],
    ["that writes and reads one element", loopOf((block) => {
      block.store("a", n, k.f64(1)); readAt(block, n); })],
    ["that fills and reads the first n elements", loopOf((block) => { fill(block, n); readAll(block, (j) => j, n); })],
    ["that fills and reads n elements from m on", loopOf((block) => {
      block.for("f", k.i32(0), n, (inner, f) => inner.store("a", k.add(f, m), k.f64(1)));
      readAll(block, (j) => k.add(m, j), n); })],
    ["that fills and reads a matrix in other orders", loopOf((block) => {
      block.for("p", k.i32(0), n, (rows, p) => rows.for("q", k.i32(0), m, (inner, q) =>
        inner.store("a", k.add(k.mul(p, m), q), k.f64(1))));
      block.for("s", k.i32(0), m, (columns, s) => columns.for("r", k.i32(0), n, (inner, r) =>
        readAt(inner, k.add(k.mul(r, m), s)))); })],
    ["that only writes it", loopOf((block) => fill(block))],
  ])("%s", (_, loop) => expect(isOwn(loop)).toBe(true)); // prettier-ignore

  test.each<[string, ForStmt]>([
    ["that reads before it writes", loopOf((block, i) => { readAt(block, i); fill(block); })],
    ["that fills only a part", loopOf((block, i) => { fill(block, n); readAt(block, i); })],
    ["that leaves the first element", loopOf((block, i) => { fill(block, m, k.i32(1)); readAt(block, i); })],
    ["that reads one element more than it writes", loopOf((block) => {
      fill(block, n); readAll(block, (j) => j, k.add(n, k.i32(1))); })],
    ["that reads the element after", loopOf((block) => {
      fill(block, n); readAll(block, (j) => k.add(j, k.i32(1)), n); })],
    ["that reads at an unknown index after filling a part", loopOf((block, i) => {
      fill(block, n); readAt(block, k.convert("i32", k.load("f64", "b", i))); })],
    ["that fills under a condition", loopOf((block, i) => {
      block.if(k.lt(i, m), (then) => fill(then)); readAt(block, i); })],
    ["that writes its own element", loopOf((block, i) => { block.store("a", i, k.f64(1)); readAt(block, i); })],
    ["that writes the elements before its own number", loopOf((block, i) => fill(block, i))],
    ["that writes at an unknown index", loopOf((block, i) =>
      block.store("a", k.convert("i32", k.load("f64", "b", i)), k.f64(1)))],
  ])("but not to one %s", (_, loop) => expect(isOwn(loop)).toBe(false)); // prettier-ignore

  test("an unknown length is covered by no loop over the whole array", () => {
    const loop = loopOf((block, i) => {
      fill(block);
      readAt(block, i);
    });
    expect(isOwn(loop, k.convert("i32", k.load("f64", "b", n)))).toBe(false);
  });
});
