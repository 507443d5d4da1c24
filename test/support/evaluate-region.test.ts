import { describe, expect, test } from "vitest";
import type { Region, RegionExpr, RegionStmt } from "../../src/engine/region/form/region.ts";
import { evaluateRegion } from "./evaluate-region.ts";
import * as r from "./region-build.ts";

const int = (name: string): RegionExpr => r.local("i32", name);
const real = (name: string): RegionExpr => r.local("f64", name);
const load = (name: string, place: RegionExpr, at?: number): RegionExpr => r.load("f64", name, [place], at);
const store = (name: string, place: RegionExpr, value: RegionExpr): RegionStmt =>
  r.store(name, [place], value);
const { apply, f64, i32 } = r;

/** A region over an array `x` of numbers. */
const region = (body: readonly RegionStmt[], ...results: Region["results"]): Region => ({
  name: "f",
  params: [{ kind: "array", name: "x", type: "f64", rank: 1 }],
  body,
  results,
  positions: [{ line: 3, column: 7, text: "x[i + 1]" }],
});
const scalar = (value: RegionExpr): Region["results"][number] => ({ kind: "scalar", value });
const one = { data: [1, 2, 3], dims: [3] };
const failure = (body: readonly RegionStmt[], ...results: Region["results"]): string => {
  try {
    evaluateRegion(region(body, ...results), [one]);
  } catch (error) {
    return String(error);
  }
  return "nothing";
};

describe("evaluateRegion", () => {
  test("runs loops over locals and arrays, and counts what it did", () => {
    const body: RegionStmt[] = [
      { kind: "array", name: "y", type: "f64", dims: [r.length("x")] },
      { kind: "let", name: "s", value: f64(0) },
      {
        kind: "for",
        index: "i",
        from: i32(0),
        to: r.length("x"),
        step: 1,
        body: [
          { kind: "set", name: "s", value: apply("add", real("s"), load("x", int("i"))) },
          store("y", int("i"), real("s")),
        ],
      },
    ];
    const { results, counts } = evaluateRegion(
      region(body, scalar(real("s")), { kind: "array", name: "y" }),
      [one],
    );
    expect(results).toEqual([6, { data: [1, 3, 6], dims: [3] }]);
    expect(counts).toEqual({
      statements: 9,
      iterations: 3,
      longestLoop: 3,
      longestAxis: 3,
      loads: 3,
      stores: 3,
      applications: 3,
      peakBytes: 24,
      grownBytes: 0,
    });
  });

  test("goes through loops with steps, in reverse and until they are not live", () => {
    const order = (loop: object): number[] => {
      const body: RegionStmt[] = [
        { kind: "let", name: "s", value: f64(0) },
        {
          kind: "for",
          index: "i",
          from: i32(0),
          to: i32(8),
          step: 3,
          body: [
            {
              kind: "set",
              name: "s",
              value: apply("add", apply("mul", real("s"), f64(10)), {
                kind: "convert",
                type: "f64",
                x: int("i"),
              }),
            },
          ],
          ...loop,
        },
      ];
      return evaluateRegion(region(body, scalar(real("s"))), [one]).results as number[];
    };
    expect(order({})).toEqual([36]);
    expect(order({ reverse: true })).toEqual([630]);
    expect(order({ live: apply("less", int("i"), i32(5)) })).toEqual([3]);
    expect(order({ from: i32(7), to: i32(0), step: -3 })).toEqual([741]);
    expect(order({ from: i32(8) })).toEqual([0]);
  });

  test("exchanges arrays, and gives zeros anew to those declared in loops", () => {
    const body: RegionStmt[] = [
      { kind: "array", name: "a", type: "f64", dims: [i32(2)] },
      { kind: "array", name: "b", type: "f64", dims: [i32(2)] },
      {
        kind: "for",
        index: "i",
        from: i32(0),
        to: i32(3),
        step: 1,
        body: [
          { kind: "array", name: "t", type: "f64", dims: [i32(2)] },
          store("t", i32(0), apply("add", load("t", i32(0)), f64(1))),
          store("a", i32(0), apply("add", load("b", i32(0)), load("t", i32(0)))),
          { kind: "swap", x: "a", y: "b" },
        ],
      },
    ];
    const { results, counts } = evaluateRegion(region(body, { kind: "array", name: "b" }), [one]);
    expect(results).toEqual([{ data: [3, 0], dims: [2] }]);
    expect(counts.peakBytes).toBe(48);
  });

  test("lets arrays grow, and reads 0 where nothing was stored in them", () => {
    const grow: RegionStmt = { kind: "array", name: "t", type: "f64", dims: [i32(1)], growable: true };
    const body = [grow, store("t", i32(1), f64(6))];
    expect(evaluateRegion(region(body, scalar(load("t", i32(1)))), [one]).counts.grownBytes).toBe(16);
    for (const place of [0, 2])
      expect(evaluateRegion(region(body, scalar(load("t", i32(place)))), [one]).results).toEqual([0]);
  });

  test("names what a program did wrong, and where", () => {
    expect(failure([], scalar(load("x", i32(3), 0)))).toBe(
      "RegionFailure: range: index 3 of axis 0 of x, whose length is 3 at 3:7 (x[i + 1])",
    );
    expect(failure([], scalar(load("x", f64(0.5), 0)))).toContain("range: index 0.5");
    expect(failure([{ kind: "throw", message: "too far", at: 0 }])).toContain("thrown: too far at 3:7");
    expect(failure([{ kind: "array", name: "y", type: "f64", dims: [i32(-1)], at: 0 }])).toContain(
      "range: y has a length of -1",
    );
    const forever: RegionStmt = { kind: "while", condition: apply("less", i32(0), i32(1)), body: [] };
    expect(() => evaluateRegion(region([forever]), [one], { maxStatements: 1000 })).toThrow("endless");
  });

  test.each<[string, readonly RegionStmt[], Region["results"]]>([
    ["declared twice", [{ kind: "let", name: "x", value: f64(0) }], []],
    ["not declared there", [{ kind: "set", name: "y", value: f64(0) }], []],
    ["cannot be stored in x", [store("x", i32(0), f64(0))], []],
    ["was said to be in range", [], [scalar(load("x", i32(3)))]],
    ["x is an array", [], [scalar(real("x"))]],
    ["must be an outermost array, once", [], [{ kind: "array", name: "x" }]],
    [
      "not declared there",
      [
        {
          kind: "if",
          condition: apply("less", i32(0), i32(1)),
          then: [{ kind: "let", name: "y", value: f64(0) }],
          otherwise: [],
        },
      ],
      [scalar(real("y"))],
    ],
    [
      "cannot be set",
      [
        {
          kind: "for",
          index: "i",
          from: i32(0),
          to: i32(2),
          step: 1,
          body: [{ kind: "set", name: "i", value: i32(0) }],
        },
      ],
      [],
    ],
    [
      "add(f64, i32) gives nothing",
      [],
      [scalar({ kind: "apply", type: "f64", function: "add", args: [f64(1), i32(1)] })],
    ],
    ["1.5 is no i32", [], [scalar(load("x", i32(1.5)))]],
  ])("refuses a region where something %s", (message, body, results) => {
    expect(failure(body, ...results)).toContain(`invalid: `);
    expect(failure(body, ...results)).toContain(message);
  });
});
