import { describe, expect, test } from "vitest";
import * as k from "../kernel/build.ts";
import type { Expr, ConstantTable } from "../kernel/scalar.ts";
import type { Dependence } from "./affine.ts";
import { affine, dependence, distance, integral, strideOf, uniform, varying } from "./affine.ts";

const [i, n, lane, x] = [
  k.local("i32", "i"),
  k.local("i32", "n"),
  k.local("i32", "lane"),
  k.local("f64", "x"),
];
const names = new Map<string, Dependence>([
  ["i", affine(1)],
  ["lane", integral],
  ["x", varying],
]);
const table: ConstantTable = { name: "t", type: "i32", values: [3, 1, 2] };

describe("dependence of an expression on an index", () => {
  test.each<[text: string, expr: Expr, by: Dependence]>([
    ["a constant", k.i32(7), uniform],
    ["a local without an entry", k.mul(n, n), uniform],
    ["the index", i, affine(1)],
    ["sums and products with constants", k.add(k.mul(i, k.i32(3)), k.sub(n, i)), affine(2)],
    ["a product with a constant before it", k.mul(k.i32(-2), i), affine(-2)],
    ["a shift by a constant", k.shl(i, k.i32(2)), affine(4)],
    ["a shift by a constant modulo 32", k.shl(i, k.i32(33)), affine(2)],
    ["strides that cancel", k.sub(k.add(i, n), i), uniform],
    ["a product with an unknown number", k.mul(i, n), integral],
    ["the minimum of two", k.min(i, n), integral],
    ["integers that differ per index", k.add(lane, k.i32(1)), integral],
    ["an element at the index", k.load("f64", "a", i), varying],
    ["an element at a fixed index", k.load("f64", "a", n), uniform],
    ["an entry of a table at the index", k.tableAt(table, i), varying],
    ["a float computed from the index", k.convert("f64", i), varying],
    ["arithmetic on varying values", k.add(x, k.f64(1)), varying],
    ["an index computed from varying values", k.convert("i32", x), varying],
    ["a selection by the index", k.select(k.lt(i, n), k.i32(1), k.i32(2)), integral],
  ])("%s", (_, expr, by) => {
    expect(dependence(expr, names)).toEqual(by);
  });

  test("a stride is an int32 number, or unknown", () => {
    expect(strideOf(dependence(k.mul(k.mul(i, k.i32(1 << 20)), k.i32(1 << 12)), names))).toBe(0);
    expect(strideOf(dependence(k.mul(i, k.i32(5)), names))).toBe(5);
    expect(strideOf(dependence(k.mul(i, n), names))).toBeUndefined();
  });
});

test("the distance of two indices is the difference of their constants, if the rest is equal", () => {
  const twice = k.mul(i, k.i32(2));
  expect(distance(twice, k.add(twice, k.i32(1)))).toBe(1);
  expect(distance(k.add(twice, k.i32(3)), k.add(twice, k.i32(1)))).toBe(-2);
  expect(distance(twice, k.add(i, k.i32(1)))).toBeUndefined();
});
