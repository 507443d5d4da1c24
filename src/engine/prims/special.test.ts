import { describe, expect, test } from "vitest";
import { grad, tensor } from "downhill";
import { checkFamily, floats, on, special } from "../../../test/support/op-table.ts";
import * as functions from "./special.ts";

const f = functions;
const positive = [0.5, 1.25, 2, 0.3, 8.5, 21];
const any = [0.5, -1.25, 2, -0.4, 0.8, -2.5];
const above = [1.5, 2.25, 3, 1.8, 4, 12.5];
const shapes = [0.5, 2.5, 0.25, 7, 25, 30];
const places = [0.25, 4, 0.5, 6, 20, 35];
const odd = [0, -0, NaN, Infinity, -Infinity, 5e-324, 1, -1, -2, 1e300];
const others = [0, 1, 2, 0.5, NaN, -1, Infinity, -0, 2, 3];

describe("special", () => {
  checkFamily(f, {
    lgamma: [on(f.lgamma, [...floats(positive), ...floats(any), ...special(odd)])],
    digamma: [on(f.digamma, [...floats(positive), ...floats(any), ...special(odd)])],
    polygamma: [0, 1, 4].map((n) => on((x) => f.polygamma(n, x), [...floats(above), ...special(odd)])),
    zeta: [
      on(
        (q) => f.zeta(tensor(2.5, { shape: [], dtype: q.dtype }), q),
        [{ ins: [1.5] }, { ins: [tensor(0.25)] }],
      ),
      on(f.zeta, [{ ins: [tensor(odd), tensor(others)], differentiable: false }], { modes: [] }),
    ],
    gammaDensity: [on(f.gammaDensity, [...floats(shapes, places), ...special(odd, others)])],
    gammaincByShape: [1, 2].map((n) =>
      on((a, x) => f.gammaincByShape(n, a, x), [...floats(shapes, places), ...special(odd, others)]),
    ),
    gammainc: [on(f.gammainc, [...floats(shapes, places), ...special(odd, others)])],
    gammaincc: [on(f.gammaincc, [...floats(shapes, places), ...special(odd, others)])],
  });

  test("polygamma refuses an order that is no whole number from 0 to 170, in derivatives too", () => {
    expect(() => f.polygamma(1.5, tensor(1))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: polygamma: the order must be a whole number from 0 to 170, as in polygamma(1, x); got 1.5.]`,
    );
    expect(() => grad((x) => f.polygamma(170, x))(tensor(50))).toThrow("got 171");
  });

  test("zeta has no derivative in its first operand, and says so", () => {
    expect(() => grad((s) => f.zeta(s, tensor(1)))(tensor(2))).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: zeta: there is no derivative in its first operand. Hold it fixed: differentiate in the second one, or write stopGradient(s).]`,
    );
    expect(grad((q) => f.zeta(tensor(2), q))(tensor(1)).item()).toBeCloseTo(-2.404113806319189, 14);
  });

  test("the derivatives of gammainc at x = 0 are those of its power of x", () => {
    const slope = (a: number): number => grad((x) => f.gammainc(tensor(a), x))(tensor(0)).item();
    expect([0.5, 1, 2].map(slope)).toEqual([Infinity, 1, 0]);
    const curvature = grad(grad((x) => f.gammainc(tensor(1), x)));
    expect(curvature(tensor(0)).item()).toBe(-1);
    expect(grad((a) => f.gammainc(a, tensor(0)))(tensor(2)).item()).toBe(0);
  });
});
