// Passes over arrays in loops before differentiation: arrays move to the loop that fills them, and costly functions of invariants become
// tables.
import { describe, expect, test } from "vitest";
import { evaluateRegion } from "../../../../test/support/evaluate-region.ts";
import * as r from "../../../../test/support/region-build.ts";
import { engineScalarValues } from "../../../../test/support/scalar-values.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { checkRegion } from "../form/check.ts";
import { shareCommon } from "../flat/common.ts";
import { flatten } from "../flat/flatten.ts";
import { localiseArrays } from "./local-arrays.ts";
import { printRegion } from "../form/print.ts";
import type { Region, RegionExpr, RegionStmt } from "../form/region.ts";
import { tabulate } from "../flat/tables.ts";

const values = engineScalarValues(scalarFunctions);
const { int, length, load, loop, real, set, store } = r;
const zero = r.i32(0);
const x = (place: RegionExpr, at?: number): RegionExpr => load("f64", "x", [place], at);
const w = (place: RegionExpr, at?: number): RegionExpr => load("f64", "w", [place], at);
const q = (place: RegionExpr): RegionExpr => load("f64", "q", [place]);
const add = (term: RegionExpr): RegionStmt => set("s", r.apply("add", real("s"), term));

function region(body: readonly RegionStmt[], dim: RegionExpr = length("w")): Region {
  return {
    name: "f",
    params: [
      { kind: "array", name: "x", type: "f64", rank: 1 },
      { kind: "array", name: "w", type: "f64", rank: 1 },
      { kind: "scalar", name: "n", type: "i32" },
    ],
    body: [r.declare("s", r.f64(0)), r.array("q", "f64", [dim]), ...body],
    results: [r.scalar(real("s"))],
    positions: [{ line: 1, column: 1, text: "w[k]" }],
  };
}

/** Results of a region, or the error that ends it. */
function outcome(subject: Region, n: number): unknown {
  try {
    return evaluateRegion(subject, [{ data: [1, 2, 3], dims: [3] }, { data: [0.5, -1], dims: [2] }, n], {
      values,
    }).results;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Runs a pass, and checks that the region stays valid and its results unchanged. */
function after(subject: Region, pass: (flat: Region) => Region, lengths: readonly number[] = [2]): string {
  const flat = flatten(subject, scalarFunctions);
  const made = pass(flat);
  checkRegion(made, scalarFunctions);
  for (const n of lengths) expect(outcome(made, n)).toEqual(outcome(subject, n));
  return printRegion(made);
}

const fill = (to = length("w")): RegionStmt =>
  loop("j", zero, to, [store("q", [int("j")], r.apply("mul", x(int("i")), w(int("j"))))]);
const read = loop("m", zero, length("w"), [add(q(int("m")))]);

describe("localiseArrays declares an array within a loop", () => {
  test("whose iterations fill it before reading it", () => {
    const text = after(region([loop("i", zero, length("x"), [fill(), read])]), localiseArrays);
    expect(text).toMatch(/for \(let i = [^]*const q = array\(f64, w.length\);\s+for \(let j/);
  });

  test("and keeps a declaration whose length may be negative", () => {
    const subject = region([loop("i", zero, length("x"), [fill(int("n"))])], int("n"));
    const text = after(subject, localiseArrays, [2, 0, -1]);
    expect(text).toMatch(/const q = array\(f64, n\);[^]*for \(let i = [^]*const q_2 = array\(f64, n\);/);
    expect(outcome(subject, -1)).toContain("length");
  });

  test("the innermost one whose iterations fill it", () => {
    const inner = loop("k", zero, length("x"), [fill(), read]);
    const text = after(region([loop("i", zero, length("x"), [inner])]), localiseArrays);
    expect(text).toMatch(
      /for \(let i = [^]*for \(let k = [^]*const q = array\(f64, w.length\);\s+for \(let j/,
    );
    const readBehind = after(region([loop("i", zero, length("x"), [inner, add(q(zero))])]), localiseArrays);
    expect(readBehind).toMatch(/q = array[^]*for \(let i/);
  });

  test("unless it is read first, filled in part, or read after the loop", () => {
    const bodies: readonly (readonly RegionStmt[])[] = [
      [loop("i", zero, length("x"), [read, fill()])],
      [
        loop("i", zero, length("x"), [
          loop("j", r.i32(1), length("w"), [store("q", [int("j")], x(int("i")))]),
          read,
        ]),
      ],
      [loop("i", zero, length("x"), [fill()]), read],
      [
        loop("i", zero, length("x"), [
          loop("j", zero, length("w"), [store("q", [int("j")], x(int("i"))), add(q(zero))]),
        ]),
      ],
    ];
    for (const body of bodies)
      expect(after(region(body), localiseArrays)).toMatch(/q = array[^]*for \(let i/);
  });
});

describe("costly functions of loop invariants", () => {
  const exp = (place: RegionExpr, at?: number): RegionExpr => r.apply("exp", r.apply("neg", w(place, at)));
  const make = (flat: Region): Region => tabulate(flat, scalarFunctions);
  const tables = (text: string): number => text.split("_table = array").length - 1;

  test("are computed once before the loop, in tables over nested loops", () => {
    const subject = region([
      loop("i", zero, length("x"), [
        loop("j", zero, length("w"), [add(r.apply("mul", x(int("i")), exp(int("j"))))]),
      ]),
    ]);
    const text = after(subject, make);
    expect(tables(text)).toBe(1);
    expect(text.split("exp(").length - 1).toBe(1);
  });

  test("are tabulated where indices are in range, and the loop ends the call where one is not", () => {
    const place = r.apply("add", int("j"), int("n"));
    const subject = region([
      loop("i", zero, length("x"), [
        loop("j", zero, length("w"), [add(r.apply("mul", x(int("i")), exp(place, 0)))]),
      ]),
    ]);
    expect(tables(after(subject, make, [0, 1, -1, 2 ** 30]))).toBe(1);
    expect(outcome(subject, 1)).toContain("index 2 of axis 0 of w");
    const never = region([
      loop("i", length("x"), length("x"), [loop("j", zero, int("n"), [add(exp(int("j"), 0))])]),
    ]);
    expect(tables(after(never, make, [0, 2, 2 ** 30]))).toBe(1); // the table is empty
  });

  test("stay in the loop if they depend on its index or on names that it writes", () => {
    const bodies: readonly (readonly RegionStmt[])[] = [
      [fill(), loop("m", zero, length("w"), [add(r.apply("exp", q(int("m"))))])],
      [loop("m", zero, length("w"), [add(r.apply("exp", r.apply("mul", x(int("i")), w(int("m")))))])],
      [
        loop("m", zero, length("w"), [
          add(r.apply("exp", r.apply("sin", r.apply("mul", real("s"), w(int("m")))))),
        ]),
      ],
      [r.when(r.apply("less", x(int("i")), r.f64(2)), [loop("m", zero, length("w"), [add(exp(int("m")))])])],
    ];
    for (const body of bodies)
      expect(tables(after(region([loop("i", zero, length("x"), body)]), make))).toBe(0);
  });
});

test("a load after a store of the same element is the stored value, until the array or the index changes", () => {
  const share = (flat: Region): Region => shareCommon(flat, scalarFunctions);
  const place = int("j");
  const body = (...between: readonly RegionStmt[]): Region =>
    region([
      r.array("p", "f64", [length("w")]),
      loop("j", zero, length("w"), [
        store("q", [place], r.apply("sin", w(place))),
        ...between,
        add(q(place)),
      ]),
    ]);
  expect(after(body(), share)).not.toContain("q[j];");
  expect(after(body(store("q", [zero], r.f64(3))), share)).toContain("q[j]");
  expect(after(body({ kind: "swap", x: "p", y: "q" }), share)).toContain("q[j]");
});
