import {
  abs,
  add,
  cos,
  grad,
  matmul,
  maximum,
  mul,
  square,
  stack,
  sub,
  sum,
  tensor,
  type Tensor,
} from "downhill";
import { compile } from "downhill/plain";
import {
  atLeast,
  atMost,
  between,
  type ConstrainedResult,
  equality,
  linearProgram,
  minimize,
} from "downhill/optim";
import { describe, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";

const times =
  (...rows: readonly (readonly number[])[]) =>
  (x: Tensor): Tensor =>
    matmul(tensor(rows), x);

function dualsOf({ multipliers }: ConstrainedResult<Tensor>): readonly (readonly number[])[] {
  return multipliers.constraints.map((y) => (y as Tensor).tolist() as number[]);
}

describe("linearProgram", () => {
  test("finds the plan of Wyndor Glass with its shadow prices and reduced costs", () => {
    const hours = atMost(times([1, 0, 0], [0, 2, 1], [3, 2, 1]), [4, 12, 18]);
    const r = linearProgram([-3, -5, -1], { constraints: [hours], low: 0 });
    expect(r).toMatchObject({ reason: "solved", problem: "linear", method: "interior-point" });
    expect(r.value).toBeCloseTo(-36, 8);
    [2, 6, 0].forEach((x, i) => expect(r.params.at(i).item()).toBeCloseTo(x, 7));
    [0, 1.5, 1].forEach((y, i) => expect(dualsOf(r)[0]![i]).toBeCloseTo(y, 7));
    // the third product costs 1.5 + 1 hours' worth and earns 1
    expect(r.multipliers.bounds.tolist()).toEqual([0, 0, -1.5].map((z) => expect.closeTo(z, 7) as number));
    expect(r.iterations).toBeLessThanOrEqual(10);
  });

  test.each([
    [
      "a degenerate corner",
      [-1, -1],
      [atMost(times([1, 0], [0, 1], [1, 1], [2, 1]), [1, 1, 2, 3])],
      0,
      Infinity,
      -2,
    ],
    [
      "redundant equalities",
      [1, 2, 3],
      [equality(times([1, 1, 1], [2, 2, 2], [1, 0, -1]), [1, 2, 0])],
      0,
      Infinity,
      2,
    ],
    [
      "free variables",
      [1, 1],
      [atLeast(times([1, 2], [3, 1], [1, -1]), [1, 2, -5])],
      -Infinity,
      Infinity,
      0.8,
    ],
    ["bounds and no constraints", [1, -1], [], [0, -3], [2, 4], -4],
    ["an empty interior", [1, 2], [atMost(times([1, 1]), 1), atLeast(times([1, 1]), 1)], 0, Infinity, 1],
    ["a single feasible point", [1, 1], [equality(times([1, 1], [1, -1]), [2, 0])], 1, 5, 2],
    ["a fixed variable", [1, 1, 1], [atLeast(times([1, 1, 1]), 5)], [2, 0, 0], [2, 9, 9], 5],
    ["a cost of 0", [0, 0], [atLeast(times([1, 1]), 5)], 0, Infinity, 0],
    ["columns of different scales", [1e6, 1], [atLeast(times([1e4, 1e-3]), 1e3)], 0, Infinity, 1e5],
  ] as const)("solves %s", (_, c, constraints, low, high, optimum) => {
    const r = linearProgram(c, { constraints, low: low as number, high: high as number });
    expect(r.reason).toBe("solved");
    expect(Math.abs(r.value - optimum)).toBeLessThanOrEqual(1e-8 * (1 + Math.abs(optimum)));
    expect(r.violation).toBeLessThanOrEqual(1e-8);
    expect(r.multipliers.constraints).toHaveLength(constraints.length);
    expect(r.iterations).toBeLessThanOrEqual(10);
  });

  test("lists the constraints in conflict, also if the cost has no lower limit", () => {
    const few = linearProgram([1, 1], {
      constraints: [
        atMost(times([1, 1]), 1, { name: "supply" }),
        atLeast(times([1, 1]), 2, { name: "demand" }),
        atMost(times([1, -1]), 50, { name: "balance" }),
      ],
      low: 0,
    });
    expect(few.reason).toBe("infeasible");
    expect(few.message).toContain("No point satisfies the constraints");
    expect(few.message).toContain("In conflict are: supply[0], demand[0].");
    const parallel = equality(times([1, -1], [1, -1]), [0, 1]);
    expect(linearProgram([-1, -1], { constraints: [parallel] }).reason).toBe("infeasible");
  });

  test.each([
    ["along a bound", [-1, 0], atMost(times([-1, 1]), 1), 0],
    ["of free variables", [1, 1], equality(times([1, -1]), 0), -Infinity],
  ])("reports a ray %s as unbounded", (_, c, constraint, low) => {
    const r = linearProgram(c, { constraints: [constraint], low });
    expect(r).toMatchObject({ reason: "unbounded", converged: false });
  });

  test("agrees with the value of the dual problem on random problems", () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
    const sometimes = (chance: number): number => (random() < chance ? 0 : random());
    for (let k = 0; k < extent(2, 100); k++) {
      const n = 3 + Math.floor(random() * 12);
      const rows = Array.from({ length: 1 + Math.floor(random() * 8) }, () =>
        Array.from({ length: n }, () => (random() < 0.5 ? 0 : random() * 4 - 2)),
      );
      // a feasible point and feasible multipliers, so that an optimum exists
      const x = Array.from({ length: n }, () => sometimes(0.4));
      const high = rows.map((row) => row.reduce((total, a, i) => total + a * x[i]!, sometimes(0.5)));
      const y = rows.map(() => sometimes(0.5));
      const c = x.map((_, i) => rows.reduce((total, row, j) => total - row[i]! * y[j]!, sometimes(0.5)));
      const r = linearProgram(c, { constraints: [atMost(times(...rows), high)], low: 0 });
      expect(r.reason).toBe("solved");
      const dual = -dualsOf(r)[0]!.reduce((total, yj, j) => total + yj * high[j]!, 0);
      expect(Math.abs(dual - r.value)).toBeLessThanOrEqual(1e-7 * (1 + Math.abs(r.value)));
    }
  });

  test("is differentiable in costs and further arguments", () => {
    const hours = (x: Tensor, limit: Tensor): Tensor => sub(times([1, 0], [0, 2], [3, 2])(x), limit);
    const best = (c: Tensor, limit: Tensor): Tensor =>
      linearProgram<[Tensor]>(c, { constraints: [atMost(hours, 0)], low: 0, args: [limit] }).value as unknown as Tensor; // prettier-ignore
    const limits = [4, 12, 18];
    [2, 6].forEach((x, i) => expect(grad(best)([-3, -5], limits).at(i).item()).toBeCloseTo(x, 6));
    const prices = grad((limit: Tensor, c: Tensor) => best(c, limit))(limits, [-3, -5]);
    [0, -1.5, -1].forEach((y, i) => expect(prices.at(i).item()).toBeCloseTo(y, 6));
  });

  test("takes constraints of plain functions", async () => {
    const { f } = await compile<{ f: (x: number[]) => number[] }>(
      `export function f(x: number[]) { "use ad"; let s = 0; for (const xi of x) s += xi; return [s, x[0] - x[1]]; }`,
    );
    const r = linearProgram([1, 2], { constraints: [between(f, [1, -4], [9, 0]) as never], low: 0 });
    expect(r).toMatchObject({ reason: "solved", problem: "linear" });
    expect(r.value).toBeCloseTo(1.5, 8);
  });

  test("names the faults of its arguments", () => {
    expect(() => linearProgram([[1, 2]])).toThrow(
      "linearProgram: c must be a vector with one cost per variable",
    );
    expect(() => linearProgram([1], { method: "newton" } as never)).toThrow("method");
    const disc = atMost((x: Tensor) => sum(square(x)), 1);
    expect(() => linearProgram([1, 1], { constraints: [disc] })).toThrow(
      "the constraints are not linear in x",
    );
    expect(() => linearProgram([1, 1], { constraints: disc as never })).toThrow(
      "one constraint that is not in a list",
    );
    expect(() => linearProgram([1, 1], { constraints: [atMost((x: Tensor) => x.at(0), [1, 2, 3])] })).toThrow("linearProgram"); // prettier-ignore
  });
});

describe("the kind of a problem", () => {
  const total = (x: Tensor): Tensor => sum(x);
  const kindOf = (f: (x: Tensor) => Tensor, c: (x: Tensor) => Tensor): string =>
    minimize(f, [0.3, 0.6], { constraints: [atLeast(c, 0.5)], low: -9, high: 9 }).problem;

  test("is proved from the functions, not from values", () => {
    const bowl = (x: Tensor): Tensor => sum(square(x));
    // equal derivatives at the points of most starts, but not everywhere
    const kinked = (x: Tensor): Tensor => sum(abs(sub(x, 100)));
    const bent = (x: Tensor): Tensor => add(sum(x), sum(square(maximum(sub(x, 50), 0))));
    expect(kindOf(total, total)).toBe("linear");
    expect(kindOf(bowl, total)).toBe("quadratic");
    expect(kindOf((x) => mul(x.at(0), x.at(1)), total)).toBe("quadratic");
    expect(kindOf(bowl, (x) => stack([x.at(0), square(x.at(1))]))).toBe("nonlinear");
    expect(kindOf(total, kinked)).toBe("nonlinear");
    expect(kindOf(kinked, total)).toBe("nonlinear");
    expect(kindOf(bent, total)).toBe("nonlinear");
    expect(kindOf((x) => sum(cos(x)), total)).toBe("nonlinear");
  });

  test("solves equality constrained quadratic problems in one step", () => {
    const r = minimize((x: Tensor) => sum(square(sub(x, [1, 2, 3]))), [0, 0, 0], {
      constraints: [equality(total, 3)],
    });
    expect(r).toMatchObject({ reason: "solved", problem: "quadratic", iterations: 1 });
    [0, 1, 2].forEach((x, i) => expect(r.params.at(i).item()).toBeCloseTo(x, 12));
  });

  test("leaves quadratic problems that are not convex to the general method", () => {
    const r = minimize((x: Tensor) => mul(x.at(0), x.at(1)), [0.5, -0.2], {
      constraints: [between(total, -1, 1)],
      low: -2,
      high: 2,
    });
    expect(r).toMatchObject({ reason: "solved", problem: "quadratic" });
    expect(r.value).toBeCloseTo(-4, 6);
  });
});
