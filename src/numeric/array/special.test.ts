import { describe, expect, test } from "vitest";
import type { Operation } from "downhill/testing";
import {
  broadcasting,
  checkFamily,
  f32,
  f64,
  floats,
  i32,
  on,
  type Table,
} from "../../../test/support/op-table.ts";
import { samplesOf, specialOperations } from "../../../test/support/special-functions.ts";
import * as functions from "./special.ts";

const f = functions;
const positive = [1.5, 2, 0.25, 3, 0.5, 7];
const shapes = [0.5, 2.5, 0.25, 7, 25, 30];
const places = [0.25, 4, 0.5, 6, 20, 35];
const few = floats(positive).slice(0, 4);
const whole = { ins: [i32([1, 2])] };

/** The tables of functions whose row in test/support/special-functions.ts states their operands. */
const fromRows: Table = Object.fromEntries(
  specialOperations.map((operation) => {
    const op = (functions as unknown as Readonly<Record<string, Operation>>)[operation.name]!;
    const [x, y, z] = samplesOf(operation) as [number[], number[]?, number[]?];
    if (y === undefined) return [operation.name, [on(op, [{ ins: [f64(x.slice(0, 2))] }])]];
    if (z === undefined) return [operation.name, [on(op, broadcasting(x, y).slice(1, 4))]];
    return [operation.name, [on(op, [{ ins: [f64(x.slice(0, 2), [2, 1]), y[1]!, f64(z.slice(0, 3))] }])]];
  }),
);

describe("special functions", () => {
  checkFamily(f, {
    ...fromRows,
    lgamma: [on(f.lgamma, [...few, whole])],
    digamma: [on(f.digamma, [...few, whole])],
    polygamma: [
      on((x) => f.polygamma(0, x), few),
      on((x) => f.polygamma(2, x), [{ ins: [f64([1.5, 2])] }, whole]),
    ],
    zeta: [
      on((q) => f.zeta(1.5, q), [{ ins: [f64([0.5, 2])] }, whole]),
      on((q) => f.zeta([[2], [3]], q), [{ ins: [f64([0.5, 2])] }]),
    ],
    gammainc: [on(f.gammainc, [...broadcasting(shapes, places), { ins: [i32([1, 2]), 2] }])],
    lambertw: [
      on((x) => f.lambertw(x), [{ ins: [f64([0.5, -0.25])] }, whole]),
      on((x) => f.lambertw(x, -1), [{ ins: [f64([-0.25])] }]),
    ],
    ...Object.fromEntries(
      (
        [
          ["jv", f.jv],
          ["yv", f.yv],
          ["iv", f.iv],
          ["kv", f.kv],
        ] as const
      ).map(([name, op]) => [name, [on((x) => op(0.5, x), [{ ins: [f64([0.5, 2])] }, whole])]]),
    ),
    ndtr: [on(f.ndtr, [{ ins: [f64([0.5, -2.25])] }, whole])],
    logNdtr: [on(f.logNdtr, [{ ins: [f64([0.5, -2.25])] }, whole])],
    betainc: [
      on(f.betainc, [
        { ins: [f64([2, 3], [2, 1]), 1.5, f64([0.25, 0.5, 0.75])] },
        { ins: [2, f32([1.5, 2]), 0.5] },
        { ins: [i32([1, 2]), 2, f64([0.5, 0.25])] },
      ]),
    ],
    gammaincinv: [
      on(f.gammaincinv, [{ ins: [f64([2, 30], [2, 1]), f64([0.25, 0.5])] }, { ins: [i32([1, 2]), 0.5] }]),
    ],
    multigammaln: [on((a) => f.multigammaln(a, 3), [{ ins: [f64([1.5, 4])] }, whole])],
    expit: [on(f.expit, [{ ins: [f64([0.5, -2])] }, whole])],
    xlog1py: [
      on(f.xlog1py, [
        { ins: [f64([2, 3], [2, 1]), f64([0.25, -0.5, 0.75])] },
        { ins: [f64([0, 0, 0]), f64([-1, NaN, Infinity])], differentiable: false },
      ]),
    ],
    entr: [on(f.entr, [{ ins: [f64([0.5, 2])] }, whole])],
    i0: [on(f.i0, [{ ins: [f64([0.5, -2])] }, whole])],
    i0e: [on(f.i0e, [{ ins: [f64([0.5, -2])] }, whole])],
    i1: [on(f.i1, [{ ins: [f64([0.5, -2])] }, whole])],
    i1e: [on(f.i1e, [{ ins: [f64([0.5, -2])] }, whole])],
    gammaincc: [on(f.gammaincc, [...broadcasting(shapes, places), { ins: [i32([1, 2]), 2] }])],
  });

  test("multigammaln is NaN where the integral diverges, and refuses a dimension that is not an integer", () => {
    expect(f.multigammaln([0.5, 0.6], 2).tolist()).toEqual([NaN, expect.any(Number)]);
    expect(f.multigammaln(4, 3).item()).toBeCloseTo(5.402975080909175, 13);
    expect(() => f.multigammaln(4, 1.5)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: multigammaln: the dimension must be an integer from 1 to 10000, got 1.5.]`,
    );
  });

  test("lambertw refuses branches with complex values", () => {
    expect(() => f.lambertw(1, 1 as 0)).toThrowErrorMatchingInlineSnapshot(
      `[DownhillError: lambertw: the branch must be 0 or −1, the two with real values; got 1.]`,
    );
  });
});
