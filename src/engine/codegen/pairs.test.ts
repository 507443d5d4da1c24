import { expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import type { Block } from "../kernel/build.ts";
import { exp64 } from "../kernel/math/index.ts";
import { printHead } from "../kernel/print.ts";
import type { Expr, ForStmt } from "../kernel/scalar.ts";
import { secondIteration } from "./pairs.ts";

function second(write: (body: Block, j: Expr) => void, reverse = false): readonly string[] | undefined {
  const block = k.makeBlock();
  block.for("j", k.i32(0), k.local("i32", "n"), write, reverse);
  const after = secondIteration(block.statements[0] as ForStmt);
  return after?.map(printHead);
}

test("indices of the second iteration are expressed through those of the first", () => {
  const lines = second((body, j) => {
    const at = body.let("at", k.add(k.mul(j, k.i32(4)), k.local("i32", "start")));
    const x = body.let("x", k.load("f64", "a", at));
    body.store("out", k.add(j, k.i32(2)), k.mul(x, x));
  });
  expect(lines).toEqual(["let x: f64 = a[at + 4]", "out[j + 1 + 2] = x * x"]);
});

test("an index that depends on memory is recomputed", () => {
  const lines = second((body, j) => {
    const at = body.let("at", k.add(j, k.load("i32", "starts", k.i32(0))));
    body.store("starts", k.i32(0), at);
    body.store("out", at, k.f64(1));
  });
  expect(lines).toEqual(["let at: i32 = j + 1 + starts[0]", "starts[0] = at", "out[at] = 1"]);
});

test("loops that run backward, contain loops, branches or calls, or change their own locals are not unrolled", () => {
  const store = (body: Block, j: Expr): void => body.store("out", j, k.f64(1));
  expect(second(store)).toBeDefined();
  expect(second(store, true)).toBeUndefined();
  expect(second((body, j) => body.for("i", k.i32(0), j, store))).toBeUndefined();
  expect(second((body, j) => body.if(k.lt(j, k.i32(3)), (then) => store(then, j)))).toBeUndefined();
  expect(second((body, j) => body.store("out", j, k.call(exp64, k.load("f64", "a", j))))).toBeUndefined();
  expect(
    second((body, j) => {
      const at = body.let("at", j);
      body.set(at, k.add(at, k.i32(1)));
      store(body, at);
    }),
  ).toBeUndefined();
  expect(
    second((body, j) => {
      body.set(body.let("x", k.load("f64", "a", j)), k.f64(0));
      store(body, j);
    }),
  ).toBeUndefined();
});
