import { describe, expect, test } from "vitest";
import * as r from "../../../../test/support/region-build.ts";
import { inlineTemporaries } from "./nest.ts";
import type { RegionExpr, RegionStmt } from "./region.ts";
import { walkStmts } from "./walk.ts";

const [x, y, i, t] = [r.real("x"), r.real("y"), r.int("i"), r.real("t")];
const isPositive = r.apply("less", r.f64(0), x);
const sum = r.apply("add", x, y);
const element = r.load("f64", "a", [i]);
const checked = r.load("f64", "a", [i], 0);
const twice = r.apply("mul", t, r.f64(2));

/** Names that are declared by a region after temporaries have moved. */
function declaredIn(
  body: readonly RegionStmt[],
  result?: RegionExpr,
  keep: readonly string[] = [],
): string[] {
  const names: string[] = [];
  const results = result === undefined ? [] : [r.scalar(result)];
  const region = inlineTemporaries(
    { name: "f", params: [], body, results, positions: [{ line: 1, column: 1, text: "a[i]" }] },
    new Set(keep),
  );
  walkStmts(region.body, (stmt) => stmt.kind === "let" && names.push(stmt.name));
  return names;
}

/** True if t, with this value, moves over some statements into the statement after them. */
const moves = (value: RegionExpr, between: readonly RegionStmt[], into: RegionStmt): boolean =>
  !declaredIn([r.declare("t", value), ...between, into]).includes("t");

const use = r.set("z", twice);

describe("a temporary moves into the expression that reads it", () => {
  test.each<[string, RegionExpr, readonly RegionStmt[], RegionStmt]>([
    ["in the next statement", sum, [], use],
    ["over statements that change other locals", sum, [r.set("w", x)], use],
    ["over stores to other arrays", element, [r.store("b", [i], x)], use],
    ["into the condition of a branch", isPositive, [], r.when(r.local("bool", "t"), [r.set("z", x)])],
    ["into the bound of a loop", i, [], r.loop("k", r.i32(0), r.int("t"), [r.set("z", x)])],
    ["with a check, into a statement without a choice", checked, [], use],
    ["without a check, into a side of a select", element, [], r.set("z", r.select(isPositive, t, y))],
  ])("%s", (_, value, between, into) => expect(moves(value, between, into)).toBe(true));

  test("in a result, and through other temporaries", () => {
    const body = [r.declare("t", sum), r.declare("u", twice)];
    expect(declaredIn(body, r.real("u"))).toEqual([]);
  });

  test("in a nested block that declares both", () => {
    expect(declaredIn([r.when(isPositive, [r.declare("t", sum), use])])).toEqual([]);
  });
});

describe("a temporary stays", () => {
  const swap: RegionStmt = { kind: "swap", x: "a", y: "b" };
  test.each<[string, RegionExpr, readonly RegionStmt[], RegionStmt]>([
    ["if it is read twice", sum, [], r.set("z", r.apply("mul", t, t))],
    ["if a local of its value changes", sum, [r.set("y", x)], use],
    ["if a local of its value changes in a branch", sum, [r.when(isPositive, [r.set("y", x)])], use],
    ["if an array of its value changes", element, [r.store("a", [r.i32(0)], x)], use],
    ["if an array of its value is swapped", element, [swap], use],
    ["if an array of its value is swapped with another", r.load("f64", "b", [i]), [swap], use],
    ["if an array of its value is declared", element, [r.array("a", "f64", [i])], use],
    ["if it changes", sum, [r.set("t", y)], use],
    ["if a nested block reads it", sum, [], r.when(isPositive, [use])],
    ["if the condition of a loop reads it", isPositive, [], { kind: "while", condition: r.local("bool", "t"), body: [] }],
    ["if the early end of a loop reads it", isPositive, [], r.loop("k", r.i32(0), i, [], { live: r.local("bool", "t") })],
    ["with a check, if it would move into a side of a select", checked, [], r.set("z", r.select(isPositive, t, y))],
  ])("%s", (_, value, between, into) => expect(moves(value, between, into)).toBe(false)); // prettier-ignore

  test("if its name is to be kept", () => {
    expect(declaredIn([r.declare("t", sum), use], undefined, ["t"])).toEqual(["t"]);
  });

  test("if the expression would have more than twelve parts", () => {
    const chain = (length: number): RegionExpr =>
      Array.from({ length }).reduce<RegionExpr>((all) => r.apply("neg", all), x);
    expect(moves(chain(11), [], use)).toBe(true);
    expect(moves(chain(12), [], use)).toBe(false);
  });

  test("after the temporaries that it reads, which stay or move into it", () => {
    const body = [r.declare("t", sum), r.declare("u", twice), r.when(isPositive, [r.set("z", r.real("u"))])];
    expect(declaredIn(body)).toEqual(["u"]);
    expect(declaredIn(body, undefined, ["t"])).toEqual(["t", "u"]);
    expect(declaredIn([...body, use])).toEqual(["t", "u"]);
  });
});
