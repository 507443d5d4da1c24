import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { grad, jit, jvp, mul, sin, taylor, tensor } from "downhill";
import { marked } from "../../../../test/support/marked.ts";

type Numbers = number | readonly number[];

/** Coefficients of a plain function by repeated forward mode, which a tensor argument selects. */
function repeated(f: (x: never) => Tensor, order: number, x: Numbers, direction: Numbers): number[][] {
  const layers: number[][] = [];
  let [g, factorial] = [f as (x: Tensor) => Tensor, 1];
  for (let k = 0; k <= order; k++) {
    factorial *= Math.max(k, 1);
    layers.push(Array.from(g(tensor(x)).data(), (y) => y / factorial));
    const last = g;
    g = (y) => jvp(last, [y], [tensor(direction)])[1];
  }
  return layers;
}

function expectRepeated(text: string, x: Numbers, direction: Numbers, order = 3): void {
  const f = marked(text);
  const stack = taylor(f as (x: Numbers) => number, { order })(x, direction);
  const size = stack.data().length / (order + 1);
  repeated(f as (x: never) => Tensor, order, x, direction).forEach((layer, k) =>
    layer.forEach((expected, i) => {
      const found = stack.data()[k * size + i]!;
      const what = `order ${k}, element ${i}`;
      if (!Number.isFinite(expected)) expect(found, what).toBe(expected);
      else expect(Math.abs(found - expected), what).toBeLessThan(1e-11 * Math.max(1, Math.abs(expected)));
    }),
  );
}

describe("coefficients of plain functions are those of repeated jvp", () => {
  const cases: readonly (readonly [what: string, body: string, x: Numbers, direction: Numbers])[] = [
    [
      "loops and locals",
      "let s = 0; for (let i = 0; i < 3; i++) s += Math.sin(x * i) * Math.exp(x); return s / x;",
      0.3,
      1,
    ],
    ["branches", "if (x > 1) return x * x; let y = x; if (y > 0) y = Math.sqrt(y); return y;", 0.3, 2],
    ["a while loop", "let y = x; while (y < 100) y = y * y + x; return Math.log(y);", 1.5, 1],
    ["a choice", "return (x > 0 ? Math.cos(x) : x) * Math.max(x, 1) * Math.abs(x - 2);", 0.5, 1],
    ["powers", "return x ** 3 + x ** -1.5 + 2 ** x + x ** 2.3 + Math.hypot(x, 2);", 0.7, 1],
    ["a tie", "return Math.max(x * x, x) * Math.min(x, 1);", 1, 1],
    ["a root at 0", "return Math.sqrt(x * x);", 0, 1],
    ["an integer power at 0", "return x ** 3;", 0, 2],
    ["a root that a branch leaves out", "let y = 0; if (x > 1) y = x; return x * Math.sqrt(y);", 0.5, 1],
    ["an integer in between", "return x * Math.floor(x) + (x % 2);", 2.5, 1],
  ];

  test.each(cases)("%s", (_, body, x, direction) => {
    expectRepeated(`function f(x: number) { "use ad"; ${body} }`, x, direction);
  });

  test("arrays that are written to, exchanged and returned", () => {
    const body = `const y = new Float64Array(x.length); let z = new Float64Array(x.length);
      for (let i = 0; i < x.length; i++) y[i] = x[i] * x[(i + 1) % x.length];
      for (let i = 1; i < x.length; i++) { z[i] = Math.exp(y[i - 1]) + z[i - 1]; y[0] += z[i] / x[i]; }
      z[0] = y[0]; return z;`;
    expectRepeated(`function f(x: Float64Array) { "use ad"; ${body} }`, [0.4, -0.7, 1.2], [1, 0.5, -2]);
    expectRepeated(`function f(x: Float64Array) { "use ad"; let s = 0; for (const a of x) s += a * a; return Math.sqrt(s); }`, [0, 0], [1, 2]); // prettier-ignore
  });
});

describe("plain functions in other transforms", () => {
  const cube = marked(`function f(x: number) { "use ad"; return x * x * Math.sin(x); }`) as (
    x: number,
  ) => number;
  const overTensors = (x: Tensor): Tensor => mul(mul(x, x), sin(x));

  test("in jit, and after grad", () => {
    const expected = taylor(overTensors, { order: 5 })(0.3, 1);
    const found = jit((x: Tensor) => taylor(cube as unknown as (x: Tensor) => Tensor, { order: 5 })(x, 1))(
      0.3,
    );
    Array.from(found.data()).forEach((y, k) => expect(y).toBeCloseTo(expected.at(k).item(), 12));
    const ofGradient = taylor(grad(cube), { order: 4 })(0.3, 1);
    Array.from(ofGradient.data()).forEach((y, k) =>
      expect(y).toBeCloseTo((k + 1) * expected.at(k + 1).item(), 11),
    );
  });

  test("records, and results with several members", () => {
    const f = marked(
      `function f(p: { a: number; b: number[] }) { "use ad"; return { s: p.a * p.b[1], v: p.b }; }`,
    ) as (p: { a: number; b: number[] }) => { s: number; v: number[] };
    const found = taylor(f, { order: 2 })({ a: 2, b: [3, 4] }, { a: 1, b: [0, 5] });
    expect(found.s.tolist()).toEqual([8, 14, 5]);
    expect(found.v.tolist()).toEqual([[3, 4], [0, 5], [0, 0]]); // prettier-ignore
  });
});
