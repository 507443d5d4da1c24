import { describe, expect, test } from "vitest";
import { evaluateRegion } from "../../../../test/support/evaluate-region.ts";
import * as r from "../../../../test/support/region-build.ts";
import { engineScalarValues } from "../../../../test/support/scalar-values.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { eliminateDeadCode } from "./dead-code.ts";
import { flatten } from "./flatten.ts";
import { isAtom } from "../form/build.ts";
import { hoistInvariants } from "./invariants.ts";
import type { Region, RegionExpr, RegionStmt } from "../form/region.ts";
import { startSums } from "./tidy.ts";
import { expressionsOf, partsOf, walkStmts } from "../form/walk.ts";

const values = engineScalarValues(scalarFunctions);
const x = r.local("f64", "x");
const s = r.local("f64", "s");
const i = r.local("i32", "i");

function region(body: readonly RegionStmt[], result: RegionExpr): Region {
  return {
    name: "f",
    params: [
      { kind: "scalar", name: "x", type: "f64" },
      { kind: "array", name: "xs", type: "f64", rank: 1 },
    ],
    body,
    results: [{ kind: "scalar", value: result }],
    positions: [{ line: 1, column: 1, text: "xs[i]" }],
  };
}

const valueOf = (made: Region, at: number): unknown =>
  evaluateRegion(made, [at, { data: [1, 2, 3], dims: [3] }], { values }).results[0];

const kinds = (stmts: readonly RegionStmt[]): string[] => {
  const found: string[] = [];
  walkStmts(stmts, (stmt) => found.push(stmt.kind));
  return found;
};

/** Σ xs[i] while it is below x. The condition reads the index. */
const search = region(
  [
    r.declare("s", r.f64(0)),
    {
      kind: "for",
      index: "i",
      from: r.i32(0),
      to: r.length("xs"),
      step: 1,
      live: r.apply("less", r.apply("add", s, r.load("f64", "xs", [i])), x),
      body: [r.set("s", r.apply("add", s, r.load("f64", "xs", [i])))],
    },
  ],
  s,
);

describe("flat form", () => {
  test("has atoms as arguments, indices, conditions and bounds", () => {
    const loop: RegionStmt = {
      kind: "while",
      condition: r.apply("less", r.apply("mul", s, s), x),
      body: [r.set("s", r.apply("add", r.apply("mul", s, r.f64(2)), r.f64(1)))],
    };
    const flat = flatten(
      region([r.declare("s", r.f64(1)), loop], r.apply("neg", r.apply("sin", s))),
      scalarFunctions,
    );
    walkStmts(flat.body, (stmt) => {
      for (const expr of expressionsOf(stmt))
        expect(stmt.kind === "let" ? partsOf(expr).every(isAtom) : isAtom(expr)).toBe(true);
    });
    expect(valueOf(flat, 1e4)).toBeCloseTo(-Math.sin(127), 12);
  });

  test("evaluates a condition that reads the loop index within the iteration, and reads no element after the last", () => {
    const flat = flatten(search, scalarFunctions);
    for (const [limit, sum] of [
      [0, 0],
      [2, 1],
      [4, 3],
      [100, 6],
    ] as const)
      expect([valueOf(search, limit), valueOf(flat, limit)]).toEqual([sum, sum]);
  });

  test("turns a select into a branch only if a side reads an array or is costly", () => {
    const condition = r.apply("less", x, r.f64(0));
    const choose = (y: RegionExpr): string[] =>
      kinds(flatten(region([], r.select(condition, y, x)), scalarFunctions).body);
    expect(choose(r.load("f64", "xs", [r.i32(0)]))).toContain("if");
    expect(choose(r.apply("exp", x))).toContain("if");
    expect(choose(r.apply("neg", x))).not.toContain("if");
  });

  test("rounds no float64 that was converted from an integer", () => {
    const rounded = (value: RegionExpr): number => {
      const body = [r.declare("s", r.f64(0)), r.loop("i", r.i32(0), r.i32(3), [r.set("s", value)])];
      let calls = 0;
      walkStmts(flatten(region(body, s), scalarFunctions).body, (stmt) => {
        for (const expr of expressionsOf(stmt))
          if (expr.kind === "apply" && expr.function === "floor") calls++;
      });
      return calls;
    };
    expect(rounded(r.apply("floor", r.convert("f64", i)))).toBe(0);
    expect(rounded(r.apply("floor", r.apply("mul", r.convert("f64", i), x)))).toBe(1);
  });

  test("keeps the lengths that arrays were declared with", () => {
    const body = [
      r.declare("n", r.i32(2)),
      r.array("t", "f64", [r.local("i32", "n")]),
      r.set("n", r.i32(5)),
      r.declare("m", r.convert("f64", r.length("t"))),
    ];
    expect(valueOf(flatten(region(body, r.local("f64", "m")), scalarFunctions), 0)).toBe(2);
  });
});

describe("dead code", () => {
  test("is removed, unless it may end the call", () => {
    const unused = r.load("f64", "xs", [i], 0);
    const body: RegionStmt[] = [
      r.declare("a", r.apply("sin", x)),
      { kind: "for", index: "i", from: r.i32(0), to: r.i32(3), step: 1, body: [r.declare("b", unused)] },
      {
        kind: "if",
        condition: r.apply("less", x, r.f64(0)),
        then: [{ kind: "throw", message: "no" }],
        otherwise: [],
      },
      { kind: "for", index: "j", from: r.i32(0), to: r.i32(3), step: 1, body: [r.declare("c", x)] },
    ];
    expect(kinds(eliminateDeadCode(region(body, x)).body)).toEqual(["for", "let", "if", "throw"]);
  });
});

describe("invariants", () => {
  test("move before the loops in which they never change, but loads do not", () => {
    const body: RegionStmt[] = [
      r.declare("s", r.f64(0)),
      {
        kind: "for",
        index: "i",
        from: r.i32(0),
        to: r.i32(0),
        step: 1,
        body: [
          r.declare("a", r.apply("exp", x)),
          r.declare("b", r.apply("mul", r.local("f64", "a"), x)),
          r.declare("c", r.load("f64", "xs", [r.i32(7)])),
          r.set("s", r.apply("add", s, r.apply("mul", r.local("f64", "b"), r.local("f64", "c")))),
        ],
      },
    ];
    const hoisted = hoistInvariants(region(body, s));
    expect(kinds(hoisted.body)).toEqual(["let", "let", "let", "for", "let", "set"]);
    expect(valueOf(hoisted, 1)).toBe(0); // no iteration, no read out of range
  });
});

describe("sums", () => {
  test("begin with their first term if nothing reads the 0 before", () => {
    const sum = (between: readonly RegionStmt[]): string[] =>
      kinds(
        startSums(region([r.declare("s", r.f64(0)), ...between, r.set("s", r.apply("add", s, x))], s)).body,
      );
    expect(sum([])).toEqual(["let"]);
    expect(sum([r.declare("t", s)])).toEqual(["let", "let", "set"]);
  });
});
