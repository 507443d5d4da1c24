import { add, exp, log, mul, sin, square, sub, sum, type Tensor } from "downhill";
import { compile } from "downhill/plain";
import { atMost, between, type ConstrainedResult, equality, minimize, solver } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";

describe("warm starts", () => {
  const size = 8;
  const cost = (x: Tensor, k: Tensor): Tensor => sum(square(sub(x, mul(k, sin(add(x, 1))))));
  const constraints = [
    atMost((x: Tensor, k: Tensor) => sub(sum(square(x)), mul(2, k)), 0),
    between((x: Tensor) => sub(x.slice(1), x.slice(0, -1)), -0.2, 0.2),
  ];

  test.each(["interior-point", "sqp"] as const)("need fewer iterations of %s for changed data", (method) => {
    let latest: ConstrainedResult<Tensor> | undefined;
    const options = { method, constraints, low: -1, high: 0.6 };
    const cold = solver(cost, options);
    const warm = solver(cost, { ...options, warmStart: () => latest });
    const counts = [1, 1.01, 1.05, 1.1].map((k) => {
      const expected = cold(new Float64Array(size), k);
      latest = warm(new Float64Array(size), k);
      expect(latest).toMatchObject({ reason: "solved", method });
      expect(latest.value).toBeCloseTo(expected.value, 7);
      return [expected.iterations, latest.iterations];
    });
    expect(counts[0]![1]).toBe(counts[0]![0]);
    for (const [before, after] of counts.slice(1)) expect(after).toBeLessThanOrEqual(before!);
    expect(counts[1]![1]).toBeLessThanOrEqual(4);
  });

  test("at a solution end at once, for trees and for plain functions", async () => {
    const tree = (p: { a: Tensor; b: Tensor }): Tensor => add(square(sub(p.a, 3)), sum(exp(p.b)));
    const options = {
      constraints: [atMost((p: { a: Tensor; b: Tensor }) => add(p.a, sum(p.b)), 1)],
      low: -2,
    };
    const first = minimize(tree, { a: 0, b: [0, 0] }, options);
    const again = minimize(tree, { a: 0, b: [0, 0] }, { ...options, warmStart: first });
    expect(again).toMatchObject({ reason: "solved", iterations: 0 });
    expect(again.params.b.tolist()).toEqual(first.params.b.tolist());
    const { f, c } = await compile<{ f: (x: number[]) => number; c: (x: number[]) => number }>(
      `export function f(x: number[]) { "use ad"; return x[0] ** 4 + x[1]; }
       export function c(x: number[]) { "use ad"; return x[0] * x[1] - 1; }`,
    );
    const plain = { constraints: [equality(c, 0)], low: 0.1 };
    const solved = minimize(f, [1, 1], plain);
    expect(minimize(f, [1, 1], { ...plain, warmStart: solved })).toMatchObject({ reason: "solved", iterations: 0 }); // prettier-ignore
  });
});

describe("sqp", () => {
  test("is the default up to 50 parameters, and for no linear problem", () => {
    const methodOf = (n: number, f: (x: Tensor) => Tensor): string => {
      const r = minimize(f, new Float64Array(n).fill(0.5), { constraints: [equality((x: Tensor) => sum(x), 1)], low: 0 }); // prettier-ignore
      expect(r.reason).toBe("solved");
      return r.method;
    };
    const bowl = (x: Tensor): Tensor => sum(exp(square(x)));
    expect(methodOf(50, bowl)).toBe("sqp");
    expect(methodOf(51, bowl)).toBe("interior-point");
    expect(methodOf(3, (x) => sum(x))).toBe("interior-point");
  });

  test("hands over to the interior point method where no step is possible, and reports it", () => {
    // the linearised constraint has no solution within the bound
    const r = minimize((x: Tensor) => square(x), 0.1, {
      method: "sqp",
      constraints: [between((x: Tensor) => square(x), 4, 9)],
      high: 3,
    });
    expect(r).toMatchObject({ reason: "solved", method: "interior-point" });
    expect(r.value).toBeCloseTo(4, 7);
  });

  test("evaluates functions only within the bounds", () => {
    const r = minimize((x: Tensor) => sub(sum(mul(x, log(x))), x.at(0)), [1, 1, 1], {
      method: "sqp",
      constraints: [equality((x: Tensor) => sum(x), 1)],
      low: 1e-3,
      high: [0.5, 1, 1],
    });
    expect(r).toMatchObject({ reason: "solved", method: "sqp" });
    expect(r.params.at(0).item()).toBe(0.5);
    expect(r.multipliers.bounds.at(0).item()).toBeGreaterThan(0.1);
  });

  test("agrees with the interior point method on random problems", () => {
    let seed = 3;
    const random = (): number => 2 * ((seed = (seed * 48271) % 2147483647) / 2147483647) - 1;
    for (let k = 0; k < extent(2, 60); k++) {
      const n = 2 + (k % 5);
      const [a, b, c] = Array.from({ length: 3 }, () => Array.from({ length: n }, random));
      // convex, so that both methods reach the same minimum
      const f = (x: Tensor): Tensor => add(sum(exp(mul(a!, x))), sum(mul(b!, x)));
      const options = {
        constraints: [
          atMost((x: Tensor) => sum(square(x)), 1 + k / 10, { name: "ball" }),
          atMost((x: Tensor) => sum(mul(c!, x)), 0.1),
        ],
        low: -0.8,
      };
      const [sqp, interior] = (["sqp", "interior-point"] as const).map((method) =>
        minimize(f, Array.from({ length: n }, random), { ...options, method }),
      );
      expect(sqp).toMatchObject({ reason: "solved", method: "sqp" });
      expect(interior!.reason).toBe("solved");
      expect(Math.abs(sqp!.value - interior!.value)).toBeLessThan(1e-6);
      const forces = [sqp!, interior!].map(({ multipliers }) =>
        (multipliers.constraints[0] as Tensor).item(),
      );
      expect(forces[0]).toBeCloseTo(forces[1]!, 4);
    }
  });
});
