import { describe, expect, test } from "vitest";
import { grad, tensor } from "downhill";
import type { Operation } from "downhill/testing";
import { checkFamily, floats, on, special, type Table } from "../../../test/support/op-table.ts";
import { samplesOf, specialOperations } from "../../../test/support/special-functions.ts";
import * as functions from "./special-integrals.ts";

const f = functions;
const odd = [0, -0, NaN, Infinity, -Infinity, 5e-324, 1, -1, -2, 1e300];
const others = [0, 1, 2, 0.5, NaN, -1, Infinity, -0, 2, 3];
const any = [0.5, -1.25, 2, -0.4, 0.8, -2.5];

/** A number and a float32 array: these functions have one form for all shapes. */
const some = (...operands: (readonly number[])[]): ReturnType<typeof floats> =>
  floats(...operands).filter((_, i) => i === 0 || i === 3);
const odds = (...operands: (readonly number[])[]): ReturnType<typeof special> =>
  special(...operands).slice(0, 1);

/** The tables of functions whose row in test/support/special-functions.ts states their operands. */
const fromRows: Table = Object.fromEntries(
  specialOperations
    .filter(({ name }) => name in functions)
    .map((operation) => {
      const op = (functions as unknown as Readonly<Record<string, Operation>>)[operation.name]!;
      return [
        operation.name,
        [
          on(op, [
            ...some(...samplesOf(operation)),
            ...odds(...[odd, others].slice(0, operation.operands.length)),
          ]),
        ],
      ];
    }),
);

describe("special integrals", () => {
  checkFamily(f, {
    ...fromRows,
    erfcxByOrder: [on((x) => f.erfcxByOrder(2, x), odds(odd))],
    dawsnByOrder: [on((x) => f.dawsnByOrder(2, x), odds(odd))],
    logQuotientByOrder: [on((x) => f.logQuotientByOrder(1, x), odds(odd))],
    ellipkByOrder: [on((x) => f.ellipkByOrder(2, x), odds(odd))],
    ellipeByOrder: [on((x) => f.ellipeByOrder(2, x), odds(odd))],
    expm1Quotient: [on((x) => f.expm1Quotient(1, x), [...some(any).slice(0, 1), ...odds(odd)])],
    lambertw: [
      on((x) => f.lambertw(x, 0), [...some([-0.3, 0.5, 0, 2, 10, 0.1]), ...odds(odd)]),
      on((x) => f.lambertw(x, -1), some([-0.3, -0.25, -0.1, -0.35, -0.2, -0.02]).slice(0, 1)),
    ],
    lambertwOnePlus: [on((x) => f.lambertwOnePlus(x, 0), odds(odd))],
  });

  /** Value of the n-th derivative at x. */
  const derivative = (
    g: (x: ReturnType<typeof tensor>) => ReturnType<typeof tensor>,
    n: number,
    x: number,
  ): number => {
    let h = g;
    for (let i = 0; i < n; i++) h = grad(h);
    return h(tensor(x)).item();
  };

  test("derivatives of lambertw stay accurate near the branch point and at 0", () => {
    // W′ = e^−W / (1 + W), W″ = −e^−2W (2 + W) / (1 + W)³, with mpmath at the float64 number x
    const rows: readonly (readonly [x: number, first: number, second: number])[] = [
      [-0.367, 37.582346073374, -22306.15614950829],
      [-0.3678794411, 137926.8135062466, -9.6531431085986e14],
      [-0.1, 1.259138243719729, -3.3704856769618727],
      [2.0, 0.23010983749291725, -0.08153219555043212],
      [1000000.0, 9.192464602053913e-7, -9.132519306852983e-13],
    ];
    for (const [x, first, second] of rows) {
      expect(derivative((y) => f.lambertw(y, 0), 1, x) / first - 1, `at ${x}`).toBeCloseTo(0, 13);
      expect(derivative((y) => f.lambertw(y, 0), 2, x) / second - 1, `at ${x}`).toBeCloseTo(0, 13);
    }
    expect(derivative((y) => f.lambertw(y, 0), 3, 0)).toBeCloseTo(9, 13); // x − x² + 3x³/2 − …
  });

  test("derivatives of boxcox with respect to λ have their limits at λ = 0", () => {
    const at = (n: number): number => derivative((l) => f.boxcox(tensor(3), l), n, 0);
    const log = Math.log(3);
    expect(at(0)).toBeCloseTo(log, 15);
    expect(at(1)).toBeCloseTo(log ** 2 / 2, 14);
    expect(at(2)).toBeCloseTo(log ** 3 / 3, 14);
  });

  test("derivatives of spence, ellipk and ellipe have their limits at 1 and 0", () => {
    // −ln z / (z − 1) = −1 + (z − 1)/2 − (z − 1)²/3 + …
    expect([1, 2, 3].map((n) => derivative(f.spence, n, 1))).toEqual([-1, 0.5, expect.closeTo(-2 / 3, 14)]);
    // π/2 (1 + m/4 + 9m²/64 + …), π/2 (1 − m/4 − 3m²/64 − …)
    const half = Math.PI / 2;
    expect(derivative(f.ellipk, 1, 0)).toBeCloseTo(half / 4, 15);
    expect(derivative(f.ellipk, 2, 0)).toBeCloseTo((half * 9) / 32, 15);
    expect(derivative(f.ellipe, 1, 0)).toBeCloseTo(-half / 4, 15);
    expect(derivative(f.ellipe, 2, 0)).toBeCloseTo((-half * 3) / 32, 15);
  });

  test("derivatives of erfcx and dawsn do not cancel far from 0", () => {
    // with mpmath
    const rows = [
      ["erfcx", 1, 40.0, -0.0003522884252874839],
      ["erfcx", 2, 40.0, 1.75979437569139e-5],
      ["dawsn", 1, 40.0, -0.0003127934275178559],
      ["dawsn", 2, 40.0, 1.5654365740529387e-5],
      ["erfcx", 1, 1000.0, -5.641887372654967e-7],
      ["erfcx", 2, 1000.0, 1.1283757819707055e-9],
      ["dawsn", 1, 1000.0, -5.00000750001875e-7],
      ["dawsn", 2, 1000.0, 1.00000300001125e-9],
      ["dawsn", 1, 100000.0, -5.00000000075e-11],
      ["dawsn", 2, 100000.0, 1.0000000003e-15],
    ] as const;
    for (const [g, n, x, expected] of rows)
      expect(
        derivative(g === "erfcx" ? f.erfcx : f.dawsn, n, x) / expected - 1,
        `${g} ${n} ${x}`,
      ).toBeCloseTo(0, 13);
  });
});
