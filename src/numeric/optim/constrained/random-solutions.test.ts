import { add, concatenate, exp, grad, hessian, jacfwd, mul, sin, square, sub, sum, tensor, type Tensor } from "downhill"; // prettier-ignore
import { inv } from "downhill/linalg";
import { compile } from "downhill/plain";
import { atLeast, atMost, equality, leastSquares, solver } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { extent } from "../../../../test/support/extent.ts";

/** Numbers between −1 and 1 that depend on the seed alone. */
function numbers(seed: number): (count: number) => number[] {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * 0.999;
  };
  for (let i = 0; i < 8; i++) next();
  return (count) => Array.from({ length: count }, next);
}

const size = 4;
const low = [-0.5, -Infinity, -Infinity, -0.7];
const high = [Infinity, 0.6, Infinity, 0.4];

/** A problem with curved and linear limits and bounds, some of which are active: all parts of its solution in one vector. */
function solutionOf(seed: number): (data: Tensor) => Tensor {
  const draw = numbers(seed);
  const [a, b, c] = [draw(size), draw(size), draw(size)];
  const weights = draw(2 * size + 4);
  const cost = (x: Tensor, t: Tensor): Tensor =>
    add(
      sum(mul([1, 2, 1.5, 0.7], square(sub(x, t.slice(0, size))))),
      mul(0.3, exp(mul(sum(mul(c, x)), t.at(size)))),
    );
  const constraints = [
    equality((x: Tensor, t: Tensor) => sub(add(sum(mul(a, x)), mul(0.2, mul(x.at(0), x.at(1)))), mul(0.2, t.at(size))), 0), // prettier-ignore
    atMost((x: Tensor, t: Tensor) => sub(sum(square(x)), add(0.5, square(t.at(size + 1)))), 0),
    atLeast((x: Tensor, _t: Tensor) => add(sum(mul(b, x)), mul(0.3, sin(x.at(2)))), -0.2),
  ];
  const search = solver(cost, { low, high, constraints, gradientTolerance: 1e-11 });
  return (data) => {
    const r = search(new Array<number>(size).fill(0.1), data);
    const value = r.value as Tensor | number; // a tensor under transforms
    const parts = [r.params, r.multipliers.bounds, ...r.multipliers.constraints.map((y) => (y as Tensor).reshape([1])), add(value, 0).reshape([1])]; // prettier-ignore
    return mul(weights, concatenate(parts));
  };
}

/** Central differences of a function of data; `undefined` where two steps show that it has a kink nearby. */
function differences(f: (data: Tensor) => Tensor, at: readonly number[]): (readonly number[] | undefined)[] {
  return at.map((_, i) => {
    const slope = (step: number): Float64Array => {
      const moved = (by: number): Tensor => f(tensor(at.map((t, k) => (k === i ? t + by : t))));
      return sub(moved(step), moved(-step)).div(2 * step).reshape([-1]).data() as Float64Array; // prettier-ignore
    };
    const [near, far] = [slope(1e-4), slope(3e-4)];
    return near.every((value, k) => Math.abs(value - far[k]!) < 1e-4 * (1 + Math.abs(value))) ? [...near] : undefined; // prettier-ignore
  });
}

describe("derivatives of solutions of random problems are differences", () => {
  test.each(Array.from({ length: extent(1, 40, 4) }, (_, seed) => seed))("problem %i", (seed) => {
    const at = numbers(1000 + seed)(size + 2);
    const solution = solutionOf(seed);
    const total = (data: Tensor): Tensor => sum(solution(data));
    const first = grad(total)(at).tolist() as number[];
    let compared = 0;
    differences(total, at).forEach((slope, i) => {
      if (slope === undefined) return;
      compared++;
      expect(Math.abs(first[i]! - slope[0]!)).toBeLessThan(1e-5 * (1 + Math.abs(first[i]!)));
    });
    expect(compared).toBeGreaterThan(0);
    if (seed % 4 !== 1) return;
    const second = hessian(total)(at).tolist() as number[][];
    differences((data) => grad(total)(data), at).forEach((row, i) =>
      row?.forEach((slope, k) =>
        expect(Math.abs(second[i]![k]! - slope)).toBeLessThan(1e-4 * (1 + Math.abs(slope))),
      ),
    );
  });
});

describe("derivatives of solutions of problems in plain functions are differences", () => {
  type Plain = (x: number[], t: number[]) => number;
  const limited = `
    export function cost(x: number[], t: number[]): number {
      "use ad";
      let total = 0.3 * Math.exp(0.5 * x[0] * t[3] - x[2]);
      for (let i = 0; i < 3; i++) total += (1 + 0.3 * i) * (x[i] - t[i]) ** 2;
      return total;
    }
    export function row(x: number[], t: number[]): number {
      "use ad";
      return x[0] + 0.5 * x[1] - x[2] + 0.2 * x[0] * x[1] - 0.1 * t[3];
    }
    export function disc(x: number[], t: number[]): number {
      "use ad";
      return x[0] * x[0] + x[1] * x[1] + x[2] * x[2] - 0.4 - t[4] * t[4];
    }`;
  test.each(Array.from({ length: extent(2, 10, 8) }, (_, seed) => seed))("problem %i", async (seed) => {
    const { cost, row, disc } = await compile<{ cost: Plain; row: Plain; disc: Plain }>(limited);
    const search = solver(cost, {
      low: [-0.6, -Infinity, -0.5],
      high: [Infinity, 0.5, Infinity],
      constraints: [equality(row, 0), atMost(disc, 0)],
      gradientTolerance: 1e-11,
    });
    const total = (data: Tensor): Tensor => {
      const r = search([0.1, 0.1, 0.1], data as never);
      const parts = [r.params, r.multipliers.bounds, r.value, ...r.multipliers.constraints];
      return parts.reduce<Tensor>((all, part, k) => add(all, mul(1 - 0.4 * k, sum(square(part)))), tensor(0));
    };
    const at = numbers(3000 + seed)(5);
    const slopes = grad(total)(at).tolist() as number[];
    const step = 1e-4;
    slopes.forEach((slope, i) => {
      const moved = (by: number): number => total(tensor(at.map((t, k) => (k === i ? t + by : t)))).item();
      const [near, far] = [moved(step) - moved(-step), moved(2 * step) - moved(-2 * step)];
      const difference = (8 * near - far) / (12 * step);
      expect(Math.abs(slope - difference)).toBeLessThan(1e-7 * (1 + Math.abs(slope)));
    });
  });
});

describe("standard errors of random fits are those of the reduced formula", () => {
  test.each(Array.from({ length: extent(1, 40, 6) }, (_, seed) => seed))("fit %i", (seed) => {
    const draw = numbers(2000 + seed);
    const rows = Array.from({ length: 12 }, () => draw(size));
    const [measured, normal, other] = [draw(12), draw(size), draw(size)];
    const residuals = (x: Tensor): Tensor => {
      const linear = sum(mul(rows, x), { axis: 1 });
      return sub(add(linear, mul(0.3, sin(linear))), measured);
    };
    const limits: readonly [string, (x: Tensor) => Tensor][] = [
      ["line", (x) => sum(mul(normal, x))],
      ["disc", (x) => sum(square(x))],
      ["side", (x) => add(sum(mul(other, x)), mul(0.2, square(x.at(0))))],
    ];
    const [line, disc, side] = limits.map(([, f]) => f) as [
      typeof residuals,
      typeof residuals,
      typeof residuals,
    ];
    const fit = leastSquares(residuals, new Array<number>(size).fill(0.05), {
      low: [-0.1, -9, -9, -9],
      constraints: [
        equality(line, 0.05, { name: "line" }),
        atMost(disc, 0.08, { name: "disc" }),
        atMost(side, 0.1, { name: "side" }),
      ],
    });
    expect(fit.reason).toBe("solved");
    const active = limits.filter(([name]) => fit.active.includes(name)).map(([, f]) => f);
    const x = fit.params;
    const isAtBound = Math.abs(x.at(0).item() + 0.1) < 1e-7;
    const normals = active.map((f) => grad((p: Tensor) => f(p))(x).tolist() as number[]);
    if (isAtBound) normals.push([1, 0, 0, 0]);
    // the first block of the inverse of [JᵀJ Aᵀ; A 0] is Z (Zᵀ JᵀJ Z)⁻¹ Zᵀ for a basis Z of the null space of A
    const jacobian = jacfwd(residuals)(x);
    const product = jacobian.transpose().matmul(jacobian).tolist() as number[][];
    const matrix = [
      ...product.map((row, i) => [...row, ...normals.map((own) => own[i]!)]),
      ...normals.map((own) => [...own, ...normals.map(() => 0)]),
    ];
    const freedom = 12 - size + normals.length;
    expect(fit.degreesOfFreedom).toBe(freedom);
    const block = inv(tensor(matrix)).tolist() as number[][];
    const variance = sum(square(residuals(x))).item() / freedom;
    const errors = fit.standardErrors.tolist() as number[];
    errors.forEach((error, i) => {
      // a parameter that a bound holds has no standard error
      if (isAtBound && i === 0) {
        expect(error).toBeNaN();
        return;
      }
      const exact = Math.sqrt(Math.max(0, variance * block[i]![i]!));
      expect(Math.abs(error - exact)).toBeLessThan(1e-5 * Math.sqrt(variance));
    });
  });
});
