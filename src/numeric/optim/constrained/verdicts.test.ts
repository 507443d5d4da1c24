import { abs, add, div, exp, less, log, maximum, mul, neg, pow, sin, sqrt, square, stack, sub, sum, tensor, type Tensor, where } from "downhill"; // prettier-ignore
import { atLeast, atMost, between, type Constraint, equality, minimize } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { testInCi } from "../../../../test/support/extent.ts";

type Cost = (x: Tensor) => Tensor;
interface Verdict {
  readonly reasons: readonly string[];
  /** Value at the result, where it is known. */
  readonly value?: number;
  readonly message?: string;
}
type Problem = readonly [
  name: string,
  cost: Cost,
  start: number | readonly number[] | Tensor,
  constraints: readonly Constraint<Tensor, Tensor[]>[],
  verdict: Verdict,
  bounds?: { readonly low?: number | number[]; readonly high?: number | number[] },
];

const fails = (message: string, ...more: string[]): Verdict => ({
  reasons: ["infeasible", ...more],
  message,
});
const solved = (value: number): Verdict => ({ reasons: ["solved"], value });
const nearly = (value: number): Verdict => ({ reasons: ["solved", "acceptable"], value });
const squares: Cost = (x) => sum(square(x));
const toOne: Cost = (x) => sum(square(sub(x, 1)));
const first: Cost = (x) => x.at(0);

/** Problems that are solved wrongly without care for their trap. */
const traps: readonly Problem[] = [
  [
    "unbounded along a parabola",
    (x) => neg(x.at(0)),
    [1, 1],
    [atLeast((x) => sub(x.at(1), square(x.at(0))), 0)],
    { reasons: ["unbounded"] },
  ],
  [
    "an infinite derivative at a bound",
    (x) => add(sqrt(x.at(0)), square(sub(x.at(1), 1))),
    [0.5, 0.5],
    [atMost((x) => sum(x), 5)],
    solved(0),
    { low: [0, -1], high: [1, 2] },
  ],
  [
    "float32 with the rounding of a curved equality",
    toOne,
    tensor([0.3, 0], { dtype: "float32" }),
    [equality(squares, 1)],
    nearly(3 - 2 * Math.SQRT2),
  ],
  [
    "a jump that hides feasible points",
    squares,
    2,
    [atLeast((x) => where(less(x, 1), 0, 1), 0.5, { name: "step" })],
    { reasons: ["numerical"], value: 4, message: "It violates step. The result is the best point that satisfies them" }, // prettier-ignore
  ],
];

const problems: readonly Problem[] = [
  ["a sum of exponentials below 0", sum, [0.1, 2], [atMost((x) => sum(exp(x)), -1, { name: "total" })], fails("It violates total")], // prettier-ignore
  ["a limit whose gradient vanishes at the corner", sum, [1, 2], [atLeast((x) => mul(x.at(0), sub(x.at(1), 1)), 0)], { reasons: ["acceptable"], message: "depend on each other or vanish" }, { low: 0 }], // prettier-ignore
  ["the square of an equality", squares, [3, 1], [equality((x) => square(sub(sum(x), 1)), 0)], { reasons: ["acceptable"], value: 0.5, message: "or vanish" }], // prettier-ignore
  ["parameters of 1e8 and 1e-8 in the cost", (x) => sum(mul([1e-16, 1e16], square(x))), [1, 1], [atLeast((x) => sum(mul([1e-8, 1e8], x)), 2)], solved(2)], // prettier-ignore
  ["a target of 1e16", (x) => squares(sub(mul([1e-16, 1], x), 1)), [1, 1], [atMost((x) => sum(mul([1e-16, 1], x)), 1)], solved(0.5)], // prettier-ignore
  ["a target of 1e16 with bounds", (x) => squares(sub(mul([1e-16, 1], x), 1)), [1e16, 1], [atMost((x) => sum(mul([1e-16, 1], x)), 1)], solved(0.5), { low: 0, high: [2e16, 2] }], // prettier-ignore
  ["an equality of 1e8 and 1e-8", (x) => squares(sub(mul([1e-8, 1e8], x), 1)), [0, 0], [equality((x) => sum(mul([1e-8, 1e8], x)), 1)], solved(0.5)], // prettier-ignore
  ["exponentials of 1e8 x", (x) => add(add(exp(mul(1e8, x.at(0))), exp(mul(-1e8, x.at(0)))), square(mul(1e-8, x.at(1)))), [0, 0], [atLeast((x) => sum(mul([1e8, 1e-8], x)), 1)], solved(2.5050426)], // prettier-ignore
  ["discs apart", sum, [0, 0], [atMost(squares, 1, { name: "left" }), atMost((x) => squares(sub(x, [5, 0])), 1, { name: "right" })], fails("In conflict are: left, right")], // prettier-ignore
  [
    "no real root",
    (x) => x,
    1,
    [equality(squares, -1, { name: "imaginary" })],
    fails("It violates imaginary"),
  ],
  ["half-planes apart", squares, [0, 0], [atLeast((x) => sum(x), 3, { name: "a" }), atMost((x) => sum(x), 2, { name: "b" })], fails("In conflict are: a, b")], // prettier-ignore
  ["bounds against a constraint", squares, [0, 0], [atLeast((x) => sum(x), 3, { name: "need" })], fails("need, the bound of x0[0], the bound of x0[1]"), { low: 0, high: 1 }], // prettier-ignore
  [
    "a sine above 1",
    squares,
    0.3,
    [equality((x) => sin(x), 1.5, { name: "sine" })],
    fails("It violates sine"),
  ],
  ["equal rows with different limits", squares, [1, 2, 3], [equality((x) => sum(x), 3, { name: "p" }), equality((x) => mul(2, sum(x)), 7, { name: "q" })], fails("In conflict are: p, q")], // prettier-ignore
  ["more equalities than parameters", squares, [5, 5], [equality((x) => stack([x.at(0), x.at(1), sum(x)]), [1, 2, 4], { name: "all" })], fails("all[0], all[1], all[2]")], // prettier-ignore
  ["a constant inequality", toOne, 3, [atMost((_x) => tensor(3), 2, { name: "constant" })], fails("It violates constant")], // prettier-ignore
  ["a constant equality", toOne, 3, [equality((_x) => tensor(3), 2, { name: "constant" })], fails("It violates constant")], // prettier-ignore
  ["no free parameters, infeasible", squares, [1, 2], [atMost((x) => sum(x), 2, { name: "cap" })], fails("It violates cap"), { low: [1, 2], high: [1, 2] }], // prettier-ignore
  [
    "no free parameters",
    squares,
    [1, 2],
    [atMost((x) => sum(x), 5)],
    solved(5),
    { low: [1, 2], high: [1, 2] },
  ],
  ["an unbounded linear problem", sum, [0, 0], [atMost((x) => x.at(0), 3)], { reasons: ["unbounded"] }],
  ["an unbounded exponential", (x) => neg(exp(x)), 0, [atLeast((x) => x, -1)], { reasons: ["unbounded"] }],
  ["an infimum at infinity", (x) => exp(neg(x)), 1, [atLeast((x) => x, 0.1)], solved(0)],
  ["NaN at the start", (x) => sub(x, log(x)), -1, [atLeast((x) => x, 0.1)], { reasons: ["not-finite"], message: "The value is NaN at the start" }], // prettier-ignore
  ["NaN of a constraint at the start", squares, -1, [atLeast((x) => log(x), 0, { name: "root" })], { reasons: ["not-finite"], message: "root is NaN at the start" }], // prettier-ignore
  ["infinity at the start", (x) => div(1, square(x)), 0, [atMost((x) => x, 2)], { reasons: ["not-finite"], message: "The value is Infinity" }], // prettier-ignore
  ["logarithms that are undefined beyond bounds", (x) => neg(sum(log(x))), [0.1, 0.1], [atMost((x) => sum(x), 1)], solved(2 * Math.LN2), { low: 0 }], // prettier-ignore
  ["redundant equalities", squares, [1, 2, 3], [equality((x) => sum(x), 3), equality((x) => mul(2, sum(x)), 6), equality((x) => x.at(0), 1)], solved(3)], // prettier-ignore
  ["consistent equalities, more than parameters", squares, [5, 5], [equality((x) => stack([x.at(0), x.at(1), sum(x)]), [1, 2, 3])], solved(5)], // prettier-ignore
  ["an absolute value", squares, [3, 1], [atLeast((x) => sum(abs(x)), 1)], solved(0.5)],
  ["a maximum", sum, [1, 1], [atMost((x) => maximum(square(x.at(0)), square(x.at(1))), 1)], solved(-2)],
  ["a norm", sum, [1, 1], [atMost((x) => sqrt(squares(x)), 1)], solved(-Math.SQRT2)],
  ["a norm with a kink at the only feasible point", first, [1, 1], [atMost((x) => sqrt(squares(x)), 0)], { reasons: ["numerical", "acceptable"] }], // prettier-ignore
  ["complementarity", toOne, [1, 1], [equality((x) => mul(x.at(0), x.at(1)), 0)], { reasons: ["solved", "acceptable"] }, { low: 0 }], // prettier-ignore
  ["complementarity with a clear minimum", (x) => squares(sub(x, [1, 0.5])), [0, 0], [atMost((x) => mul(x.at(0), x.at(1)), 0)], nearly(0.25), { low: 0 }], // prettier-ignore
  ["a cusp (problem 13)", (x) => squares(sub(x, [2, 0])), [-2, -2], [atLeast((x) => sub(pow(sub(1, x.at(0)), 3), x.at(1)), 0)], { reasons: ["acceptable"], message: "multipliers, which diverge" }, { low: 0 }], // prettier-ignore
  ["a disc of one point", first, [2, 2], [atMost(squares, 0)], { reasons: ["solved", "acceptable"] }],
  [
    "values of 1e-8",
    (x) => mul(1e-8, toOne(x)),
    [0, 0],
    [atMost((x) => mul(1e-8, sum(x)), 1e-8)],
    solved(0.5e-8),
  ],
  ["values of 1e8", (x) => mul(1e8, toOne(x)), [0, 0], [atMost((x) => mul(1e8, sum(x)), 1e8)], solved(0.5e8)],
  [
    "parameters of 1e8",
    (x) => squares(sub(x, [1e8, 2e8])),
    [0, 0],
    [atMost((x) => sum(x), 2e8)],
    nearly(0.5e16),
  ],
  ["equalities only", sum, [1, 1], [equality(squares, 2)], { reasons: ["solved"] }],
  ["one parameter", squares, 3, [between((x) => x, 1, 2)], solved(1)],
  ["an empty vector of constraints", toOne, [3, 3], [atMost((x) => x.slice(0, 0), 1)], solved(0)],
  ["an empty vector next to a constraint", toOne, [3, 3], [atMost((x) => x.slice(0, 0), 1), atMost((x) => sum(x), 1)], solved(0.5)], // prettier-ignore
  ["infinite limits", toOne, 3, [between((x) => x, -Infinity, Infinity)], solved(0)],
  ["a constant cost", (_x) => tensor(1), [3, 0], [atMost(squares, 1)], solved(1)],
  ["opposite inequalities", (x) => squares(sub(x, 2)), [0, 0], [atMost((x) => sum(x), 1), atLeast((x) => sum(x), 1)], solved(4.5)], // prettier-ignore
  ["opposite curved inequalities", first, [0.5, 0.5], [atMost(squares, 1), atLeast(squares, 1)], solved(-1)],
  ["an almost empty interior", (x) => x.at(1), [3, 3], [atMost((x) => sub(square(x.at(0)), x.at(1)), 0), atMost((x) => add(square(x.at(0)), x.at(1)), 1e-10)], solved(0)], // prettier-ignore
  [
    "float32 parameters",
    toOne,
    tensor([0, 0], { dtype: "float32" }),
    [atMost((x) => sum(x), 1)],
    solved(0.5),
  ],
];

function check(
  [, cost, start, constraints, { reasons, value, message }, bounds]: Problem,
  method?: "interior-point" | "sqp",
): void {
  const r = minimize(cost, start as Tensor, { constraints, ...bounds, ...(method && { method }) });
  expect(reasons).toContain(r.reason);
  expect(r.converged).toBe(r.reason === "solved");
  if (value !== undefined)
    expect(Math.abs(r.value - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value)));
  if (message !== undefined) expect(r.message).toContain(message);
  if (r.reason === "solved") expect(r.violation).toBeLessThanOrEqual(1e-8);
  expect(r.iterations).toBeLessThan(500);
}

describe("verdicts of problems with a trap", () => {
  for (const problem of traps) test(problem[0], () => check(problem));
});

describe.each(["interior-point", "sqp"] as const)("verdicts of %s", (method) => {
  for (const problem of [...traps, ...problems]) testInCi(problem[0], () => check(problem, method));
});

test("derivatives below the tolerance because of large parameters are no solution", () => {
  const inUnits = (x: Tensor): Tensor => mul([1e-10, 1e6], x);
  const r = minimize((x: Tensor) => add(inUnits(x).at(0), div(1, inUnits(x).at(1))), [1e10, 1e-6], {
    method: "sqp",
    low: [1e5, 1e-10],
    constraints: [atMost((x: Tensor) => mul(inUnits(x).at(0), inUnits(x).at(1)), 1)],
  });
  expect(
    r.reason === "solved" ? Math.abs(r.value - 2e-5) < 1e-6 : r.message.includes("Scale the parameters"),
  ).toBe(true);
});

test.each<[string, () => readonly Constraint<Tensor, Tensor[]>[], object, string]>([
  [
    "limits that cross",
    () => [between((x) => x, 2, 1, { name: "range" })],
    {},
    "the limits of range[0] allow no value",
  ],
  ["a limit of NaN", () => [atMost((x) => x, NaN)], {}, "a limit of constraint 1 is NaN"],
  ["a lower limit of infinity", () => [atLeast((x) => x, Infinity, { name: "top" })], {}, "the limits of top[0] allow no value"], // prettier-ignore
  ["bounds that cross", () => [atMost((x) => x, 5)], { low: 2, high: 1 }, "low must be at most high"],
  ["limits of another shape", () => [atMost((x) => x, [1, 2, 3])], {}, "a limit of constraint 1 is f64[3]"],
  ["a comparison", () => [atMost((x) => less(x, 3), 1, { name: "small" })], {}, "small returned bool[2], which has no derivative"], // prettier-ignore
  ["a plain number", () => [atMost((_x) => 3, 3)], {}, "constraint 1 returned a plain number"],
])("%s is an error", (_, constraints, bounds, message) => {
  expect(() => minimize(squares, [2, 1], { constraints: constraints(), ...bounds })).toThrow(message);
});
