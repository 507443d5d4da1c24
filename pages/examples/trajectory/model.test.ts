import { expect, test } from "vitest";
import { type Task, ways } from "./model.ts";

const task: Task = {
  start: [0, 0],
  goal: [8, 0],
  discs: [{ at: [4, 0.2], radius: 1 }],
  stiffness: 0.02,
  clearance: 0.3,
};

test("around one disc there is a path on each side, and the shorter one is first", () => {
  const found = ways(task);
  const middles = found.map(({ path }) => path[30]![1]!);
  expect(middles[0]).toBeLessThan(-0.8);
  expect(middles.some((y) => y > 1)).toBe(true);
  expect(found[0]!.length).toBeLessThan(found.at(-1)!.length);
});

test("a path keeps its clearance up to a few hundredths, and costs fall in each iteration", () => {
  const [best] = ways(task);
  expect(best!.gap).toBeGreaterThan(0.2);
  expect(best!.gap).toBeLessThan(0.31);
  best!.costs.slice(1).forEach((cost, i) => expect(cost).toBeLessThan(best!.costs[i]!));
  expect(best!.pathAfter(best!.costs.length - 1)).toEqual(best!.path);
  expect(best!.pathAfter(0)).not.toEqual(best!.path);
});

test("without a disc in the way, the path is straight for every bending weight", () => {
  const [best, ...others] = ways({ ...task, discs: [{ at: [4, 5], radius: 1 }] });
  expect(best!.length).toBeCloseTo(8, 4);
  expect(others.every(({ length }) => length > 8)).toBe(true);
});
