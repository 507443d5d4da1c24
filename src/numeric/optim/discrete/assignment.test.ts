import { expect, test } from "vitest";
import { grad, jit, sum, take, tensor, ravel } from "downhill";
import type { Tensor } from "downhill";
import { linearSumAssignment } from "downhill/optim";
import { seeded } from "../../../../test/support/sampling.ts";

/** The smallest sum over all ways to give each row of a matrix with at most as many rows as columns another column. */
function leastSum(cost: readonly (readonly number[])[], taken: readonly number[] = []): number {
  const [row, ...rest] = cost;
  if (row === undefined) return 0;
  const sums = row.flatMap((x, j) => (taken.includes(j) ? [] : [x + leastSum(rest, [...taken, j])]));
  return Math.min(...sums);
}

test("linearSumAssignment finds the smallest and the largest sum of matrices of all shapes", () => {
  const random = seeded(11);
  for (let round = 0; round < 40; round++) {
    const [m, n] = [1 + Math.floor(random() * 5), 1 + Math.floor(random() * 5)];
    // small integers, so that many assignments are equally good
    const cost = Array.from({ length: m }, () =>
      Array.from({ length: n }, () => Math.floor(random() * 7) - 3),
    );
    const [rows, columns] = linearSumAssignment(cost).map((x) => x.tolist() as number[]) as [
      number[],
      number[],
    ];
    expect(rows).toEqual([...rows].sort((a, b) => a - b));
    expect(new Set(columns).size).toBe(Math.min(m, n));
    const tall = m > n;
    const wide = tall ? cost[0]!.map((_, j) => cost.map((row) => row[j]!)) : cost;
    expect(rows.reduce((total, i, k) => total + cost[i]![columns[k]!]!, 0)).toBe(leastSum(wide));
    const [most, other] = linearSumAssignment(cost, { maximize: true }).map(
      (x) => x.tolist() as number[],
    ) as [number[], number[]];
    const largest = -leastSum(wide.map((row) => row.map((x) => -x)));
    expect(most.reduce((total, i, k) => total + cost[i]![other[k]!]!, 0)).toBe(largest + 0);
  }
});

test("the sum of an assignment has the derivatives of its elements", () => {
  const total = (cost: Tensor): Tensor => {
    const [rows, columns] = linearSumAssignment(cost);
    return sum(take(ravel(cost), rows.mul(2).add(columns)));
  };
  expect(grad(total)([[3, 1], [1, 4]]).tolist()).toEqual([[0, 1], [1, 0]]); // prettier-ignore
});

test("linearSumAssignment excludes infinite costs, and refuses what has no assignment", () => {
  expect(linearSumAssignment([[Infinity, 1], [2, 1]])[1].tolist()).toEqual([1, 0]); // prettier-ignore
  expect(linearSumAssignment(tensor([], { shape: [0, 3] }))[0].shape).toEqual([0]);
  expect(() => linearSumAssignment([[Infinity]])).toThrow(/every assignment has an infinite cost/);
  expect(() => linearSumAssignment([[NaN]])).toThrow(/costs must be numbers/);
  expect(() => linearSumAssignment([1, 2])).toThrow(/needs a matrix of costs/);
  expect(() => jit((x: Tensor) => linearSumAssignment(x)[0])([[1]])).toThrow(/unknown in jit/);
});
