import { add, cos, div, mul, neg, pow, sin, sqrt, square, sub, sum, type Tensor } from "downhill";
import { compile } from "downhill/plain";
import { atLeast, atMost, between, type Constraint, equality, minimize } from "downhill/optim";
import { describe, expect, test } from "vitest";

type Cost = (x: Tensor) => Tensor;
interface Problem {
  readonly name: string;
  readonly cost: Cost;
  /** A point where the first-order conditions hold, although it is no minimum. */
  readonly start: readonly number[];
  readonly constraints: readonly Constraint<Tensor, Tensor[]>[];
  readonly low?: number | number[];
  readonly high?: number | number[];
  /** Values of the local minima. */
  readonly minima: readonly number[];
}

const squares: Cost = (x) => sum(square(x));
const farthest: Cost = (x) => neg(squares(x));
const disc = atMost(squares, 1, { name: "disc" });
const at = (x: Tensor, i: number): Tensor => x.at(i);

const problems: readonly Problem[] = [
  { name: "the centre of a disc, farthest from it", cost: farthest, start: [0, 0], constraints: [disc], minima: [-1] }, // prettier-ignore
  { name: "the centre of a ball in five dimensions", cost: farthest, start: [0, 0, 0, 0, 0], constraints: [disc], minima: [-1] }, // prettier-ignore
  {
    name: "a saddle within a disc",
    cost: (x) => sub(square(at(x, 0)), square(at(x, 1))),
    start: [0, 0],
    constraints: [disc],
    minima: [-1],
  },
  {
    name: "the nearest point of an ellipse, farthest from its centre",
    cost: farthest,
    start: [0, 1],
    constraints: [equality((x) => add(div(square(at(x, 0)), 4), square(at(x, 1))), 1)],
    minima: [-4],
  },
  {
    name: "the highest point of a circle",
    cost: (x) => at(x, 1),
    start: [0, 1],
    constraints: [equality(squares, 1)],
    minima: [-1],
  },
  {
    name: "the highest point of a sphere",
    cost: (x) => at(x, 2),
    start: [0, 0, 1],
    constraints: [equality(squares, 1)],
    minima: [-1],
  },
  {
    name: "a maximum on a line",
    cost: (x) => mul(at(x, 0), at(x, 1)),
    start: [1, 1],
    constraints: [equality((x) => sum(x), 2)],
    low: -3,
    high: 5,
    minima: [-15],
  },
  {
    name: "a bound without force",
    cost: farthest,
    start: [0, 0],
    constraints: [atMost((x) => sum(x), 1)],
    low: 0,
    minima: [-1],
  },
  {
    name: "an upper bound without force",
    cost: farthest,
    start: [0],
    constraints: [atLeast((x) => sum(x), -3)],
    high: 0,
    minima: [-9],
  },
  {
    name: "a limit without force",
    cost: (x) => sub(square(at(x, 0)), square(at(x, 1))),
    start: [0, 0],
    constraints: [atLeast((x) => at(x, 1), 0), disc],
    minima: [-1],
  },
  {
    name: "a bound with a force, and a maximum along it",
    cost: (x) => sub(mul(3, at(x, 0)), square(at(x, 1))),
    start: [0, 0],
    constraints: [atMost((x) => square(at(x, 1)), 4)],
    low: [0, -9],
    minima: [-4],
  },
  {
    name: "a chain of saddles",
    cost: (x) => sum(sub(mul([1, 2, 3], pow(x, 4)), mul([2, 4, 6], square(x)))),
    start: [0, 0, 0],
    constraints: [atMost(squares, 10)],
    minima: [-6],
  },
  {
    name: "a saddle where the last step of a quadratic model ends",
    cost: (x) => add(square(sub(at(x, 0), 1)), mul(sub(0.5, at(x, 0)), square(at(x, 1)))),
    start: [0, 0],
    constraints: [between((x) => sum(x), -4, 4), atMost(squares, 9)],
    minima: [-6.859545, -6.003141],
  },
  {
    name: "two charges at a pole and the equator",
    cost: (x) => div(1, sqrt(add(1e-3, squares(sub(x, [0, 0, 1]))))),
    start: [0, 0, 1],
    constraints: [equality(squares, 1)],
    minima: [1 / Math.sqrt(4.001)],
  },
  {
    name: "waves with a maximum at the start",
    cost: (x) => sum(cos(mul(2, x))),
    start: [0, 0],
    constraints: [atMost((x) => sum(square(x)), 8)],
    minima: [-2],
  },
  {
    name: "values of 1e6 and parameters of 1e-3",
    cost: (x) => mul(-1e6, squares(x)),
    start: [0, 0],
    constraints: [atMost((x) => mul(1e6, squares(x)), 1)],
    minima: [-1],
  },
  {
    name: "a torque on a pendulum upside down",
    cost: (x) => sub(cos(at(x, 0)), mul(0.1, square(at(x, 1)))),
    start: [0, 0],
    constraints: [equality((x) => sub(at(x, 1), sin(at(x, 0))), 0)],
    low: -4,
    high: 4,
    minima: [-1],
  },
];

describe.each(["sqp", "interior-point", undefined] as const)("method %s", (method) => {
  test.each(problems)("leaves $name", ({ cost, start, constraints, low, high, minima }) => {
    const bounds = { ...(low !== undefined && { low }), ...(high !== undefined && { high }) };
    const r = minimize(cost, start, { constraints, ...bounds, ...(method && { method }) });
    expect(r.reason).toBe("solved");
    expect(Math.min(...minima.map((value) => Math.abs(r.value - value)))).toBeLessThan(1e-5);
    expect(r.violation).toBeLessThanOrEqual(1e-8);
  });
});

test("a warm start at a maximum is left", () => {
  const options = { constraints: [equality(squares, 1)] };
  const highest = minimize((x: Tensor) => neg(at(x, 1)), [0.1, 1], options);
  expect(highest.params.at(1).item()).toBeCloseTo(1, 7);
  const { multipliers } = highest;
  const opposite = mul(-1, multipliers.constraints[0] as Tensor);
  const from = { ...highest, multipliers: { ...multipliers, constraints: [opposite] } };
  const r = minimize((x: Tensor) => at(x, 1), [0, 0], { ...options, warmStart: from });
  expect(r).toMatchObject({ reason: "solved" });
  expect(r.value).toBeCloseTo(-1, 7);
});

test("plain functions leave a saddle point too", async () => {
  const { f, c } = await compile<{ f: (x: number[]) => number; c: (x: number[]) => number }>(
    `export function f(x: number[]) { "use ad"; return x[0] * x[1]; }
     export function c(x: number[]) { "use ad"; return x[0] * x[0] + x[1] * x[1]; }`,
  );
  for (const method of ["sqp", "interior-point"] as const) {
    const r = minimize(f, [0, 0], { method, constraints: [atMost(c, 2)] });
    expect(r).toMatchObject({ reason: "solved", method });
    expect(r.value).toBeCloseTo(-1, 6);
  }
});

test("a large problem leaves a saddle point by its sparse factors", () => {
  const size = 400;
  // a chain of masses that balances upside down
  const heights = new Float64Array(size).fill(0);
  const cost = (angle: Tensor): Tensor =>
    add(sum(cos(angle)), mul(0.4, sum(square(sub(angle.slice(1), angle.slice(0, -1))))));
  const constraints = [between((angle: Tensor) => sub(angle.slice(1), angle.slice(0, -1)), -0.5, 0.5)];
  const r = minimize(cost, heights, { constraints, low: -4, high: 4 });
  expect(r).toMatchObject({ reason: "solved", method: "interior-point" });
  expect(r.value).toBeLessThan(-0.9 * size);
});

test("minima with a curvature of 0 stay solved, without further iterations", () => {
  const flat = (x: Tensor): Tensor => add(square(at(x, 0)), pow(at(x, 1), 4));
  for (const method of ["sqp", "interior-point"] as const) {
    const r = minimize(flat, [0, 0], { method, constraints: [disc] });
    expect(r.reason).toBe("solved");
    expect(r.value).toBeLessThan(1e-12);
  }
});

test("a stationary point with a third derivative, as of x³, counts as solved", () => {
  const cube = (x: Tensor): Tensor => pow(x, 3);
  const constraints = [between((x: Tensor) => x, -2, 5)];
  const still = minimize(cube, 1, { constraints });
  expect(still.reason).toBe("solved");
  expect(Math.abs(still.value)).toBeLessThan(1e-12);
  expect(minimize(cube, -0.1, { constraints }).value).toBeCloseTo(-8, 6);
});
