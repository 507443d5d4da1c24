import { expect, test } from "vitest";
import * as r from "../../../../test/support/region-build.ts";
import type { RegionStmt } from "../form/region.ts";
import { isScratch } from "./scratch.ts";

const [zero, n, m] = [r.i32(0), r.int("n"), r.int("m")];
const over = (index: string, to = n, more: object = {}, ...body: readonly RegionStmt[]): RegionStmt =>
  r.loop(index, zero, to, body, more);
const at = (...indices: readonly string[]): ReturnType<typeof r.int>[] => indices.map(r.int);
const put = (indices: readonly string[], value = r.real("x")): RegionStmt =>
  r.store("t", at(...indices), value);
const sum = (...indices: readonly string[]): RegionStmt =>
  r.set("s", r.apply("add", r.real("s"), r.load("f64", "t", at(...indices))));
const fill = over("i", n, {}, put(["i"]));

test.each<[string, readonly RegionStmt[]]>([
  ["a loop stores each element that a later loop reads", [fill, over("j", n, {}, sum("j"))]],
  ["the storing iteration reads its own element", [over("i", n, {}, put(["i"]), sum("i")), over("j", n, {}, sum("j"))]],
  ["statements without the array stand between", [fill, r.set("s", r.f64(0)), over("j", n, {}, r.set("s", r.f64(1)), sum("j"))]],
  ["a nest has one loop per axis, in any order", [over("i", n, {}, over("j", m, {}, put(["j", "i"]))), over("a", n, {}, over("b", m, {}, sum("b", "a")))]],
  ["nothing reads it", [fill]],
])("an array is scratch if %s", (_, block) => {
  expect(isScratch(block, "t")).toBe(true);
}); // prettier-ignore

test.each<[string, readonly RegionStmt[]]>([
  ["the block does not use it", [r.set("s", r.f64(0))]],
  ["it is read first", [over("j", n, {}, sum("j")), fill]],
  ["its element is stored at another index", [over("i", n, {}, put(["k"])), over("j", n, {}, sum("j"))]],
  ["an index is a constant", [over("i", n, {}, r.store("t", [r.i32(3)], r.real("x"))), over("j", n, {}, sum("j"))]],
  ["its element depends on another one", [over("i", n, {}, put(["i"], r.load("f64", "t", at("k"))))]],
  ["the iteration reads other elements after the store", [over("i", n, {}, put(["i"]), sum("k"))]],
  ["the iteration reads elements before the store", [over("i", n, {}, sum("i"), put(["i"]))]],
  ["the filling loop may end early", [over("i", n, { live: r.local("bool", "l") }, put(["i"])), over("j", n, {}, sum("j"))]],
  ["a second loop of the iteration uses it", [over("i", n, {}, over("j", m, {}, put(["i", "j"])), over("l", m, {}, sum("k", "l")))]],
  ["a loop around stores its elements repeatedly", [over("r", m, {}, over("i", n, {}, put(["i"]))), over("j", n, {}, sum("j"))]],
  ["a later loop has more iterations", [fill, over("j", m, {}, sum("j"))]],
  ["a later loop begins at another index", [fill, r.loop("j", r.i32(-1), n, [sum("j")])]],
  ["a later loop has another step", [fill, over("j", n, { step: 2 }, sum("j"))]],
  ["a later read is not in a loop", [fill, sum("k")]],
  ["a nested read is not at the index of its loop", [fill, over("j", n, {}, r.when(r.local("bool", "c"), [sum("k")]))]],
  ["it is exchanged", [fill, { kind: "swap", x: "u", y: "t" }]],
])("an array is not scratch if %s", (_, block) => {
  expect(isScratch(block, "t")).toBe(false);
}); // prettier-ignore
