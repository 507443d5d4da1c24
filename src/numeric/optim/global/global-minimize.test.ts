import {
  abs,
  add,
  cos,
  div,
  exp,
  maximum,
  mean,
  mul,
  pow,
  square,
  sqrt,
  sub,
  sum,
  type Tensor,
  where,
  less,
} from "downhill";
import {
  atLeast,
  atMost,
  equality,
  globalMinimize,
  globalMinimizeAsync,
  type GlobalMinimizeOptions,
} from "downhill/optim";
import { compile } from "downhill/plain";
import { describe, expect, test } from "vitest";
import { extent, testInCi } from "../../../../test/support/extent.ts";

const rastrigin = (x: Tensor): Tensor => sum(add(10, sub(square(x), mul(10, cos(mul(2 * Math.PI, x))))));
const ackley = (x: Tensor): Tensor =>
  add(sub(mul(-20, exp(mul(-0.2, sqrt(mean(square(x)))))), exp(mean(cos(mul(2 * Math.PI, x))))), 20 + Math.E);
const camel = (p: Tensor): Tensor => {
  const [x, y] = [p.at(0), p.at(1)];
  const ofX = mul(add(sub(4, mul(2.1, square(x))), div(pow(x, 4), 3)), square(x));
  return add(ofX, add(mul(x, y), mul(sub(mul(4, square(y)), 4), square(y))));
};
const wave = (x: Tensor): Tensor =>
  [1, 2, 3, 4, 5].map((i) => mul(i, cos(add(mul(i + 1, x), i)))).reduce((a, b) => add(a, b));
const shubert = (p: Tensor): Tensor => mul(wave(p.at(0)), wave(p.at(1)));

const problems: readonly [string, (x: Tensor) => Tensor, number[], number, number][] = [
  ["Rastrigin in 5 dimensions", rastrigin, [-5.12, -5.12, -5.12, -5.12, -5.12], 5.12, 0],
  ["Ackley in 4 dimensions", ackley, [-30, -30, -30, -30], 32, 0],
  ["six-hump camel", camel, [-3, -2], 3, -1.0316284534898774],
  ["Shubert", shubert, [-10, -10], 10, -186.73090883102398],
];

describe.each(problems)("%s", (name, f, low, high, least) => {
  const testThis = name === "Shubert" || name.startsWith("Ackley") ? testInCi : test;
  testThis("differential evolution ends at the global minimum, for each seed", () => {
    for (let seed = 0; seed < extent(1, 10, 3); seed++) {
      const found = globalMinimize(f, low, { high, seed });
      expect(found).toMatchObject({ reason: "value", converged: true, violation: 0 });
      expect(Math.abs(found.value - least)).toBeLessThan(1e-6 * Math.max(1, Math.abs(least)));
    }
  });
});

testInCi("multistart lists the distinct minima, the best one first", () => {
  const found = globalMinimize(camel, [-3, -2], { high: [3, 2], method: "multistart", starts: 30 });
  expect(found.value).toBeCloseTo(-1.0316284534898774, 9);
  expect(found.converged).toBe(true);
  expect(found.minima.map(({ value }) => value.toFixed(4))).toEqual(["-1.0316", "-1.0316", "-0.2155", "-0.2155"]); // prettier-ignore
  expect(found.minima.reduce((total, { count }) => total + count, 0)).toBe(30);
});

test("equal seeds yield equal results, and history and callback have all generations", () => {
  const seen: number[] = [];
  const run = (seed: number, callback?: (at: { value: number }) => void) =>
    globalMinimize(camel, [-3, -2], {
      high: 3,
      seed,
      maxIterations: 8,
      polish: false,
      ...(callback && { callback }),
    });
  const [a, b, c] = [run(7, ({ value }) => void seen.push(value)), run(7), run(8)];
  expect(a.params.tolist()).toEqual(b.params.tolist());
  expect(a.params.tolist()).not.toEqual(c.params.tolist());
  expect(a).toMatchObject({ reason: "iterations", converged: false, iterations: 8, minima: [] });
  expect(a.history.map(({ value }) => value)).toEqual(seen);
  expect(seen).toHaveLength(9);
  expect(a.evaluations).toBe(30 * 9);
});

describe("evaluations at once", () => {
  const counted = (options: Partial<GlobalMinimizeOptions<Tensor, Tensor[]>>) => {
    const shapes: string[] = [];
    const f = (x: Tensor): Tensor => {
      shapes.push(`${x.size}`);
      return rastrigin(x);
    };
    const found = globalMinimize(f, [-5, -5, -5], { high: 5.12, ...options });
    return { shapes, found };
  };

  test("one call evaluates a generation, of any number of points", () => {
    for (const population of [30, 200]) {
      const { shapes, found } = counted({ jit: false, polish: false, population, maxIterations: 12 });
      expect(shapes).toEqual(new Array(13).fill("3"));
      expect(found.evaluations).toBe(13 * population);
    }
  });

  test("one call evaluates all first points of multistart", () => {
    const { shapes, found } = counted({ jit: false, method: "multistart", starts: 3, population: 500 });
    const local = found.evaluations - 500;
    expect(shapes).toHaveLength(1 + local);
  });

  test("the function is traced for the population and for the local searches, once each", () => {
    const { shapes, found } = counted({ maxIterations: 12 });
    expect(shapes).toHaveLength(2);
    expect(found.iterations).toBe(12);
    expect(counted({ method: "multistart", starts: 6 }).shapes).toHaveLength(2);
  });
});

test("the callback, a signal and a number of evaluations stop the search", async () => {
  const high = 5;
  expect(globalMinimize(ackley, [-5, -5], { high, callback: ({ iteration }) => iteration === 2 })).toMatchObject({ reason: "callback", iterations: 2 }); // prettier-ignore
  expect(globalMinimize(ackley, [-5, -5], { high, maxEvaluations: 100 })).toMatchObject({ reason: "evaluations", iterations: 3 }); // prettier-ignore
  const controller = new AbortController();
  const callback = ({ iteration }: { iteration: number }): void => {
    if (iteration === 3) controller.abort();
  };
  const aborted = await globalMinimizeAsync(ackley, [-5, -5], { high, signal: controller.signal, callback });
  expect(aborted).toMatchObject({ reason: "aborted", iterations: 3, converged: false });
});

testInCi("results satisfy constraints, also equalities, with both methods", () => {
  const constraints = [
    equality((p: Tensor) => sub(p.at(0), square(p.at(1))), 0, { name: "parabola" }),
    atLeast((p: Tensor) => p.at(0), 0.25),
  ];
  for (const method of ["differential-evolution", "multistart"] as const) {
    const found = globalMinimize(rastrigin, [-5, -5], { high: 5, method, constraints });
    expect(found).toMatchObject({ reason: "value", converged: true });
    expect(found.violation).toBeLessThan(1e-8);
    const [x, y] = found.params.tolist() as [number, number];
    expect(x).toBeCloseTo(y * y, 7);
    expect(found.value).toBeCloseTo(2, 1);
  }
});

testInCi("constraints that no point satisfies end with infeasible", () => {
  const constraints = [atMost((p: Tensor) => sum(square(p)), -1)];
  const found = globalMinimize(camel, [-3, -2], { high: 3, method: "multistart", starts: 3, constraints });
  expect(found).toMatchObject({ reason: "infeasible", converged: false });
});

testInCi("nested parameters, further arguments, fixed parameters and undefined regions are fine", () => {
  const f = (p: { a: Tensor; b: Tensor }, target: Tensor): Tensor =>
    where(less(p.a, 0), NaN, add(abs(sub(p.a, target)), sum(square(maximum(p.b, -1)))));
  const found = globalMinimize(
    f,
    { a: -3, b: [-2, 0.5] },
    { high: { a: 3, b: [2, 0.5] }, args: [1.5], polish: false },
  );
  expect(found.params.a.item()).toBeCloseTo(1.5, 5);
  expect((found.params.b.tolist() as number[])[1]).toBe(0.5);
});

testInCi("functions of plain numbers yield plain results", async () => {
  const { f } = await compile<{ f: (p: { x: number; y: number }) => number }>(
    `export function f(p: { x: number; y: number }): number { "use ad"; return (p.x - 1) ** 2 + Math.sin(5 * p.y) + p.y ** 2; }`,
  );
  const found = globalMinimize(f, { x: -4, y: -4 }, { high: 4 });
  expect(found.params.x).toBeCloseTo(1, 6);
  expect(typeof found.params.y).toBe("number");
});

test.each<[object, string]>([
  [{}, "globalMinimize: needs bounds, between which it searches"],
  [
    { high: Infinity },
    "globalMinimize: bounds must be finite, and low at most high; got -1 and Infinity for low[0]",
  ],
  [{ high: -2 }, "bounds must be finite, and low at most high; got -1 and -2 for low[0]"],
  [{ high: 1, starts: 3 }, 'starts is an option of method: "multistart". Use population.'],
  [{ high: 1, method: "multistart", polish: false }, "polish must not be false for multistart"],
  [{ high: 1, population: 3 }, "population"],
  [{ high: 1, stepTolerance: 1 }, "stepTolerance is an option of local searches"],
  [{ high: 1, sede: 1 }, 'Did you mean "seed"?'],
])("options %o are refused", (options, message) => {
  expect(() => globalMinimize(camel, [-1, -1], options as never)).toThrow(message);
});

test("a function that is not finite anywhere is reported", () => {
  const found = globalMinimize((p: Tensor) => mul(NaN, sum(p)), [-1, -1], { high: 1 });
  expect(found).toMatchObject({ reason: "not-finite", converged: false });
});
