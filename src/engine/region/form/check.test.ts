import { expect, test } from "vitest";
import * as r from "../../../../test/support/region-build.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { checkRegion } from "./check.ts";
import type { Region, RegionStmt } from "./region.ts";

/** A region with a parameter `p` and the given statements. */
const regionOf = (...body: readonly RegionStmt[]): Region => ({
  name: "f",
  params: [
    { kind: "array", name: "p", type: "f64", rank: 1 },
    { kind: "scalar", name: "n", type: "i32" },
  ],
  body,
  results: [],
  positions: [],
});
const swap = (x: string, y: string): RegionStmt => ({ kind: "swap", x, y });
const three = [r.i32(3)];
const x = r.array("x", "f64", three);

test("arrays of one type and rank may be exchanged", () => {
  expect(() =>
    checkRegion(regionOf(x, r.array("y", "f64", three), swap("x", "y")), scalarFunctions),
  ).not.toThrow();
});

test.each<[string, RegionStmt, string]>([
  ["another type", r.array("y", "f32", three), "y"],
  ["another rank", r.array("y", "f64", [...three, ...three]), "y"],
  ["itself", r.array("y", "f64", three), "x"],
  ["a parameter", r.array("y", "f64", three), "p"],
  ["an array that grows", { ...r.array("y", "f64", three), growable: true }, "y"],
])("an array is not exchanged with %s", (_, y, other) => {
  expect(() => checkRegion(regionOf(x, y, swap("x", other)), scalarFunctions)).toThrow(
    `"x" and "${other}" cannot be exchanged`,
  );
});

test("the first value of a local is checked, as that of `set` is", () => {
  const unknown = r.local("f64", "nowhere");
  for (const stmt of [r.declare("y", unknown), r.declare("y", r.apply("neg", unknown))])
    expect(() => checkRegion(regionOf(stmt), scalarFunctions)).toThrow(
      '"nowhere" is used before it is declared',
    );
});
