import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extent } from "../../../test/support/extent.ts";
import * as k from "./build.ts";
import { copyExpr } from "./copy.ts";
import { valueOf } from "./evaluate.ts";
import { printExpr } from "./print.ts";
import type { BinaryOp, Expr } from "./scalar.ts";
import type { LocalIntervals } from "./settle.ts";
import { rangeOf, rangesIn, settle, settleBlock } from "./settle.ts";

const [i, n] = [k.local("i32", "i"), k.local("i32", "n")];
const settled = (expr: Expr, ranges: LocalIntervals): Expr =>
  copyExpr(expr, (part) => {
    const plainer = settle(part, ranges);
    return plainer && settled(plainer, ranges);
  });

/** An index along an axis, as `take` reads it: from the end if it is negative, and clamped to the array. */
const clamped = (place: Expr, size: number): Expr =>
  k.min(k.max(k.select(k.lt(place, k.i32(0)), k.add(place, k.i32(size)), place), k.i32(0)), k.i32(size - 1));

describe("known ranges of integers", () => {
  test.each<[string, Expr, string]>([
    ["an index within the array", clamped(i, 10), "i"],
    ["a sum that stays within the array", clamped(k.add(i, k.i32(2)), 12), "i + 2"],
    ["a difference from the end", clamped(k.sub(k.i32(9), i), 10), "9 - i"],
    ["an index that may be out of range", clamped(k.add(i, k.i32(1)), 10), "min(i + 1, 9)"],
    ["one before the first", k.max(k.sub(i, k.i32(1)), k.i32(-1)), "i - 1"],
    ["an index without a known range", clamped(n, 10), printExpr(clamped(n, 10))],
    ["a sum that may wrap", k.lt(k.add(n, k.i32(1)), k.i32(-5)), "n + 1 < -5"],
    ["a constant", clamped(k.i32(-2), 10), "8"],
    ["a condition that always holds", k.and(k.le(i, k.i32(9)), k.lt(n, k.i32(0))), "n < 0"],
    ["floats, which have no range", k.min(k.f64(1), k.f64(2)), "min(1, 2)"],
  ])("%s", (_, expr, expected) => {
    expect(printExpr(settled(expr, new Map([["i", { low: 0, high: 9 }]])))).toBe(expected);
  });

  test("keeps every value, which is within the stated range", () => {
    const ops: readonly BinaryOp[] = ["add", "sub", "mul", "div", "rem", "min", "max", "and", "or", "xor"];
    const relations: readonly BinaryOp[] = ["lt", "le", "eq", "ne"];
    const { integer } = fc.letrec<{ integer: Expr; truth: Expr }>((tie) => ({
      integer: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constantFrom(i, n),
        fc.oneof(fc.integer({ min: -12, max: 12 }), fc.integer()).map(k.i32),
        fc
          .tuple(fc.constantFrom(...ops), tie("integer"), tie("integer"))
          .map(([op, x, y]) => k.binary(op, x, y)),
        fc
          .tuple(tie("truth"), tie("integer"), tie("integer"))
          .map(([condition, x, y]) => k.select(condition, x, y)),
        tie("truth").map((x) => k.convert("i32", x)),
        fc.tuple(tie("integer"), fc.integer({ min: 1, max: 20 })).map(([x, size]) => clamped(x, size)),
      ),
      truth: fc.oneof(
        { maxDepth: 4 },
        fc
          .tuple(fc.constantFrom(...relations), tie("integer"), tie("integer"))
          .map(([op, x, y]) => k.binary(op, x, y)),
        fc
          .tuple(fc.constantFrom<BinaryOp>("and", "or", "xor"), tie("truth"), tie("truth"))
          .map(([op, x, y]) => k.binary(op, x, y)),
      ),
    }));
    const span = fc.tuple(fc.integer({ min: -15, max: 15 }), fc.nat(20), fc.nat());
    fc.assert(
      fc.property(integer, span, fc.integer(), (expr, [low, width, inside], any) => {
        const ranges = new Map([["i", { low, high: low + width }]]);
        const locals = { i: low + (inside % (width + 1)), n: any };
        const at = (x: Expr): number =>
          valueOf(
            copyExpr(x, (part) =>
              part.kind === "local" ? k.i32(locals[part.name as "i" | "n"]) : undefined,
            ),
          )!;
        expect(at(settled(expr, ranges))).toBe(at(expr));
        const range = rangeOf(expr, ranges)!;
        expect(at(expr)).toBeGreaterThanOrEqual(range.low);
        expect(at(expr)).toBeLessThanOrEqual(range.high);
      }),
      { numRuns: extent(800, 10_000, 3000), seed: 1 },
    );
  });

  test("follows from loops and immutable locals", () => {
    const block = k.makeBlock();
    block.for("i", k.i32(0), k.i32(10), (loop, index) => {
      const fixed = loop.let("fixed", k.add(index, k.i32(1)));
      const changing = loop.let("changing", index);
      loop.set(changing, k.i32(99));
      loop.store("out", clamped(fixed, 11), clamped(changing, 11));
    });
    const ranges = rangesIn(block.statements);
    expect([...ranges]).toEqual([
      ["i", { low: 0, high: 9 }],
      ["fixed", { low: 1, high: 10 }],
    ]);
    const [loop] = settleBlock(block.statements);
    const store = loop?.kind === "for" ? loop.body.at(-1) : undefined;
    expect(store?.kind === "store" && [printExpr(store.index), store.value]).toEqual([
      "fixed",
      clamped(k.local("i32", "changing"), 11),
    ]);
  });
});
