import { expect, test } from "vitest";
import * as k from "./build.ts";
import type { Expr, Procedure, Stmt } from "./scalar.ts";
import { reachedBy, usesOf, usesOfBlock } from "./uses.ts";

const x: Expr = k.load("f64", "x", k.local("i32", "i"));
const inner: Procedure = {
  name: "inner",
  params: [{ name: "a", type: "f64" }],
  body: [],
  result: k.local("f64", "a"),
};
const outer: Procedure = { ...inner, name: "outer", body: [{ kind: "let", name: "b", value: callOf(inner, k.local("f64", "a")) }] }; // prettier-ignore

function callOf(procedure: Procedure, arg: Expr): Expr {
  return { kind: "call", type: "f64", procedure, args: [arg] };
}

const loop = (body: readonly Stmt[]): Stmt => ({ kind: "for", index: "i", from: k.i32(0), to: k.local("i32", "n"), reverse: false, body }); // prettier-ignore

test("buffers are separated into read and written ones, in order of first use", () => {
  const store: Stmt = { kind: "store", buffer: "y", index: k.local("i32", "i"), value: callOf(outer, x) };
  const { buffers, loaded, stored, touched, declared } = usesOf([loop([store])]);
  expect([...buffers]).toEqual(["y", "x"]);
  expect([...loaded]).toEqual(["x"]);
  expect([...stored]).toEqual(["y"]);
  expect([...touched.keys()]).toEqual(["i", "n"]);
  expect([...declared]).toEqual(["i"]);
});

test("a product that adds to its result reads it, one that does not only writes it", () => {
  const place = (buffer: string): { readonly buffer: string; readonly offset: Expr } => ({ buffer, offset: k.i32(0) }); // prettier-ignore
  const product = (accumulate: boolean): Stmt => ({ kind: "contract", name: "product", type: "f64", dims: [], out: place("c"), left: place("a"), right: place("b"), accumulate }); // prettier-ignore
  expect([...usesOf([product(true)]).loaded]).toEqual(["c", "a", "b"]);
  expect([...usesOf([product(false)]).loaded]).toEqual(["a", "b"]);
});

test("procedures are reached through others, each after those that it calls", () => {
  const block = [loop([{ kind: "let", name: "z", value: callOf(outer, x) }])];
  expect([...usesOf(block).called]).toEqual([outer]);
  expect(reachedBy(block, []).procedures).toEqual([inner, outer]);
});

test("remainders of floats are found in loops and results; those of integers do not count", () => {
  const rem = (a: Expr): Expr => ({ kind: "binary", op: "rem", type: a.type, x: a, y: a });
  const has = (value: Expr): boolean => usesOf([loop([{ kind: "let", name: "z", value }])]).hasRemainder;
  expect(has(k.add(k.f64(1), rem(x)))).toBe(true);
  expect(has(rem(k.local("i32", "i")))).toBe(false);
  expect(usesOf([], [rem(x)]).hasRemainder).toBe(true);
});

test("a procedure that calls itself is rejected", () => {
  const body: Stmt[] = [];
  const own: Procedure = { ...inner, name: "own", body };
  body.push({ kind: "let", name: "b", value: callOf(own, k.f64(1)) });
  expect(() => reachedBy([], [callOf(own, k.f64(1))])).toThrow('procedure "own" calls itself');
});

test("a block that grows is analysed again, a complete one once", () => {
  const body: Stmt[] = [{ kind: "set", name: "s", value: x }];
  expect([...usesOf(body).set]).toEqual(["s"]);
  body.push({ kind: "set", name: "t", value: x });
  expect([...usesOf(body).set]).toEqual(["s", "t"]);
  expect(usesOfBlock(body)).toBe(usesOfBlock(body));
});
