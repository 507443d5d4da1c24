import { expect, test } from "vitest";
import * as r from "../../../../test/support/region-build.ts";
import { lengthOfParams, replaceLengths } from "./lengths.ts";
import type { Region, RegionStmt } from "./region.ts";

const [n, doubled] = [r.int("n"), r.apply("mul", r.i32(2), r.int("n"))];
const regionOf = (...body: readonly RegionStmt[]): Region => ({
  name: "f",
  params: [
    { kind: "scalar", name: "n", type: "i32" },
    { kind: "array", name: "x", type: "f64", rank: 2, lengths: [n, doubled] },
    { kind: "array", name: "y", type: "f64", rank: 1 },
  ],
  body,
  results: [],
  positions: [],
});
const use = (axis: number): RegionStmt =>
  r.loop("i", r.i32(0), r.length("x", axis), [r.declare("k", r.apply("add", r.length("y"), r.length("x", axis)))]); // prettier-ignore

test("lengths of linear arrays become expressions of other parameters, in nested statements too", () => {
  const used = (first: typeof n): RegionStmt =>
    r.loop("i", r.i32(0), first, [r.declare("k", r.apply("add", r.length("y"), first))]);
  expect(replaceLengths(regionOf(use(0), use(1)), [false, true, false]).body).toEqual([
    used(n),
    used(doubled),
  ]);
});

test("a region without lengths of linear arrays stays as it is", () => {
  const region = regionOf(use(0));
  expect(replaceLengths(region, [false, false, false])).toBe(region);
  const other = regionOf(r.declare("k", n));
  expect(replaceLengths(other, [false, true, false])).toBe(other);
});

test("an integer is expressed by parameters through the locals that never change", () => {
  const region = regionOf(r.declare("k", doubled), r.declare("c", r.i32(1)), r.declare("v", n));
  const lengthOf = (expr: typeof n): typeof n | undefined => lengthOfParams(expr, region, new Set(["v"]));
  expect(lengthOf(r.i32(3))).toEqual(r.i32(3));
  expect(lengthOf(r.length("x"))).toEqual(r.length("x"));
  expect(lengthOf(n)).toEqual(n);
  expect(lengthOf(r.apply("add", r.int("k"), r.int("c")))).toEqual(r.apply("add", doubled, r.i32(1)));
  expect(lengthOf(r.int("v"))).toBeUndefined();
  expect(lengthOf(r.int("elsewhere"))).toBeUndefined();
  expect(lengthOf(r.apply("add", n, r.int("v")))).toBeUndefined();
  expect(lengthOf(r.convert("i32", r.load("f64", "y", [n])))).toBeUndefined();
});
