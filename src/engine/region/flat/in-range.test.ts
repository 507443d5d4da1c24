import { describe, expect, test } from "vitest";
import { choicesOf, regionOf } from "../../../../test/support/draw-region.ts";
import { evaluateRegion, RegionFailure } from "../../../../test/support/evaluate-region.ts";
import { Choices } from "../../../../test/support/random-choices.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { apply, constant, lengthOf, local } from "../form/build.ts";
import { removeProvenChecks } from "./in-range.ts";
import type { Region, RegionExpr, RegionStmt } from "../form/region.ts";
import { mapBlocksOf, mapExpr, mapExpressionsOf, walkExpressions, walkStmts } from "../form/walk.ts";

const f = (name: string, ...args: readonly RegionExpr[]): RegionExpr => apply(scalarFunctions, name, args);
const number = (value: number): RegionExpr => constant("i32", value);
const i = local("i32", "i");
const j = local("i32", "j");
const n = local("i32", "n");

/** True if a load in the innermost of the loops is still checked. */
function isChecked(
  array: string,
  place: RegionExpr,
  ...loops: Omit<RegionStmt & { kind: "for" }, "body">[]
): boolean {
  const read: RegionStmt = {
    kind: "let",
    name: "r",
    value: { kind: "load", type: "f64", array, places: [place], at: 0 },
  };
  const body = loops.reduceRight<RegionStmt>((inner, loop) => ({ ...loop, body: [inner] }), read);
  const region: Region = {
    name: "f",
    params: [
      { kind: "scalar", name: "n", type: "i32" },
      { kind: "array", name: "x", type: "f64", rank: 1 },
      { kind: "array", name: "y", type: "f64", rank: 1 },
    ],
    positions: [{ line: 1, column: 1, text: "x[i]" }],
    body: [{ kind: "array", name: "grid", type: "f64", dims: [f("mul", n, lengthOf("x", 0))] }, body],
    results: [],
  };
  let checked = false;
  walkExpressions(removeProvenChecks(region).body, (x) => {
    if (x.kind === "load" && x.at !== undefined) checked = true;
  });
  return checked;
}

type Loop = Omit<RegionStmt & { kind: "for" }, "body">;
const loop = (index: string, from: RegionExpr, to: RegionExpr, step = 1): Loop => ({
  kind: "for",
  index,
  from,
  to,
  step,
});
const x = lengthOf("x", 0);

describe("checks of indices that loop bounds keep in range are removed", () => {
  test.each<[string, string, RegionExpr, Loop[]]>([
    ["x[i], i < x.length", "x", i, [loop("i", number(0), x)]],
    ["x[i], downwards", "x", i, [loop("i", f("sub", x, number(1)), number(-1), -1)]],
    [
      "x[i + 1], i < x.length - 1",
      "x",
      f("add", i, number(1)),
      [loop("i", number(0), f("sub", x, number(1)))],
    ],
    ["x[j], i < j < x.length", "x", j, [loop("i", number(0), x), loop("j", f("add", i, number(1)), x)]],
    ["x[x.length - 1 - i]", "x", f("sub", f("sub", x, number(1)), i), [loop("i", number(0), x)]],
    [
      "grid[i * x.length + j]",
      "grid",
      f("add", f("mul", i, x), j),
      [loop("i", number(0), n), loop("j", number(0), x)],
    ],
    ["x[i - 1], i from 1", "x", f("sub", i, number(1)), [loop("i", number(1), x, 2)]],
  ])("%s", (_, array, place, loops) => {
    expect(isChecked(array, place, ...loops)).toBe(false);
  });

  test.each<[string, string, RegionExpr, Loop[]]>([
    ["x[i + 1], i < x.length", "x", f("add", i, number(1)), [loop("i", number(0), x)]],
    ["x[i - 1], i from 0", "x", f("sub", i, number(1)), [loop("i", number(0), x)]],
    ["y[i], i < x.length", "y", i, [loop("i", number(0), x)]],
    ["x[i], i from n", "x", i, [loop("i", n, x)]],
    ["x[0]", "x", number(0), []],
    ["x[n]", "x", n, []],
    [
      "grid[i * n + j]",
      "grid",
      f("add", f("mul", i, n), j),
      [loop("i", number(0), n), loop("j", number(0), x)],
    ],
    ["x[i * i]", "x", f("mul", i, i), [loop("i", number(0), x)]],
  ])("but %s does", (_, array, place, loops) => {
    expect(isChecked(array, place, ...loops)).toBe(true);
  });
});

/** Adds checks to all loads and stores, and shifts some indices. */
function disturbed(region: Region, choices: Choices): Region {
  const moved = (place: RegionExpr): RegionExpr => {
    const by = choices.of([0, 0, 0, 1, -1, 2]);
    return place.type !== "i32" || by === 0 ? place : f("add", place, number(by));
  };
  const expr = (e: RegionExpr): RegionExpr =>
    mapExpr(e, (part) => (part.kind === "load" ? { ...part, places: part.places.map(moved), at: 0 } : part));
  const stmt = (s: RegionStmt): RegionStmt => {
    const mapped = mapBlocksOf(mapExpressionsOf(s, expr), (block) => block.map(stmt));
    return mapped.kind === "store" ? { ...mapped, places: mapped.places.map(moved), at: 0 } : mapped;
  };
  const grown = new Set<string>();
  walkStmts(region.body, (s) => {
    if (s.kind === "array" && s.growable === true) grown.add(s.name);
  });
  if (grown.size > 0) return region;
  return {
    ...region,
    positions: [{ line: 1, column: 1, text: "somewhere" }],
    body: region.body.map(stmt),
    results: region.results.map((r) => (r.kind === "scalar" ? { ...r, value: expr(r.value) } : r)),
  };
}

test("unchecked accesses of random regions are in range, even if other indices are shifted", () => {
  let proven = 0;
  let failed = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const { region, args } = regionOf(seed);
    const before = disturbed(region, new Choices(choicesOf(seed + 10_000)));
    const after = removeProvenChecks(before);
    walkExpressions(after.body, (e) => {
      if (e.kind === "load" && e.at === undefined) proven++;
    });
    const run = (r: Region): unknown => {
      try {
        return evaluateRegion(r, args).results;
      } catch (error) {
        if (!(error instanceof RegionFailure) || error.reason === "invalid") throw error;
        failed++;
        return error.message;
      }
    };
    expect(run(after), `seed ${seed}`).toEqual(run(before));
  }
  expect(proven).toBeGreaterThan(150);
  expect(failed).toBeGreaterThan(50);
});
