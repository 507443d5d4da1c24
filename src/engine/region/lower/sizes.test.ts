import { expect, test } from "vitest";
import { formOfText } from "../../../../test/support/plain-region.ts";
import * as k from "../../kernel/build.ts";
import { constantSize } from "../../kernel/sizes.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
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
  const loop = (length: string): string =>
    `for (let i = 0; i < 3; i++) { const a = new Float64Array(${length}); ${use} }`;
  expect(boundsOf(loop("8 >> i"))).toEqual([undefined]);
  expect(boundsOf(loop("1 << i"))).toEqual([undefined]);
});
