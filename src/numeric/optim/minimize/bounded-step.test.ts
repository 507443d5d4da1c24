import { jacfwd, matmul, sub, tensor, type Tensor } from "downhill";
import { leastSquares } from "downhill/optim";
import { describe, expect, test } from "vitest";
import { problems } from "../../../../test/support/more-garbow-hillstrom.ts";

/**
 * Bounds that cut off the minimum without bounds: each second parameter, from `first` on, keeps 0.3 of its distance
 * between start and minimum.
 */
function cuttingBounds(
  start: readonly number[],
  minimum: readonly number[],
  first: number,
): { readonly low: number[]; readonly high: number[] } {
  const low = start.map(() => -Infinity);
  const high = start.map(() => Infinity);
  for (let i = first; i < start.length; i += 2) {
    const gap = start[i]! - minimum[i]!;
    if (gap > 0) low[i] = minimum[i]! + 0.3 * gap;
    if (gap < 0) high[i] = minimum[i]! + 0.3 * gap;
  }
  return { low, high };
}

/** Largest cosine between the residuals and a column of J, of parameters that may move downhill. */
function largestCosine(
  residuals: (x: Tensor) => Tensor,
  params: Tensor,
  { low, high }: { readonly low: readonly number[]; readonly high: readonly number[] },
): number {
  const x = [...params.data()];
  const jacobian = jacfwd(residuals)(tensor(x)).tolist() as number[][];
  const r = residuals(tensor(x)).tolist() as number[];
  const cosines = x.map((xi, j) => {
    const column = jacobian.map((row) => row[j]!);
    const slope = column.reduce((sum, v, i) => sum + v * r[i]!, 0);
    if ((xi === low[j] && slope > 0) || (xi === high[j] && slope < 0)) return 0;
    return Math.abs(slope) / (Math.hypot(...column) * Math.hypot(...r));
  });
  return Math.max(...cosines);
}

describe("bounds that cut off the minimum", () => {
  // with the damping chosen for a step without bounds, and the step cut at them, these took 650 to 2,000 evaluations
  const cases = [
    ["16 Brown and Dennis", 1],
    ["17 Osborne 1", 1],
    ["19 Osborne 2", 0],
    ["20 Watson, n = 6", 0],
    ["26 trigonometric, n = 10", 0],
  ] as const;

  test.each(cases)("%s converges on its bounds in few evaluations", (name, first) => {
    const { residuals, start } = problems.find((problem) => problem.name === name)!;
    const minimum = [...leastSquares(residuals, start as number[]).params.data()];
    const bounds = cuttingBounds(start, minimum, first);
    for (const linearSolver of ["dense", "sparse"] as const) {
      const fit = leastSquares(residuals, start as number[], { ...bounds, linearSolver });
      expect(["gradient", "value", "step", "precision"]).toContain(fit.reason);
      expect(fit.evaluations).toBeLessThan(250);
      expect([...fit.params.data()].some((x, i) => x === bounds.low[i] || x === bounds.high[i])).toBe(true);
      expect(largestCosine(residuals, fit.params, bounds)).toBeLessThan(1e-5);
    }
  });
});

test("a step that crosses a bound moves the other parameters to their minimum on it", () => {
  const residuals = (x: Tensor): Tensor => sub(matmul([[1, 1], [1, -1], [0, 0.5]], x), [4, 0, 3]); // prettier-ignore
  const fit = leastSquares(residuals, [0, 0], { high: [Infinity, 1] });
  // with b = 1 the minimum is at a = 2
  expect(fit.params.at(1).item()).toBe(1);
  expect(fit.params.at(0).item()).toBeCloseTo(2, 12);
  expect(fit.iterations).toBeLessThanOrEqual(2);
});
