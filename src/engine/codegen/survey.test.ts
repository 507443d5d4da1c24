import { expect, test } from "vitest";
import type { Block } from "../kernel/build.ts";
import * as k from "../kernel/build.ts";
import type { Expr, ForStmt } from "../kernel/scalar.ts";
import { isBestVectorised } from "./survey.ts";

/** A loop over i of 64 independent iterations. */
function loopOver(write: (body: Block, i: Expr) => void): ForStmt {
  const block = k.makeBlock();
  block.forEach("i", k.i32(0), k.i32(64), write);
  return block.statements[0] as ForStmt;
}

const at = (i: Expr, by: number, j: Expr): Expr => k.add(k.mul(i, k.i32(by)), j);
const a = (index: Expr): Expr => k.load("f64", "a", index);

test("a loop over contiguous elements is vectorised, but not one that would fetch single elements", () => {
  const copy = (stride: number): ForStmt =>
    loopOver((body, i) => body.store("out", i, a(k.mul(i, k.i32(stride)))));
  expect(isBestVectorised(copy(1))).toBe(true);
  expect(isBestVectorised(copy(100))).toBe("elements would be fetched one by one");
});

test("an independent inner loop over contiguous elements is vectorised instead of the outer one", () => {
  const nest = (isIndependent: boolean): ForStmt =>
    loopOver((outer, i) =>
      outer[isIndependent ? "forEach" : "for"]("j", k.i32(0), k.i32(64), (inner, j) =>
        inner.store("out", j, k.add(a(j), k.convert("f64", i))),
      ),
    );
  expect(isBestVectorised(nest(true))).toBe("vectorising an inner loop is better");
  expect(isBestVectorised(nest(false))).toBe(true);
});

test("an inner loop that reads single elements leaves the vectors to the outer one", () => {
  const nest = loopOver((outer, i) =>
    outer.forEach("j", k.i32(0), k.i32(64), (inner, j) => inner.store("out", at(j, 64, i), a(at(j, 64, i)))),
  );
  expect(isBestVectorised(nest)).toBe(true);
});

test("short rows of heavy work are vectorised across, unless an inner loop has no known end", () => {
  let heavy = a(k.i32(0));
  for (let i = 0; i < 30; i++) heavy = k.div(k.f64(i), k.sqrt(heavy));
  const nest = (hasWhile: boolean): ForStmt =>
    loopOver((outer, i) => {
      outer.for("j", k.i32(0), k.i32(3), (inner, j) => inner.store("out", at(i, 3, j), heavy));
      if (hasWhile)
        outer.while(k.lt(a(k.i32(0)), k.f64(1)), (inner) => inner.set(k.local("f64", "x"), k.f64(2)));
    });
  expect(isBestVectorised(nest(false))).toBe(true);
  expect(isBestVectorised(nest(true))).toBe("elements would be fetched one by one");
});

test("an inner loop whose bounds differ between lanes excludes vectors", () => {
  const triangle = loopOver((outer, i) =>
    outer.for("j", k.i32(0), i, (inner, j) => inner.store("out", i, a(j))),
  );
  expect(isBestVectorised(triangle)).toBe("an inner loop has bounds that differ between lanes");
});
