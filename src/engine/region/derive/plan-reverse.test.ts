import { describe, expect, test } from "vitest";
import { formOfText } from "../../../../test/support/plain-region.ts";
import { scalarFunctions } from "../../prims/scalar-functions.ts";
import { makeBuilder } from "../form/build.ts";
import type { TransposeOptions } from "./options.ts";
import { planReverse } from "./plan-reverse.ts";
import { printPlan } from "./print-plan.ts";
import { makeFlatForm, tangent } from "./tangent.ts";

/** The plan for the gradient of a plain function in its first parameter. */
function planOf(text: string, options: TransposeOptions = {}): string {
  const { region } = formOfText(text);
  const forward = tangent(region, region.params.map((_, i) => i === 0), scalarFunctions, { primal: true }); // prettier-ignore
  const flat = makeFlatForm(forward, scalarFunctions, options);
  const isLinear = flat.params.map((_, i) => i >= region.params.length);
  const isSlope = flat.results.map((_, i) => i >= region.results.length);
  return printPlan(planReverse(flat, isLinear, isSlope, makeBuilder(flat, scalarFunctions), options));
}

test("the plan of a sum fuses its loop and saves nothing", () => {
  const plan = planOf(`export function f(xs: Float64Array): number {
    "use ad";
    let s = 0;
    for (let i = 0; i < xs.length; i++) s += Math.sin(xs[i]!) * xs[i]!;
    return s;
  }`);
  expect(plan).toMatchInlineSnapshot(`
    "forward pass
      let s = 0;
    cotangents xs_bar[xs.length], s_bar
    seed ds with ct
    forward pass
      for (let i = 0; i < xs.length; i++) fused
        forward pass
          const xs_at = xs[i];
          const sin = sin(xs_at);
          const k = cos(xs_at);
          const mul = sin * xs_at;
          const s_now = s;
          const add = s_now + mul;
          s = add;
        backward pass
          transpose ds = ds + (dxs_at * k * xs_at + sin * dxs_at); (adds to its target)
          transpose const dxs_at = dxs[i];
    backward pass
      transpose let ds = 0;"
  `);
});

test("the plan of a recurrence saves one value per iteration and recomputes the others", () => {
  const plan = planOf(`export function f(x: number, n: number): number {
    "use ad";
    let y = x;
    for (let i = 0; i < n; i++) {
      if (y > 1) y = Math.sqrt(y);
      else y = y * y + x;
    }
    return y;
  }`);
  expect(plan).toMatchInlineSnapshot(`
    "forward pass
      let y = x;
      n_2 = maximum(n, 0)
      tape y_now_tape[n_2]
      for (let i = 0; i < n; i++)
        const y_now = y;
        save y_now in y_now_tape[i]
        const less = 1 < y_now;
        if (less)
          const sqrt = sqrt(y_now);
          const k = sqrt * 2;
          y = sqrt;
        else
          const mul = y_now * y_now;
          const add = mul + x;
          y = add;
    cotangents x_bar, y_bar
    seed dy with ct
    backward pass
      for (let i_2 = 0; i_2 < n; i_2++) /* last one first */
        load y_now_2 = y_now_tape[i_2]
        recompute less_2 = 1 < y_now_2
        if (less_2)
          recompute sqrt_2 = sqrt(y_now_2)
          recompute k_2 = sqrt_2 * 2
          transpose dy = dy / k_2;
        else
          transpose dy = mul_2 + mul_2 + dx;
          transpose const mul_2 = dy * y_now_2;
      transpose let dy = dx;"
  `);
});

test("the plan of a checkpointed loop saves its state per segment", () => {
  const text = `export function f(x: number, n: number): number {
    "use ad";
    let y = x;
    for (let i = 0; i < n; i++) y = y - 0.1 * y * y;
    return y;
  }`;
  expect(planOf(text, { checkpoint: 3 })).toMatchInlineSnapshot(`
    "forward pass
      let y = x;
      for (let i = 0; i < n; i++) in segments
        n_2 = n - 0
        n_3 = n_2 + 0
        n_4 = maximum(n_3, 0)
        n_5 = n_4 + 2
        segments = n_5 / 3
        segments segments, 3 apart; 3 snapshots, binomial schedule
        save y in y_saved[3]
        segment from first to end
          forward pass
            n_6 = end - first
            n_7 = maximum(n_6, 0)
            tape y_now_tape[n_7]
            for (let i = first; i < end; i++)
              iteration = i - first
              const y_now = y;
              save y_now in y_now_tape[iteration]
              const mul = 0.1 * y_now;
              const mul_2 = mul * y_now;
              const sub = y_now - mul_2;
              y = sub;
          backward pass
            for (let i_2 = first; i_2 < end; i_2++) /* last one first */
              iteration_2 = i_2 - first
              load y_now_2 = y_now_tape[iteration_2]
              recompute mul_5 = 0.1 * y_now_2
              transpose dy = dy - (0.1 * dy * y_now_2 + mul_5 * dy); (adds to its target)
    cotangents x_bar, y_bar
    seed dy with ct
    copy the result y_result = y
    backward pass
      segments of for (let i = 0; i < n; i++) backward
      transpose let dy = dx;"
  `);
});

test.each([
  ["a local", "let t = 0;", "t = xs[i]!; t = t * t;", "t"],
  ["an array", "const a = new Float64Array(2);", "for (let j = 0; j < 2; j++) a[j] = xs[i]!; a[0] = a[0]! * a[1]!;", "a[0]!"],
])("a loop that sets %s from outside before it uses it is fused", (_, declaration, body, value) => {
  const plan = planOf(`export function f(xs: Float64Array): number {
    "use ad";
    let s = 0;
    ${declaration}
    for (let i = 0; i < xs.length; i++) { ${body} s += Math.sin(${value}); }
    return s;
  }`);
  expect(plan).toContain("for (let i = 0; i < xs.length; i++) fused");
}); // prettier-ignore

describe("a loop over elements of an array", () => {
  const fusedLoops = (body: string, result = "t"): number =>
    planOf(`export function f(xs: Float64Array, n: number) {
      "use ad";
      let [ys, zs] = [new Float64Array(n + 1), new Float64Array(n + 1)];
      let [p, q] = [new Int32Array(3), new Int32Array(3)];
      let t = 0;
      for (let i = 0; i < n; i++) { ${body} }
      return ${result};
    }`).split(") fused\n").length - 1;
  test.each([
    ["sums", "t += Math.sin(xs[i]!);"],
    [
      "writes an element of its own several times",
      "ys[i] = Math.sin(xs[i]!); ys[i] = ys[i]! * ys[i]!; t += ys[i]!;",
    ],
    [
      "swaps other arrays",
      "p[0] = i; [p, q] = [q, p]; ys[i] = Math.sin(xs[i]!) * p[1]!; ys[i] = ys[i]! * ys[i]!; t += ys[i]!;",
    ],
    [
      "reads other elements of an array that it does not write",
      "ys[i] = Math.sin(xs[n - 1 - i]!); t += ys[i]!;",
    ],
  ])("is fused if it %s", (_, body) => {
    expect(fusedLoops(body)).toBe(1);
    if (body.includes("ys")) expect(fusedLoops(body, "ys")).toBe(1);
  });
  test.each([
    ["reads the element before", "ys[i + 1] = Math.sin(ys[i]! + xs[i]!); t += ys[i]!;"],
    ["reads another element", "ys[i] = Math.sin(xs[i]!); t += ys[i]! * ys[0]!;"],
    ["changes a number", "t = Math.sin(t + xs[i]!);"],
    ["swaps arrays of numbers", "ys[i] = Math.sin(xs[i]!); [ys, zs] = [zs, ys]; t += ys[0]!;"],
  ])("is not fused if it %s", (_, body) => expect(fusedLoops(body)).toBe(0));
});

test("linear locals that a branch reads keep the order of the program", () => {
  const plan = planOf(`export function f(x: number, y: number): number {
    "use ad";
    const a = x * y;
    const b = x * 2;
    const c = x * 3;
    let s = 0;
    if (y > 0) {
      s += c;
      s += b;
      s += a;
    }
    return s;
  }`);
  expect([...plan.matchAll(/transpose const d(\w+) /g)].map(([, name]) => name)).toEqual(["c", "b", "a"]);
});
