import { expect, test } from "vitest";
import { formOfText } from "../../../../test/support/plain-region.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { gradient } from "./gradient.ts";
import { printRegion } from "../form/print.ts";
import type { Region } from "../form/region.ts";

/** Gradient of two nested loops that save a sine in each iteration. */
function gradientOf(outer: string, inner: string): Region {
  const { region } = formOfText(`export function f(x: Float64Array, n: number): number {
    "use ad";
    let s = 0;
    ${outer} { ${inner} { s = Math.sin(s * x[j]!); } }
    return s;
  }`);
  return gradient(region, [true, false], scalarFunctions, { wanted: "values gradient" });
}

/** Lengths of tapes. */
const lengths = (region: Region): readonly string[] =>
  [...printRegion(region).matchAll(/_tape = (?:array\((?:f64|i32), (.*)\)|(growing))/g)].map(
    (match) => match[1] ?? match[2]!,
  );

const upwards = "for (let i = 0; i < x.length; i++)";

test.each([
  ["as long as the outer loop at most", upwards, "for (let j = 0; j < i; j++)", "x.length, n_"],
  ["from the index on", upwards, "for (let j = i; j < x.length; j++)", "x.length, n_"],
  ["to the index and beyond", upwards, "for (let j = 0; j <= i; j++)", "x.length, n_"],
  ["a few each time", upwards, "for (let j = i; j < i + 3; j++)", "x.length, 3"],
  ["downwards", "for (let i = x.length - 1; i >= 0; i--)", "for (let j = i - 1; j >= 0; j--)", "n_, n_"],
])("records of loops in a triangle have an axis each: %s", (_, outer, inner, start) => {
  const found = lengths(gradientOf(outer, inner));
  expect(found.length).toBeGreaterThan(0);
  for (const dims of found) expect(dims.replaceAll(/_\d+/g, "_")).toContain(start);
});

test.each([
  ["a bound that may be far below the outer loop's", upwards, "for (let j = 0; j < i - n; j++)"],
  ["a bound of data", upwards, "for (let j = 0; j < x[i]!; j++)"],
  ["a loop that may end early", upwards, "for (let j = 0; j < i && s < 2; j++)"],
  ["a bound of two indices", `${upwards} for (let k = 0; k < n; k++)`, "for (let j = 0; j < i + k; j++)"],
  ["a product", upwards, "for (let j = 0; j < i * i; j++)"],
])("records grow where they might be few: %s", (_, outer, inner) => {
  expect(lengths(gradientOf(outer, inner))).toContain("growing");
});
