import { describe, expect, test } from "vitest";
import { grad, tensor } from "downhill";
import type { Operation } from "downhill/testing";
import { checkFamily, floats, on, special, type Table } from "../../../test/support/op-table.ts";
import { samplesOf, specialOperations } from "../../../test/support/special-functions.ts";
import * as functions from "./special.ts";

const f = functions;
const positive = [0.5, 1.25, 2, 0.3, 8.5, 21];
const any = [0.5, -1.25, 2, -0.4, 0.8, -2.5];
const above = [1.5, 2.25, 3, 1.8, 4, 12.5];
const shapes = [0.5, 2.5, 0.25, 7, 25, 30];
const places = [0.25, 4, 0.5, 6, 20, 35];
const inner = [0.5, -0.25, 0.7, -0.1, 0.3, -0.6];
const fractions = [0.3, 0.4, 0.6, 0.55, 0.5, 0.45];
const parts = [0.5, 0, 1, 0.25, 0.5, 0.75, NaN, 2, -1, 0.5];
const odd = [0, -0, NaN, Infinity, -Infinity, 5e-324, 1, -1, -2, 1e300];
const others = [0, 1, 2, 0.5, NaN, -1, Infinity, -0, 2, 3];

/** Numbers, a matrix and a float32: these functions are slow and have one form for all shapes. */
const some = (...operands: (readonly number[])[]): ReturnType<typeof floats> =>
  floats(...operands).filter((_, i) => i % 3 === 0);
const odds = (...operands: (readonly number[])[]): ReturnType<typeof special> =>
  special(...operands).slice(0, 1);

/** The tables of functions whose row in test/support/special-functions.ts states their operands. */
const fromRows: Table = Object.fromEntries(
  specialOperations
    .filter(({ name }) => name in functions)
    .map((operation) => {
      const op = (functions as unknown as Readonly<Record<string, Operation>>)[operation.name]!;
      const special = operation.operands.map((domain, i) => (domain === "fraction" && i > 0 ? parts : i === 0 ? odd : others)); // prettier-ignore
      return [operation.name, [on(op, [...some(...samplesOf(operation)), ...odds(...special)])]];
    }),
);

describe("special", () => {
  checkFamily(f, {
    ...fromRows,
    lgamma: [on(f.lgamma, [...some(positive), ...some(any), ...odds(odd)])],
    digamma: [on(f.digamma, [...some(positive), ...some(any), ...odds(odd)])],
    polygamma: [0, 1, 4].map((n) => on((x) => f.polygamma(n, x), [...some(above), ...odds(odd)])),
    zeta: [
      on(
        (q) => f.zeta(tensor(2.5, { shape: [], dtype: q.dtype }), q),
        [{ ins: [1.5] }, { ins: [tensor(0.25)] }],
      ),
      on(f.zeta, [{ ins: [tensor(odd), tensor(others)], differentiable: false }], { modes: [] }),
    ],
    gammaDensity: [on(f.gammaDensity, [...some(shapes, places), ...odds(odd, others)])],
    gammaincByShape: [1, 2].map((n) =>
      on((a, x) => f.gammaincByShape(n, a, x), [...some(shapes, places), ...odds(odd, others)]),
    ),
    gaussian: [on(f.gaussian, [...some(any), ...odds(odd)])],
    ndtrByExp: [on(f.ndtrByExp, [...some(any), ...odds(odd)])],
    normalHazard: [on(f.normalHazard, [...some(any), ...odds(odd)])],
    digammaRise: [on(f.digammaRise, [...some(shapes, places), ...odds(odd, others)])],
    betaDensity: [on(f.betaDensity, [...some(shapes, places, fractions), ...odds(odd, others, parts)])],
    betainc: [
      on((a, b, x) => f.betainc(a, b, x), [...some(shapes, places, fractions), ...odds(odd, others, parts)]),
      on((a, b, x) => f.betainc(a, b, x, [1, 1]), some(shapes, places, fractions).slice(0, 1)),
    ],
    i0: [on(f.i0, [...some(any), ...odds(odd)])],
    i1: [on(f.i1, [...some(any), ...odds(odd)])],
    i0e: [on(f.i0e, [...some(any), ...odds(odd)])],
    i1e: [on(f.i1e, [...some(any), ...odds(odd)])],
    i0eByOrder: [1, 2].map((n) =>
      on((x) => f.i0eByOrder(n, x), [...some([...any.slice(0, 5), -45]), ...odds(odd)]),
    ),
    betaincOfSquare: [
      on((b, w) => f.betaincOfSquare(b, w), [...some(shapes, inner), ...odds(odd, parts)]),
      on((b, w) => f.betaincOfSquare(b, w, 1), some(shapes, inner).slice(0, 1)),
    ],
    betaincOfSquareInverse: [on(f.betaincOfSquareInverse, [...some(shapes, inner), ...odds(odd, parts)])],
    besselRatio: [on((x) => f.besselRatio(1, x), [...some(any), ...odds(odd)])],
  });

  test("polygamma refuses an order that is not an integer from 0 to 170, also in derivatives", () => {
    expect(() => f.polygamma(1.5, tensor(1))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: polygamma: the order must be an integer from 0 to 170, as in polygamma(1, x); got 1.5.]`,
    );
    expect(() => grad((x) => f.polygamma(170, x))(tensor(50))).toThrow("got 171");
  });

  test("zeta throws for a derivative with respect to its first operand", () => {
    expect(() => grad((s) => f.zeta(s, tensor(1)))(tensor(2))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: zeta: has no derivative with respect to its first operand. Differentiate with respect to the second one only, or write stopGradient(s).]`,
    );
    expect(grad((q) => f.zeta(tensor(2), q))(tensor(1)).item()).toBeCloseTo(-2.404113806319189, 14);
  });

  test("the second derivative of logNdtr stays accurate far below 0", () => {
    const curvature = grad(grad(f.logNdtr));
    // −1 + 1/x² − 6/x⁴ + 50/x⁶ …
    for (const x of [-40, -49.5, -50.5, -1e3]) {
      const series = [50, -6, 1, -1].reduce((sum, c) => sum / (x * x) + c);
      expect(curvature(tensor(x)).item(), `at ${x}`).toBeCloseTo(series, 9);
      // the remainder after −1
      const third = grad(curvature)(tensor(x)).item();
      expect(third * (x * x * x), `at ${x}`).toBeCloseTo(-2 + 24 / x ** 2 - 300 / x ** 4, 3);
    }
  });

  test("the derivatives of i0 at 0 are those of its series", () => {
    const derivatives: number[] = [];
    let g = f.i0;
    for (let n = 0; n <= 4; n++) {
      derivatives.push(g(tensor(0)).item() + 0);
      g = grad(g);
    }
    expect(derivatives).toEqual([1, 0, 0.5, 0, 0.375]);
  });

  test("betaincOfSquare and its inverse are smooth at 0", () => {
    const [value, root] = [f.betaincOfSquare, f.betaincOfSquareInverse];
    const slope = grad((w) => value(tensor(1.5), w))(tensor(0)).item();
    expect(slope).toBeCloseTo(2 / (Math.PI / 2), 14); // 2 / B(½, 3/2)
    expect(grad(grad((w) => value(tensor(1.5), w)))(tensor(0)).item()).toBeCloseTo(0, 14);
    expect(grad((u) => root(tensor(1.5), u))(tensor(0)).item()).toBeCloseTo(1 / slope, 14);
    expect(grad((b) => value(b, tensor(0)))(tensor(1.5)).item()).toBe(0);
  });

  test("derivatives of i0e and i1e stay accurate far from 0", () => {
    // with mpmath, from the asymptotic series
    const far: readonly (readonly [number, number, number, number])[] = [
      [1e3, -6.310198962627116e-6, -6.300731294301514e-6, 9.467668325601487e-9],
      [1e6, -1.9947121500246404e-10, -1.9947091579556673e-10, 2.992068973055139e-16],
      [1e12, -1.9947114020079114e-19, -1.9947114020049192e-19, 2.992067103012615e-31],
    ];
    for (const [x, first, other, second] of far) {
      for (const sign of [1, -1]) {
        const at = tensor(sign * x);
        expect((sign * grad(f.i0e)(at).item()) / first - 1, `i0e at ${sign * x}`).toBeCloseTo(0, 14);
        expect(grad(f.i1e)(at).item() / other - 1, `i1e at ${sign * x}`).toBeCloseTo(0, 14);
        expect(grad(grad(f.i0e))(at).item() / second - 1, `i0e″ at ${sign * x}`).toBeCloseTo(0, 14);
      }
    }
  });

  test("second derivatives of betainc with respect to its shape parameters are symmetric", () => {
    const slope = grad((a, b, x) => f.betainc(a, b, x), { argnums: [0, 1] });
    const mixed = (i: 0 | 1, argnums: number): number =>
      grad((a, b, x) => slope(a, b, x)[i], { argnums })(tensor(3), tensor(25), tensor(0.2)).item();
    expect(mixed(0, 1)).toBeCloseTo(mixed(1, 0), 14);
  });

  test("the derivatives of gammainc at x = 0 are those of its power of x", () => {
    const slope = (a: number): number => grad((x) => f.gammainc(tensor(a), x))(tensor(0)).item();
    expect([0.5, 1, 2].map(slope)).toEqual([Infinity, 1, 0]);
    const curvature = grad(grad((x) => f.gammainc(tensor(1), x)));
    expect(curvature(tensor(0)).item()).toBe(-1);
    expect(grad((a) => f.gammainc(a, tensor(0)))(tensor(2)).item()).toBe(0);
  });
});
