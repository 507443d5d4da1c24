import {
  add,
  cos,
  exp,
  grad,
  hessian,
  jacfwd,
  jit,
  jvp,
  makeProgram,
  mul,
  neg,
  printProgram,
  sin,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  vmap,
} from "downhill";
import { odeint } from "downhill/optim";
import { describe, expect, test } from "vitest";
import reference from "../testdata/scipy-solvers.json" with { type: "json" };

interface Pair {
  readonly u: Tensor;
  readonly v: Tensor;
}
const prey = ({ u, v }: Pair, _: Tensor, a: Tensor): Pair => ({
  u: sub(mul(a, u), mul(u, v)),
  v: sub(mul(u, v), mul(3, v)),
});
const tight = { rtol: 1e-10, atol: 1e-10 };
/** The largest relative difference of two lists. */
const apart = (x: Tensor, y: readonly number[]): number =>
  Math.max(...[...x.data()].map((xi, i) => Math.abs(xi - y[i]!) / Math.max(1, Math.abs(y[i]!))));
const column = (rows: readonly (readonly number[])[], i: number): number[] => rows.map((row) => row[i]!);

describe("solutions agree with SciPy", () => {
  test("for prey and predators, to the requested tolerance", () => {
    const { ts, y } = reference.ode.lotkaVolterra;
    const errors = [1e-5, 1e-8, 1e-11].map((tolerance) => {
      const { u, v } = odeint(prey, { u: 10, v: 5 }, ts, { args: [1.5], rtol: tolerance, atol: tolerance });
      expect([u.shape, v.shape]).toEqual([[6], [6]]);
      return Math.max(apart(u, column(y, 0)), apart(v, column(y, 1))) / tolerance;
    });
    expect(Math.max(...errors)).toBeLessThan(100); // errors of single steps accumulate, here over 10 units of time
  });

  test("for van der Pol's oscillator, in a vector", () => {
    const { ts, y } = reference.ode.vanDerPol;
    const f = (x: Tensor): Tensor => {
      const [p, q] = [x.at(0), x.at(1)];
      const slope = sub(mul(mul(5, sub(1, square(p))), q), p);
      return q
        .reshape([1])
        .mul([1, 0])
        .add(slope.mul([0, 1]));
    };
    const out = odeint(f, [2, 0], ts, tight);
    expect(out.shape).toEqual([4, 2]);
    expect(apart(out, y.flat())).toBeLessThan(1e-6);
  });

  test("backwards in time, with a right-hand side that depends on time", () => {
    const { ts, y } = reference.ode.driven;
    const f = (x: Tensor, t: Tensor): Tensor => sub(mul(sin(mul(3, t)), exp(mul(-0.1, t))), mul(2, x));
    expect(apart(odeint(f, [1], ts, tight), y.flat())).toBeLessThan(1e-8);
  });

  test("in the derivatives of both populations in a rate, in both modes, outside and inside jit", () => {
    const { ts, y } = reference.ode.lotkaVolterraByRate;
    const solve = (a: Tensor): Tensor => {
      const { u, v } = odeint(prey, { u: 10, v: 5 }, ts, { args: [a], ...tight });
      return add(u, v);
    };
    const expected = y.map(([, , du, dv]) => du! + dv!);
    expect(apart(jacfwd(solve)(1.5), expected)).toBeLessThan(1e-7);
    const weights = [1, -2, 0.5, 3, 1];
    const weighted = grad((a: Tensor) => sum(mul(weights, solve(a))));
    const total = expected.reduce((s, d, i) => s + d * weights[i]!, 0);
    expect(Math.abs(weighted(1.5).item() / total - 1)).toBeLessThan(1e-7);
    expect(jit(weighted)(1.5).item()).toBeCloseTo(weighted(1.5).item(), 8);
  });
});

describe("derivatives", () => {
  // y = y₀ exp(k (t² − t₀²)/2); scalars keep the programs small
  const grow = (y: Tensor, t: Tensor, k: Tensor): Tensor => mul(mul(k, t), y);
  const end = (y0: Tensor, from: Tensor, to: Tensor, k: Tensor): Tensor =>
    odeint(grow, y0, add(mul(from, [1, 0.5, 0]), mul(to, [0, 0.5, 1])), { args: [k], ...tight }).at(-1);

  test("agree with the closed form: in y0, in times, in args", () => {
    const [y0, from, to, k] = [1.5, 0.5, 1.2, 0.8];
    const y = y0 * Math.exp((k * (to ** 2 - from ** 2)) / 2);
    const expected = [y / y0, -k * from * y, k * to * y, ((to ** 2 - from ** 2) / 2) * y];
    const all = grad(end, { argnums: [0, 1, 2, 3] });
    for (const f of [all, jit(all)])
      f(y0, from, to, k).forEach((d, i) => expect(d.item()).toBeCloseTo(expected[i]!, 7));
  });

  test("are exact for the steps that are taken, to second order", () => {
    const rough = (k: Tensor): Tensor =>
      odeint(grow, 1.5, [0, 1.2], { args: [k], rtol: 1e-6, atol: 1e-6 }).at(-1);
    const twice = [hessian(rough)(0.8), grad(grad(rough))(0.8), jit(hessian(rough))(0.8)].map((d) =>
      d.item(),
    );
    expect(twice[1]).toBeCloseTo(twice[0]!, 10);
    expect(twice[2]).toBeCloseTo(twice[0]!, 10);
    const h = 1e-4;
    const slope = (k: number): number => grad(rough)(k).item();
    expect((slope(0.8 + h) - slope(0.8 - h)) / (2 * h)).toBeCloseTo(twice[0]!, 3); // the steps change with k
  });

  test("include values that the right-hand side captures", () => {
    const closing = (k: Tensor): Tensor => odeint((y, t) => mul(mul(k, t), y), 1.5, [0, 1.2], tight).at(-1);
    expect(grad(closing)(0.8).item()).toBeCloseTo(0.72 * 1.5 * Math.exp(0.8 * 0.72), 7);
    expect(jit(grad(closing))(0.8).item()).toBeCloseTo(0.72 * 1.5 * Math.exp(0.8 * 0.72), 7);
  });

  test("are batched, with separate steps per item", () => {
    const last = (k: Tensor): Tensor =>
      odeint(grow, 1.5, [0, 1.2], { args: [k], maxSteps: 32, rtol: 1e-4, atol: 1e-4 }).at(-1);
    for (const f of [last, grad(last)]) {
      const [slow, fast] = [f(tensor(0.1)).item(), f(tensor(3)).item()];
      const both = [...vmap(f)([0.1, 3]).data()];
      expect(both[0]).toBeCloseTo(slow, 10);
      expect(both[1]! / fast).toBeCloseTo(1, 10);
    }
  });
});

describe("dense output", () => {
  const f = (y: Tensor, t: Tensor): Tensor => mul(cos(t), y);

  test("does not change steps: each time has the same value as alone", () => {
    const many = odeint(f, 1, [0, 0.1, 0.7, 0.7, 2, 3]);
    const few = odeint(f, 1, [0, 0.7, 3]);
    expect([many.at(0).item(), many.at(2).item(), many.at(3).item(), many.at(5).item()]).toEqual([
      1,
      few.at(1).item(),
      few.at(1).item(),
      few.at(2).item(),
    ]);
    expect(odeint(f, 1, [3]).tolist()).toEqual([1]);
    expect(odeint(f, 1, [3, 3]).tolist()).toEqual([1, 1]);
  });

  test("is the same outside of transforms, under a derivative and inside jit", () => {
    const solve = (y0: Tensor): Tensor => odeint(f, y0, [0, 1, 2.5]).at(1);
    const [plain, compiled] = [solve(tensor(2)).item(), jit(solve)(2).item()];
    expect(compiled).toBe(plain);
    expect(grad((y: Tensor) => square(solve(y)))(2).item() / (2 * plain * (plain / 2))).toBeCloseTo(1, 9);
  });
});

describe("equations without a solution", () => {
  const square1 = (y: Tensor): Tensor => square(y); // y = 1/(1 − t)
  test.each<[string, () => unknown]>([
    ["a pole on the way", () => odeint(square1, 1, [0, 2])],
    ["a pole on the way of a derivative", () => grad((y: Tensor) => odeint(square1, y, [0, 2]).at(-1))(1)],
    ["more steps than there may be", () => odeint((y) => neg(y), 1, [0, 50], { maxSteps: 10 })],
  ])("is an error: %s", (_, run) => {
    expect(run).toThrow("odeint: the solution did not reach the last time");
  });

  test("are NaN from the failure on inside traced functions", () => {
    const [first, second, third] = jit((y: Tensor) => odeint(square1, y, [0, 0.5, 2]))(1).data();
    expect([first, second!.toFixed(6), third]).toEqual([1, "2.000000", Number.NaN]);
    expect(jit(grad((y: Tensor) => odeint(square1, y, [0, 2], { maxSteps: 64 }).at(-1)))(1).item()).toBeNaN();
  });

  test.each<[string, () => unknown, string]>([
    [
      "times that turn round",
      () => odeint(square1, 1, [0, 2, 1]),
      "odeint: ts must increase or decrease, but 1 follows 2.",
    ],
    [
      "a start without elements",
      () => odeint((y) => y, new Float64Array(0), [0, 1]),
      "odeint: y0 has no elements.",
    ],
    ["no times", () => odeint(square1, 1, []), "odeint: ts must be a vector of times"],
    [
      "a time",
      () => odeint(square1, 1, 1),
      "odeint: ts must be a vector of times that starts with the time of y0, got f64[].",
    ],
    [
      "another shape",
      () => odeint((y) => sum(y), [1, 2], [0, 1]),
      "odeint: the result of the function is f64[] where y0 is f64[2].",
    ],
    [
      "a tolerance",
      () => odeint(square1, 1, [0, 1], { atol: 0 }),
      "odeint: atol must be a finite number above 0, got 0.",
    ],
    [
      "an option",
      () => odeint(square1, 1, [0, 1], { mxstep: 5 } as never),
      'odeint: unknown option "mxstep".',
    ],
    ["no function", () => odeint(1 as never, 1, [0, 1]), "odeint: expects a function"],
  ])("is refused: %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});

test("a recorded step writes to the lists of steps in place, so its cost does not grow with maxSteps", () => {
  const slope = (a: Tensor): Tensor =>
    jvp(
      (b: Tensor) => odeint((y) => neg(mul(b, y)), 1, [0, 1], { maxSteps: 777, method: "dopri5" }).at(-1),
      [a],
      [1],
    )[1];
  const text = printProgram(makeProgram(slope)(2));
  const inLoop = /^ {8}body\((?:.*)\n(?: {10}.*\n)*/gm;
  const long = [...text.matchAll(inLoop)].flatMap(([body]) => body.match(/^ {10}.*\[777\] = .*$/gm) ?? []);
  expect(long).toEqual([
    expect.stringContaining("= scatterAdd[axis=0]"),
    expect.stringContaining("= scatterAdd[axis=0]"),
  ]);
});
