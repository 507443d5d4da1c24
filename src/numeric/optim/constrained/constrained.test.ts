import {
  abs,
  add,
  exp,
  log,
  maximum,
  mul,
  neg,
  sin,
  sqrt,
  square,
  stack,
  sub,
  sum,
  type Tensor,
} from "downhill";
import { compile } from "downhill/plain";
import {
  atLeast,
  atMost,
  between,
  type ConstrainedIteration,
  type Constraint,
  equality,
  minimize,
  minimizeAsync,
  solver,
} from "downhill/optim";
import { describe, expect, test } from "vitest";
import { compileText } from "../../syntax/index.ts";

const bowl = (x: Tensor): Tensor => sum(square(x));
const total = (x: Tensor): Tensor => sum(x);

describe("results under constraints", () => {
  test("multipliers are forces in balance, with the sign of the active limit", () => {
    const target = [2, 1];
    const f = (x: Tensor): Tensor => bowl(sub(x, target));
    const upper = minimize(f, [0, 0], { constraints: [atMost(total, 1)], high: [0.75, Infinity] });
    const [x, y] = upper.params.tolist() as [number, number];
    expect([x, y]).toEqual([expect.closeTo(0.75, 7), expect.closeTo(0.25, 7)]);
    const force = (upper.multipliers.constraints[0] as Tensor).item();
    const [boundX, boundY] = upper.multipliers.bounds.tolist() as [number, number];
    expect(force).toBeCloseTo(1.5, 6);
    expect(2 * (x - 2) + force + boundX).toBeCloseTo(0, 6);
    expect(2 * (y - 1) + force + boundY).toBeCloseTo(0, 6);
    const lower = minimize(bowl, [3, 3], { constraints: [atLeast(total, 1), between(total, -5, 5)] });
    expect((lower.multipliers.constraints[0] as Tensor).item()).toBeCloseTo(-1, 6);
    expect((lower.multipliers.constraints[1] as Tensor).item()).toBeCloseTo(0, 6);
  });

  test("report the violation and the optimality of the unscaled problem", () => {
    // scaled by 1e6 inside the search, which must not show in the result
    const r = minimize((x: Tensor) => mul(1e8, bowl(x)), [3, 5], {
      constraints: [equality((x: Tensor) => mul(1e6, total(x)), 1e6)],
    });
    const [x, y] = r.params.tolist() as [number, number];
    expect(r.violation).toBe(Math.abs(1e6 * (x + y) - 1e6));
    const multiplier = (r.multipliers.constraints[0] as Tensor).item();
    expect(multiplier).toBeCloseTo(-100, 6);
    const slope = Math.max(...[x, y].map((xi) => Math.abs(2e8 * xi + 1e6 * multiplier)));
    const scale = Math.max(100, Math.abs(multiplier) / 3) / 100;
    expect(r.optimality).toBeCloseTo(Math.max(slope / scale, r.violation), 12);
    expect(r.history.at(-1)!.value).toBeCloseTo(r.value, 4);
  });

  test("have one record per iteration", () => {
    const iterations: number[] = [];
    const r = minimize(bowl, [3, 1], {
      constraints: [equality(total, 1)],
      callback: ({ iteration, slope }) => {
        iterations.push(iteration);
        expect(slope).toBeGreaterThanOrEqual(0);
      },
    });
    expect(r.history).toHaveLength(r.iterations + 1);
    expect(iterations).toEqual(r.history.map(({ iteration }) => iteration));
    expect(r.method).toBe("sqp");
  });

  test("without constraints stay as they are", () => {
    const r = minimize(bowl, [3, 1], { constraints: [] });
    expect(Object.keys(r)).toEqual(Object.keys(minimize(bowl, [3, 1])));
  });

  test("keep the parameters strictly within their bounds", () => {
    const f = (x: Tensor): Tensor => bowl(sub(x, [-1, 9]));
    const { params } = minimize(f, [0.5, 0.5], { low: 0.1, high: 0.7, constraints: [atMost(total, 10)] });
    const [x, y] = params.tolist() as [number, number];
    expect(x).toBeGreaterThanOrEqual(0.1);
    expect(y).toBeLessThanOrEqual(0.7);
    expect([x, y]).toEqual([expect.closeTo(0.1, 7), expect.closeTo(0.7, 7)]);
  });

  test("take trees of parameters, further arguments, arrays of constraints and limits that broadcast", () => {
    interface Weights {
      readonly w: Tensor;
      readonly b: Tensor;
    }
    const solve = solver(({ w, b }: Weights, k: Tensor) => add(sum(mul(w, [1, 2])), square(sub(b, k))), {
      constraints: [
        atMost(({ w }: Weights, k: Tensor) => mul(k, square(w)), [[4], [1]], { name: "squares" }),
        equality(({ b, w }: Weights) => sub(b, sum(w)), 0),
      ],
      low: { w: -10, b: -Infinity },
    });
    const start = {
      w: [
        [0.1, 0.2],
        [0.3, 0.4],
      ],
      b: 0,
    };
    for (const k of [1, 4]) {
      const r = solve(start, k);
      expect(r.reason).toBe("solved");
      const [squares, sums] = r.multipliers.constraints as [Tensor, Tensor];
      expect(squares.shape).toEqual([2, 2]);
      expect(sums.shape).toEqual([]);
      expect(Math.max(...(r.params.w.data() as Float64Array).map((w) => k * w ** 2))).toBeLessThanOrEqual(
        4 + 1e-7,
      );
    }
  });

  test("are plain for plain functions", async () => {
    const { f, c } = await compile<{
      f: (p: { a: number; b: number[] }, k: number) => number;
      c: (p: { a: number; b: number[] }, k: number) => number;
    }>(
      `export function f(p: { a: number; b: number[] }, k: number) { "use ad"; return (p.a - k) ** 2 + p.b[0] ** 2; }
       export function c(p: { a: number; b: number[] }, k: number) { "use ad"; return p.a + p.b[0] - 0.5 * k; }`,
    );
    const r = minimize(f, { a: 0, b: [0] }, { args: [2], constraints: [equality(c, 0)] });
    expect([r.params.a, ...r.params.b]).toEqual([expect.closeTo(1.5, 8), expect.closeTo(-0.5, 8)]);
    expect(r.multipliers).toEqual({ constraints: [expect.closeTo(1, 8)], bounds: { a: 0, b: [0] } });
  });

  test("are the same asynchronously, and limits keep their reasons", async () => {
    const constraints = [equality((x: Tensor) => sum(square(x)), 1)];
    const f = (x: Tensor): Tensor => sum(mul(x, [1, 2]));
    const r = await minimizeAsync(f, [1, 1], { constraints });
    expect(r.value).toBe(minimize(f, [1, 1], { constraints }).value);
    expect(minimize(f, [1, 1], { constraints, maxIterations: 2 })).toMatchObject({ reason: "iterations", converged: false, iterations: 2 }); // prettier-ignore
    expect(minimize(f, [1, 1], { constraints, callback: () => true }).reason).toBe("callback");
    expect(minimize(f, [1, 1], { constraints, maxEvaluations: 3 }).reason).toBe("evaluations");
    const aborted = await minimizeAsync(f, [1, 1], { constraints, signal: AbortSignal.abort() });
    expect(aborted.reason).toBe("aborted");
  });

  test("use the sparsity of a chain of links: few products per Hessian", () => {
    const n = 150;
    const links = (x: Tensor): Tensor => square(sub(x.slice(1), x.slice(0, -1)));
    const r = minimize((x: Tensor) => sum(square(sub(x, 3))), new Float64Array(n), {
      constraints: [atMost(links, 1e-3)],
      low: new Float64Array(n).fill(-Infinity).fill(0, 0, 1),
      high: new Float64Array(n).fill(Infinity).fill(0, 0, 1),
    });
    expect(r.reason).toBe("solved");
    expect(r.params.at(-1).item()).toBeCloseTo(3, 4);
    expect(r.hessianProducts).toBeLessThanOrEqual(4 * (r.iterations + 1));
  });
});

describe("verdicts", () => {
  const diamond = atMost((x: Tensor) => sum(abs(x)), 1, { name: "diamond" });
  const corner = atMost((x: Tensor) => maximum(x.at(0), x.at(1)), 1, { name: "corner" });
  const fold = equality((x: Tensor) => sub(abs(x.at(0)), x.at(1)), 0, { name: "fold" });
  const line = equality((x: Tensor) => sum(mul([1, 2], x)), 1, { name: "line" });
  const half = atMost(total, 1, { name: "half-plane" });
  const to = (target: number[]) => (x: Tensor) => sum(square(sub(x, target)));
  const size = (x: Tensor): Tensor => sqrt(sum(square(x)));
  const zigzag = (x: Tensor): Tensor => add(abs(sub(x.at(0), x.at(1))), bowl(sub(x, [1, -1])));
  test.each([
    ["|x| + |y| ≤ 1 and a target above", to([0, 3]), [0.1, 0.1], diamond, "diamond", 4],
    ["|x| + |y| ≤ 1 and a target beside", to([2, 3]), [0.1, 0.1], diamond, "diamond", 8],
    ["|x| + |y| ≤ 1 and an infeasible start", (x) => sum(mul([1, 2], x)), [3, 3], diamond, "diamond", -2],
    ["max(x, y) ≤ 1", to([3, 3]), [0.1, 0.2], corner, "corner", 8],
    ["max(x, y) ≤ 1 and a target to the side", to([3, 2]), [0.1, 0.2], corner, "corner", 5],
    ["|x| = y", to([0.1, -3]), [0.3, 0.7], fold, "fold", 9.01],
    ["a sum of absolute values", (x) => sum(abs(x)), [0.3, 0.7], line, "the cost", 0.5],
    ["a norm whose minimum is 0", size, [1, 2], half, "the cost", 0],
    ["an absolute value in the cost", zigzag, [0.3, 0.7], half, "the cost", undefined],
  ] satisfies [string, (x: Tensor) => Tensor, number[], Constraint<Tensor>, string, number | undefined][])(
    "%s: a search that kinks stop ends soon, names the function, and returns a good point",
    (_, cost, start, constraint, name, value) => {
      for (const method of ["interior-point", "sqp"] as const) {
        const seen: ConstrainedIteration[] = [];
        const r = minimize(cost, start, { method, constraints: [constraint] });
        seen.push(...r.history.filter((at) => at.violation <= 1e-8));
        if (r.reason !== "solved") {
          expect(r.reason).toBe("numerical");
          expect(r.message).toContain(`${name} seems to have no derivative near this point`);
        }
        expect(r.iterations).toBeLessThan(50);
        expect(r.evaluations).toBeLessThan(800);
        expect(r.violation).toBeLessThanOrEqual(1e-8);
        expect(r.value).toBeLessThanOrEqual(Math.min(...seen.map((at) => at.value)) + 1e-9);
        if (value !== undefined) expect(Math.abs(r.value - value)).toBeLessThan(0.01);
      }
    },
  );

  test("kinks of a constraint that is far from its limit do not end a slow search", () => {
    const slow = (x: Tensor): Tensor => sum(square(square(sub(x, 3))));
    const far = atMost((x: Tensor) => sum(abs(sub(x, 2))), 1e3);
    const r = minimize(slow, [-9, 40], { constraints: [far, atLeast(total, -100)] });
    expect(r.reason).toBe("solved");
  });

  test.each([
    ["-log x", (x: Tensor) => neg(log(x))],
    ["-exp x", (x: Tensor) => neg(exp(x))],
    ["-x", (x: Tensor) => neg(x)],
  ])("%s is unbounded", (_, f) => {
    expect(minimize(f, 1, { constraints: [atLeast((x: Tensor) => x, 0.5)] }).reason).toBe("unbounded");
  });

  test("a limit of 1e12 does not count as unbounded", () => {
    const r = minimize((x: Tensor) => neg(x), 1, { constraints: [atMost((x: Tensor) => x, 1e12)] });
    expect(r.reason).toBe("acceptable");
    expect(r.params.item() / 1e12).toBeCloseTo(1, 8);
  });

  test("an infeasible problem names the constraints and bounds in conflict, and no others", () => {
    const r = minimize(bowl, [1, 1], {
      high: [2, Infinity],
      constraints: [
        atLeast(total, 9, { name: "demand" }),
        atMost((x: Tensor) => x.at(1), 3, { name: "capacity" }),
        atMost((x: Tensor) => bowl(x), 100, { name: "power" }),
      ],
    });
    expect(r.reason).toBe("infeasible");
    expect(r.message).toContain("In conflict are: demand, capacity, the bound of x0[0].");
    expect(r.violation).toBeGreaterThan(1);
    expect(r.converged).toBe(false);
  });

  test("a violation with local minima is infeasible there, and the message suggests another start", () => {
    const r = minimize((x: Tensor) => square(x), 2, { constraints: [atLeast((x: Tensor) => sin(x), 1.5)] });
    expect(r).toMatchObject({ reason: "infeasible", violation: expect.closeTo(0.5, 6) as number });
    expect(r.message).toContain("another start may lead to a feasible point");
  });

  test("a feasible set without interior is solved", () => {
    const r = minimize((x: Tensor) => sum(mul([1, 2, 3], x)), [1, 1, 1], {
      low: 0,
      constraints: [equality(total, 0)],
    });
    expect(r.reason).toBe("solved");
    expect(r.value).toBeCloseTo(0, 7);
  });

  test("discs that touch have no multipliers, which the message explains", () => {
    const r = minimize((x: Tensor) => x.at(1), [0, 0], {
      constraints: [atMost(bowl, 1), atMost((x: Tensor) => bowl(sub(x, [2, 0])), 1)],
    });
    expect(r.reason).toBe("acceptable");
    expect(r.message).toContain("no constraint qualification");
    expect(r.params.tolist()).toEqual([expect.closeTo(1, 4), expect.closeTo(0, 4)]);
  });

  test("dependent equations are solved, and contradictory ones are infeasible", () => {
    const rows = (x: Tensor): Tensor => stack([x.at(0), x.at(1), sum(x)]);
    const consistent = minimize(bowl, [3, 1], { constraints: [equality(rows, [1, 2, 3])] });
    expect(consistent.reason).toBe("solved");
    expect(consistent.params.tolist()).toEqual([expect.closeTo(1, 7), expect.closeTo(2, 7)]);
    expect(minimize(bowl, [3, 1], { constraints: [equality(rows, [1, 2, 4])] }).reason).toBe("infeasible");
  });

  test("gradients that vanish at the start do not stop the search", () => {
    const r = minimize((x: Tensor) => x.at(0), [0, 0], { constraints: [equality(bowl, 1)] });
    expect(r).toMatchObject({ reason: "solved", value: expect.closeTo(-1, 7) as number });
  });

  const product = equality((x: Tensor) => sub(mul(x.at(0), x.at(1)), exp(x.at(0))), -1);
  const point = equality((x: Tensor) => abs(sub(x.at(0), 1)).add(abs(x.at(1))), 0);
  const hollow = (x: Tensor): Tensor => sum(square(square(sub(x, 3))));
  type Cost = (x: Tensor) => Tensor;
  test.each<[string, Cost, number[], Constraint<Tensor>, object, string]>([
    ["stuck", (x) => neg(x.at(0)), [2, 3], point, {}, "numerical"],
    ["limited", hollow, [0.1, 0.2], product, { maxIterations: 3 }, "iterations"],
    ["limited in its evaluations", hollow, [0.1, 0.2], product, { maxEvaluations: 4 }, "evaluations"],
  ])(
    "a search that is %s returns its least violated point, not its last one",
    (_, cost, start, constraint, limits, reason) => {
      const violationOf = (x: Tensor): number => Math.abs((constraint.f(x) as Tensor).item() - (constraint.low as number)); // prettier-ignore
      const seen: number[] = [];
      const r = minimize(cost, start, {
        method: "interior-point",
        constraints: [constraint],
        callback: ({ params }) => void seen.push(violationOf(params)),
        ...limits,
      });
      expect(r.reason).toBe(reason);
      expect(violationOf(r.params)).toBeLessThanOrEqual(Math.min(...seen));
      expect(r.violation).toBeCloseTo(violationOf(r.params), 12);
      expect(seen.at(-1)).toBeGreaterThan(Math.min(...seen));
      expect(r.value).toBeCloseTo(cost(r.params).item(), 9);
    },
  );

  test("of feasible points, a limited search returns the one with the least value", () => {
    const seen: number[] = [];
    const r = minimize(hollow, [1, 0.2], {
      method: "interior-point",
      constraints: [
        atMost((x: Tensor) => sum(square(x)), 9),
        atLeast((x: Tensor) => sin(mul(5, x.at(0))), 0.2),
      ],
      maxIterations: 6,
      callback: ({ params, value }) => {
        const [x, y] = params.tolist() as [number, number];
        if (x * x + y * y <= 9 && Math.sin(5 * x) >= 0.2) seen.push(value);
      },
    });
    expect(r).toMatchObject({ reason: "iterations", violation: 0 });
    expect(r.value).toBeCloseTo(Math.min(...seen), 9);
  });

  test.each(["interior-point", "sqp"] as const)(
    "limits that leave no interior are joined by %s, with the multiplier at the limit that holds",
    (method) => {
      const disc = (x: Tensor): Tensor => sub(add(square(x.at(2)), square(x.at(3))), 2);
      const r = minimize((x: Tensor) => bowl(sub(x, [1, 2, 3, 4])), [1, 1, 1, 1], {
        method,
        constraints: [
          atMost((x: Tensor) => x.at(0), 2),
          atMost((x: Tensor) => neg(x.at(0)), -2),
          atLeast(disc, 0),
          atMost(disc, 0),
          atMost((x: Tensor) => x.at(1), 1.5),
        ],
      });
      expect(r).toMatchObject({ reason: "solved", method });
      expect(r.value).toBeCloseTo(28 - 10 * Math.sqrt(2) + 0.25, 7);
      expect(r.optimality).toBeLessThan(1e-6);
      const prices = r.multipliers.constraints.map((price) => (price as Tensor).item());
      [0, 2, 0, Math.sqrt(25 / 2) - 1, 1].forEach((price, k) => expect(prices[k]).toBeCloseTo(price, 5));
    },
  );

  test("similar limits that are not opposite are not joined", () => {
    // equal at the start only
    const r = minimize((x: Tensor) => bowl(sub(x, [3, 0])), [1, 1], {
      constraints: [atMost((x: Tensor) => mul(x.at(0), x.at(1)), 1), atLeast((x: Tensor) => x.at(1), 1)],
    });
    expect(r.params.tolist()).toEqual([expect.closeTo(1, 6), expect.closeTo(1, 6)]);
    expect(r.reason).toBe("solved");
  });

  test("a search that creeps where constraints contradict each other ends as infeasible", () => {
    const hyperbola = compileText("-3*x1^2+2*x1*x2-x2^2+1");
    const value = (x: Tensor): Tensor => hyperbola.evaluate([x.at(0), x.at(1)]);
    const r = minimize((x: Tensor) => sub(x.at(0), x.at(1)), [-10, 10], {
      constraints: [
        atLeast(value, 0, { name: "inside" }),
        atMost((x: Tensor) => mul(1, value(x)), -0.1, { name: "outside" }),
      ],
    });
    expect(r.reason).toBe("infeasible");
    expect(r.message).toMatch(/inside.*outside/);
  });

  test("kinks never count as solved", () => {
    const r = minimize((x: Tensor) => sum(abs(x)), [0.2, 0.1], { constraints: [atLeast(total, -1)] });
    expect(r.reason).toBe("numerical");
    expect(r.message).toContain("the cost seems to have no derivative near this point");
  });

  test("parameters that are all fixed are only checked", () => {
    const box = { low: [1, 2], high: [1, 2] };
    const good = minimize(bowl, [3, 1], { ...box, constraints: [equality(total, 3)] });
    expect(good).toMatchObject({ reason: "solved", value: 5, violation: 0 });
    const bad = minimize(bowl, [3, 1], { ...box, constraints: [equality(total, 4, { name: "total" })] });
    expect(bad).toMatchObject({ reason: "infeasible", violation: 1 });
    expect(bad.message).toContain("It violates total.");
  });

  test("a start where a function is NaN names the function", () => {
    const f = (x: Tensor): Tensor => x;
    const r = minimize(f, -1, { constraints: [atMost((x: Tensor) => sqrt(x), 3, { name: "root" })] });
    expect(r.reason).toBe("not-finite");
    expect(r.message).toBe(
      "root is NaN at the start: start elsewhere, or bound the parameters away from such points.",
    );
    // within the bounds the root is defined, and the start is moved there
    const inside = minimize(f, -1, { low: 0, constraints: [atLeast((x: Tensor) => sqrt(x), 3)] });
    expect(inside.value).toBeCloseTo(9, 6);
  });
});

describe("misuse", () => {
  const f = bowl;
  const one = atMost(total, 1, { name: "budget" });

  test.each<[string, object, string]>([
    ["no list", { constraints: one }, "got one constraint that is not in a list."],
    ["a function", { constraints: [total] }, "got a function in the list."],
    [
      "another method",
      { constraints: [one], method: "lbfgs" },
      'lbfgs does not support constraints. Omit method, or use "interior-point" or "sqp".',
    ],
    ["no constraints", { method: "interior-point" }, 'method: "interior-point" needs constraints.'],
    ["no constraints", { barrier: "adaptive" }, "barrier needs constraints."],
    ["another barrier", { constraints: [one], barrier: "low" }, "barrier"],
    ["no constraints", { warmStart: { params: 1 } }, "warmStart needs constraints."],
    [
      "no earlier result",
      { constraints: [one], warmStart: { params: [1, 1] } },
      "warmStart must be an earlier result of this problem",
    ],
    [
      "a result of another problem",
      { constraints: [one], warmStart: { params: [1], multipliers: { constraints: [0], bounds: [0] } } },
      "warmStart has 1 parameters and 1 multipliers of constraints, but the problem has 2 and 1.",
    ],
    ["a tolerance alone", { constraintTolerance: 1e-3 }, "constraintTolerance needs constraints."],
    [
      "valueTolerance",
      { constraints: [one], valueTolerance: 1e-3 },
      "valueTolerance does not apply with constraints.",
    ],
    ["jit: false", { constraints: [one], jit: false }, "so jit must not be false."],
    ["a negative tolerance", { constraints: [one], constraintTolerance: -1 }, "constraintTolerance must be"],
    [
      "crossed bounds",
      { constraints: [one], low: 1, high: 0 },
      "low must be at most high, got 1 and 0 for x0[0].",
    ],
    [
      "crossed limits",
      { constraints: [between((x: Tensor) => x, [0, 1], [1, 0], { name: "box" })] },
      "the limits of box[1] allow no value: low is 1 and high is 0.",
    ],
    [
      "a limit of another shape",
      { constraints: [atMost(total, [1, 2], { name: "budget" })] },
      "a limit of budget is f64[2], but its values are f64[].",
    ],
    ["a NaN limit", { constraints: [atMost(total, NaN)] }, "a limit of constraint 1 is NaN."],
    [
      "a list of tensors",
      { constraints: [atMost(((x: Tensor) => [x.at(0), x.at(1)]) as never, 1)] },
      "constraint 1 returned a list. Return a scalar or an array of numbers, as in concatenate(…) or stack(…).",
    ],
    [
      "a plain number",
      { constraints: [atMost(() => 3, 1)] },
      "constraint 1 returned a plain number, which has no derivative.",
    ],
  ])("%s", (_, options, message) => {
    expect(() => minimize(f, [0, 0], options)).toThrow(message);
  });

  test("of the constructors", () => {
    expect(() => atMost(3 as never, 1)).toThrow("atMost((params) => …, limit)");
    expect(() => atMost(total, undefined as never)).toThrow("atMost: needs its limit after the function");
    expect(() => equality(total, 1, { nmae: "x" } as never)).toThrow("nmae");
    expect(() => atLeast(total, 1, { name: 3 } as never)).toThrow(
      "atLeast: name must be a string, got number.",
    );
  });
});
