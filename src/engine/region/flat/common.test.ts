import { describe, expect, test } from "vitest";
import * as r from "../../../../test/support/region-build.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import type { RegionExpr, RegionStmt } from "../form/region.ts";
import { walkStmts } from "../form/walk.ts";
import { shareCommon } from "./common.ts";

const [x, y, i] = [r.real("x"), r.real("y"), r.int("i")];
const isPositive = r.apply("less", r.f64(0), x);

/** Names that are declared by the statements of a region after common values are shared. */
function declaredIn(body: readonly RegionStmt[]): string[] {
  const names: string[] = [];
  const region = shareCommon({ name: "f", params: [], body, results: [], positions: [] }, scalarFunctions);
  walkStmts(region.body, (stmt) => stmt.kind === "let" && names.push(stmt.name));
  return names;
}

/** True if `again`, with the value of `first` by its expression, needs no computation after some statements. */
function isShared(value: RegionExpr, between: readonly RegionStmt[], again: RegionExpr = value): boolean {
  return !declaredIn([r.declare("first", value), ...between, r.declare("again", again)]).includes("again");
}

const product = r.apply("mul", x, y);
const element = r.load("f64", "a", [i]);
const setY = r.set("y", r.f64(2));
const storeA = r.store("a", [r.int("j")], x);

describe("a value is computed once", () => {
  test.each<[string, RegionExpr, readonly RegionStmt[], RegionExpr?]>([
    ["in a block", product, []],
    ["with its operands in another order, if the function commutes", product, [], r.apply("mul", y, x)],
    ["if another local changes", product, [r.set("z", x)]],
    ["if another array changes", element, [r.store("b", [i], x)]],
    ["across a branch that changes nothing", product, [r.when(isPositive, [r.set("z", x)])]],
    ["across a loop that changes nothing", product, [r.loop("k", r.i32(0), i, [r.set("z", x)])]],
  ])("%s", (_, value, between, again) => expect(isShared(value, between, again)).toBe(true));

  test("in a nested block, if the block around it has computed it", () => {
    expect(
      declaredIn([
        r.declare("p", product),
        r.when(isPositive, [r.declare("q", product), r.set("y", r.f64(1))]),
      ]),
    ).toEqual(["p"]);
  });

  test("and an element that was stored is not loaded again", () => {
    expect(declaredIn([r.store("a", [i], x), r.declare("p", element)])).toEqual([]);
    expect(declaredIn([r.store("a", [i], x), storeA, r.declare("p", element)])).toEqual(["p"]);
    expect(declaredIn([r.store("a", [i], y), setY, r.declare("p", element)])).toEqual(["p"]);
    expect(declaredIn([r.store("a", [i], x), r.set("i", r.i32(1)), r.declare("p", element)])).toEqual(["p"]);
  });
});

describe("a value is computed again", () => {
  test.each<[string, RegionExpr, readonly RegionStmt[], RegionExpr?]>([
    ["with operands in another order", r.apply("sub", x, y), [], r.apply("sub", y, x)],
    ["in another type", r.convert("f32", x), [], r.convert("i32", x)],
    ["with −0 in place of 0", r.apply("mul", x, r.f64(0)), [], r.apply("mul", x, r.f64(-0))],
    ["with −1 in place of −0", r.apply("mul", x, r.f64(-1)), [], r.apply("mul", x, r.f64(-0))],
    [
      "with the length of another axis",
      r.apply("add", i, r.length("a", 0)),
      [],
      r.apply("add", i, r.length("a", 1)),
    ],
    ["at another index", element, [], r.load("f64", "a", [r.int("j")])],
    ["by another condition", r.select(isPositive, x, y), [], r.select(isPositive, y, x)],
    ["after a local has changed", product, [setY]],
    ["after a branch has changed a local", product, [r.when(isPositive, [setY])]],
    ["after the other side of a branch has changed a local", product, [r.when(isPositive, [], [setY])]],
    ["after a loop has changed a local", product, [r.loop("k", r.i32(0), i, [setY])]],
    [
      "after a branch in a loop has changed it",
      product,
      [r.loop("k", r.i32(0), i, [r.when(isPositive, [setY])])],
    ],
    ["after a store", element, [storeA]],
    ["after a store in a branch", element, [r.when(isPositive, [storeA])]],
    ["after a swap", element, [{ kind: "swap", x: "b", y: "a" }]],
  ])("%s", (_, value, between, again) => expect(isShared(value, between, again)).toBe(false));

  test("by the first iteration of a loop that changes it later", () => {
    const body = [r.declare("q", product), setY];
    expect(declaredIn([r.declare("p", product), r.loop("k", r.i32(0), i, body)])).toEqual(["p", "q"]);
  });

  test("after a branch, if only the branch computes it", () => {
    expect(declaredIn([r.when(isPositive, [r.declare("p", product)]), r.declare("q", product)])).toEqual([
      "p",
      "q",
    ]);
  });

  test("if the local that holds it may change", () => {
    const [change, copy] = [r.set("p", r.f64(1)), r.declare("q", product)];
    expect(declaredIn([r.declare("p", product), change, copy])).toEqual(["p", "q"]);
    expect(declaredIn([r.declare("p", r.real("v")), r.set("v", x)])).toEqual(["p"]);
  });
});
