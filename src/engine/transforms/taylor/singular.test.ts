import { describe, expect, test } from "vitest";
import type { Tensor } from "downhill";
import { add, cond, div, foriLoop, jit, jvp, less, log, mul, pow, scan, sin, sqrt, taylor, tensor, whileLoop } from "downhill"; // prettier-ignore
import { marked } from "../../../../test/support/marked.ts";

type Scalar = (x: Tensor) => Tensor;

/** Coefficients to order 3 by repeated forward mode at 0. */
function repeated(f: Scalar, direction: number): number[] {
  const coefficients: number[] = [];
  let g = f;
  for (const factorial of [1, 1, 2, 6]) {
    coefficients.push(g(tensor(0)).item() / factorial);
    const last = g;
    g = (y) => jvp(last, [y], [tensor(direction)])[1];
  }
  return coefficients;
}

const close = (expected: readonly number[]): unknown[] =>
  expected.map((c): unknown => (Number.isFinite(c) ? expect.closeTo(c, 10) : c));

// the zeros above the order of the direction are stored in a carry of a loop
describe("coefficients of functions that are singular at 0 are those of repeated jvp", () => {
  const functions: readonly (readonly [name: string, f: Scalar])[] = [
    ["1 / x", (x) => div(1, x)],
    ["1 / x²", (x) => div(1, mul(x, x))],
    ["sqrt(x) · log(x)", (x) => mul(sqrt(x), log(x))],
    ["(x²)^1.7", (x) => pow(mul(x, x), 1.7)],
    ["sin(x) / x", (x) => div(sin(x), x)],
  ];
  const zero = tensor(0);
  const forms: readonly (readonly [form: string, apply: (f: Scalar) => Scalar])[] = [
    ["scan", (f) => (x) => scan((c: Tensor): [Tensor, Tensor] => [f(c), c], x, null as never, { length: 1 })[0]], // prettier-ignore
    ["a carry that starts constant", (f) => (x) => scan((c: Tensor): [Tensor, Tensor] => [f(x), c], zero, null as never, { length: 2 })[0]], // prettier-ignore
    ["a loop that runs twice", (f) => (x) => foriLoop(0, 2, (_, c) => f(c), x)],
    ["whileLoop", (f) => (x) => whileLoop(([i]) => less(i, 1), ([i, c]): [Tensor, Tensor] => [add(i, 1), f(c)], [zero, x] as [Tensor, Tensor])[1]], // prettier-ignore
    ["the result of a loop without iterations", (f) => (x) => f(whileLoop((c) => less(c, -1), sin, x))],
    ["the result of a product in a loop", (f) => (x) => f(foriLoop(0, 1, (_, c) => mul(c, c), x))],
    ["cond", (f) => (x) => cond(less(x, 1), f, (c: Tensor) => c, x)],
    ["the result of cond", (f) => (x) => f(cond(less(x, 1), (c: Tensor) => c, (c: Tensor) => mul(c, c), x))], // prettier-ignore
    ["jit", (f) => jit(f)],
  ];

  test.each(forms)("%s", (_, apply) => {
    for (const [name, f] of functions)
      expect(taylor(apply(f), { order: 3 })(0, -2).tolist(), name).toEqual(close(repeated(apply(f), -2)));
  });

  test.each([
    ["a quotient", "return 1 / x;"],
    ["a root and a logarithm", "return Math.sqrt(x) - Math.log(x);"],
    ["a loop", "let y = x; for (let i = 0; i < 2; i++) y = 1 / y; return y;"],
    ["a while loop", "let y = x; while (y < 1) y = 1 / y; return y;"],
    ["a branch", "let y = x; if (x < 1) y = 1 / x; return y;"],
    ["a square", "return 1 / (x * x);"],
    ["an array", "const a = [x, 1, 2]; let s = 0; for (let i = 1; i < 3; i++) s += i / a[i]; return s + 1 / a[0];"], // prettier-ignore
  ])("a plain function with %s", (_, body) => {
    const f = marked(`function f(x: number) { "use ad"; ${body} }`) as (x: never) => never;
    const found = taylor(f, { order: 3 })(0 as never, 1 as never);
    expect(found.tolist()).toEqual(close(repeated(f as unknown as Scalar, 1)));
  });
});
