import {
  add,
  arange,
  cos,
  evalShape,
  grad,
  jacfwd,
  jacrev,
  jit,
  jvp,
  mul,
  neg,
  sin,
  square,
  stack,
  sub,
  sum,
  tensor,
  type Tensor,
} from "downhill";
import { solveOde, type SolveOdeMethodName } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";
import { backwardPass, binomials, binomialScan, binomialTable, firstPass } from "./binomial-scan.ts";

const int32 = { dtype: "int32" } as const;
/** c ← sin(p c + x), with the result c² in each step. */
const step = (
  [c]: readonly Tensor[],
  [x]: readonly Tensor[],
  [p]: readonly Tensor[],
): { readonly carry: Tensor[]; readonly ys: Tensor[] } => {
  const next = sin(add(mul(c!, p!), x!));
  return { carry: [next], ys: [square(next)] };
};

describe("binomial checkpoints", () => {
  const problemOf = (
    p: Tensor,
    xs: Tensor,
    count: Tensor,
    table: Tensor,
  ): Parameters<typeof binomialScan>[0] => ({ step, carry: [p], xs: [xs], data: [p], unused: [tensor(0)], count, table }); // prettier-ignore
  const repeatedSteps = jit((p: Tensor, xs: Tensor, count: Tensor, table: Tensor): Tensor => {
    const problem = problemOf(p, xs, count, table);
    return backwardPass(problem, firstPass(problem), { carry: [tensor(1)], ys: [xs] }).repeated;
  });
  const repeatedBy = (slots: number, steps: number): number =>
    repeatedSteps(tensor(0.7), mul(1e-9, arange(0, steps)), tensor(steps, int32), binomialTable(slots, steps)).item(); // prettier-ignore

  // steps in total r l − C(s + r, r − 1), less the first pass, plus the last r ones, which the first pass took too
  test.each([
    [64, 100, 2, 200 - 66 - 99 + 2],
    [64, 10_000, 3, 30_000 - 2211 - 9999 + 3],
    [64, 47_000, 3, 141_000 - 2211 - 46_999 + 3],
    [64, 50_000, 4, 200_000 - 50_116 - 49_999 + 4],
  ])("of %i states repeat %i steps at most %i times", (slots, steps, repetitions, most) => {
    const repeated = repeatedBy(slots, steps);
    expect(repeated).toBe(most);
    // with the first pass; the derivative of a step evaluates it once more
    expect((repeated + steps) / steps).toBeLessThan(repetitions);
  });
  testInCi("of 64 states repeat 10 million steps at most 5 times", () => {
    expect((repeatedBy(64, 10_000_000) + 1e7) / 1e7).toBeLessThan(5);
  });
  test("store no more states than given, and one to work with", () => {
    const steps = 50_000;
    const { snapshots } = evalShape(
      (p: Tensor, xs: Tensor, count: Tensor) => {
        const { snapshots: [states] } = firstPass(problemOf(p, xs, count, binomialTable(64, steps))); // prettier-ignore
        return { snapshots: states! };
      },
      tensor(0.7),
      arange(0, steps),
      tensor(steps, int32),
    );
    expect(snapshots.shape).toEqual([65]);
    expect(binomials(64, steps)[64]!.slice(0, 4)).toEqual([1, 65, 2145, 47_905]);
  });

  const total = (slots: number, isForward: boolean) => (p: Tensor) => {
    const problem = problemOf(p, mul(0.01, arange(0, 32)), tensor(20, int32), binomialTable(slots, 32));
    const { carry, ys } = binomialScan({ ...problem, isForward });
    return add(mul(2, carry[0]!), sum(mul(ys[0]!, arange(0, 32))));
  };
  const unrolled = (p: Tensor): Tensor => {
    let [c, value] = [p, tensor(0)];
    for (let i = 0; i < 20; i++) {
      c = sin(add(mul(c, p), 0.01 * i));
      value = add(value, mul(i, square(c)));
    }
    return add(mul(2, c), value);
  };
  test("have the derivatives of the unrolled loop, in both modes and of second order", () => {
    const f = total(3, false);
    const expected = [unrolled(tensor(0.7)), grad(unrolled)(0.7), grad(grad(unrolled))(0.7)].map((x) => x.item()); // prettier-ignore
    expect(f(tensor(0.7)).item()).toBeCloseTo(expected[0]!, 12);
    for (const slots of [1, 2, 5, 30])
      expect(grad(total(slots, false))(0.7).item()).toBe(grad(f)(0.7).item());
    expect(grad(f)(0.7).item()).toBeCloseTo(expected[1]!, 10);
    expect(jvp(f, [0.7], [1])[1].item()).toBeCloseTo(expected[1]!, 10);
    expect(grad(total(3, true))(0.7).item()).toBeCloseTo(expected[1]!, 10);
    expect(grad(grad(f))(0.7).item()).toBeCloseTo(expected[2]!, 9);
    expect(grad((x: Tensor) => jvp(f, [x], [1])[1])(0.7).item()).toBeCloseTo(expected[2]!, 9);
  });
});

describe("adjoint and checkpoints of solveOde", () => {
  const pendulum = (y: Tensor, t: Tensor, k: Tensor): Tensor =>
    stack([y.at(1), sub(mul(neg(k), sin(y.at(0))), mul(0.1, cos(t)))]);
  const end =
    (options: object, method: SolveOdeMethodName = "dopri5") =>
    (k: Tensor): Tensor =>
      solveOde(pendulum, [1, 0], [0, 5], { method, rtol: 1e-9, atol: 1e-11, args: [k], ...options }).at([3, 5]); // prettier-ignore
  const flat = (x: Tensor): number[] => [...x.data()];

  const bitsAgree = (method: SolveOdeMethodName, some: readonly number[]): boolean => {
    const all = flat(jacrev(end({ checkpoints: 1000 }, method))(2));
    expect(all.every((x) => Math.abs(x) > 1e-3)).toBe(true);
    const forward = flat(jacfwd(end({}, method))(2));
    expect(Math.max(...all.map((x, i) => Math.abs(x / forward[i]! - 1)))).toBeLessThan(1e-12);
    return some.every((checkpoints) =>
      flat(jacrev(end({ checkpoints }, method))(2)).every((x, i) => Object.is(x, all[i])),
    );
  };
  test("have the same bits for any number of checkpoints", () => {
    expect(bitsAgree("dopri5", [3])).toBe(true);
  });
  testInCi.each(["radau", "rosenbrock", "taylor"] as const)("have the same bits with %s", (method) => {
    expect(bitsAgree(method, [1, 7])).toBe(true);
  });
  testInCi.each([
    ["forward", "dopri5", 1e-12],
    ["continuous", "dopri5", 1e-7],
    ["continuous", "bdf", 1e-7],
  ] as const)("%s agrees with the discrete adjoint, by %s", (adjoint, method, tolerance) => {
    const exact = flat(jacfwd(end({}, method))(2));
    const other = flat(jacrev(end({ adjoint }, method))(2));
    expect(Math.max(...other.map((x, i) => Math.abs(x / exact[i]! - 1)))).toBeLessThan(tolerance);
    if (adjoint === "continuous") expect(other).not.toEqual(exact);
  });

  const bounces = (options: object) => (c: Tensor) => {
    const s = solveOde(
      ({ x, v }: { x: Tensor; v: Tensor }) => ({ x: v, v: sub(-9.81, mul(c.at(1), x)) }),
      { x: c.at(2), v: 0 },
      [0, 2],
      {
        ...options,
        rtol: 1e-10,
        events: [{ when: (b) => b.x, direction: -1, reset: (b) => ({ x: 0, v: mul(neg(c.at(0)), b.v) }) }],
      },
    );
    return stack([s.at(1.9).x, s.y.v.at(-1), s.events.at(-1)!.t]);
  };
  testInCi("reverse mode through resets has the same bits for any number of checkpoints", () => {
    const at = [0.8, 0.3, 1];
    const exact = flat(jacfwd(bounces({}))(at));
    const all = flat(jacrev(bounces({ checkpoints: 1000 }))(at));
    expect(flat(jacrev(bounces({ checkpoints: 2 }))(at))).toEqual(all);
    expect(Math.max(...all.map((x, i) => Math.abs(x - exact[i]!)))).toBeLessThan(1e-10);
  });
  testInCi.each(["forward", "continuous"] as const)("reverse mode through resets, %s", (adjoint) => {
    const at = [0.8, 0.3, 1];
    const exact = flat(jacfwd(bounces({}))(at));
    const other = flat(jacrev(bounces({ adjoint }))(at));
    expect(Math.max(...other.map((x, i) => Math.abs(x - exact[i]!)))).toBeLessThan(1e-7);
  });
  test("are checked", () => {
    expect(() => end({ adjoint: "reverse" })(tensor(2))).toThrow('adjoint must be "discrete"');
    expect(() => end({ checkpoints: 0 })(tensor(2))).toThrow("checkpoints must be");
  });
});
