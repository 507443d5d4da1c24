import { expect, test } from "vitest";
import * as r from "../../../../test/support/region-build.ts";
import { formOfText } from "../../../../test/support/plain-region.ts";
import * as k from "../../kernel/build.ts";
import type { Expr } from "../../kernel/scalar.ts";
import { constantSize } from "../../kernel/sizes.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { Region, RegionExpr } from "../form/region.ts";
import { planArrays } from "./sizes.ts";

/** Upper bounds of the elements of the arrays that statements declare, for a parameter `x` of five elements. */
function boundsOf(statements: string): readonly (number | undefined)[] {
  const { region } = formOfText(`export function f(x: Float64Array): number {
    "use ad";
    let s = 0;
    ${statements}
    return s;
  }`);
  const name = region.params[0]!.name;
  const plans = planArrays(region, scalarFunctions, new Map(), new Map([[name, { dims: [k.i32(5)] }]]));
  return [...plans.values()].map(({ size }) => (size === undefined ? undefined : constantSize(size)));
}

const use = "a[0] = x[0]!; s += a[0]!;";

test.each([
  ["the length of a parameter", `const a = new Float64Array(x.length); ${use}`, 5],
  ["the index of a loop upwards", `for (let i = 1; i < x.length; i++) { const a = new Float64Array(i); ${use} }`, 4],
  ["an index from above", `for (let i = x.length; i > 0; i--) { const a = new Float64Array(i); ${use} }`, 5],
  ["a difference of index and length", `for (let i = 0; i < x.length; i++) { const a = new Float64Array(x.length - i); ${use} }`, 5],
  ["an index of two loops", `for (let i = 0; i < x.length; i++) for (let j = 0; j <= i; j++) { const a = new Float64Array(j + 1); ${use} }`, 5],
  ["an inner index from above", `for (let i = 0; i < x.length; i++) for (let j = i; j >= 0; j--) { const a = new Float64Array(j + 1); ${use} }`, 5],
  ["a product of an index and a constant", `for (let i = 0; i < 4; i++) { const a = new Float64Array(2 * i + 1); ${use} }`, 7],
])("an array whose length is %s has a bound before the call", (_, statements, bound) => {
  expect(boundsOf(statements)).toEqual([bound]);
}); // prettier-ignore

test("an array whose length is data has no bound before the call", () => {
  expect(boundsOf(`const a = new Float64Array(x[1]!); ${use}`)).toEqual([undefined]);
});

test("an array whose length is a shift has no bound before the call, because shifts to the right decrease", () => {
  const shifts: Readonly<Record<string, (x: Expr, y: Expr) => Expr>> = { left: k.shl, right: k.shr };
  const functions: ScalarFunctions = {
    ...scalarFunctions,
    get(name) {
      const shift = shifts[name];
      const add = scalarFunctions.get("add")!;
      return shift === undefined ? scalarFunctions.get(name) : { ...add, lower: ([x, y]) => shift(x!, y!) };
    },
  };
  /** Upper bound of the elements of an array in a loop of three iterations. */
  const boundOf = (name: string): unknown => {
    const length: RegionExpr = { kind: "apply", type: "i32", function: name, args: [r.i32(8), r.int("i")] };
    const body = [r.loop("i", r.i32(0), r.i32(3), [r.array("a", "f64", [length])])];
    const region: Region = { name: "f", params: [], body, results: [], positions: [] };
    return planArrays(region, functions, new Map(), new Map()).get("a")?.size;
  };
  expect(boundOf("add")).toBe(10);
  expect(["left", "right"].map(boundOf)).toEqual([undefined, undefined]);
});
