import { expect, test } from "vitest";
import { armLength, follow } from "./model.ts";

const choices = { joints: 4, limit: 2, stiffness: 0.02 };
const begin = [0.2, 0.5, 0.5, 0.5];

test("the hand reaches every reachable target, with links of equal length", () => {
  for (const target of [
    [1.6, 2],
    [-2, 1],
    [0.3, -3.5],
  ]) {
    const { joints, gap, angles } = follow(begin, target, choices);
    expect(gap).toBeLessThan(0.01);
    const links = joints.slice(1).map(([x, y], i) => Math.hypot(x! - joints[i]![0]!, y! - joints[i]![1]!));
    for (const link of links) expect(link).toBeCloseTo(armLength / 4, 12);
    for (const angle of angles.slice(1)) expect(Math.abs(angle)).toBeLessThanOrEqual(2);
  }
});

test("out of reach, the arm is straight and its hand moves across it only", () => {
  const { gap, speeds, direction, angles } = follow(begin, [3, 4], choices);
  expect(gap).toBeCloseTo(5 - armLength, 6);
  for (const angle of angles.slice(1)) expect(angle).toBeCloseTo(0, 4);
  expect(speeds[1]).toBeCloseTo(0, 4);
  expect(Math.tan(direction)).toBeCloseTo(-3 / 4, 4);
});

test("a straight arm bends when its target moves towards its base", () => {
  expect(follow([0, 0, 0, 0], [3, 0], choices).gap).toBeLessThan(0.01);
});

test("without stiffness the hand reaches its target up to rounding; with high stiffness it does not", () => {
  expect(follow(begin, [1.6, 2], { ...choices, stiffness: 0 }).gap).toBeLessThan(1e-6);
  expect(follow(begin, [1.6, 2], { ...choices, stiffness: 1 }).gap).toBeGreaterThan(0.1);
});

test("joints stop at their limits, and an arm with another number of joints keeps the angles that it has", () => {
  const { angles } = follow(begin, [0.2, 0.1], { joints: 6, limit: Math.PI / 6, stiffness: 0.02 });
  expect(angles).toHaveLength(6);
  expect(Math.max(...angles.slice(1).map(Math.abs))).toBeCloseTo(Math.PI / 6, 6);
});

test("the Jacobian equals finite differences of the hand", () => {
  const { angles, jacobian } = follow(begin, [1.6, 2], choices);
  const hand = (by: number): readonly [number, number] => {
    let [x, y, direction] = [0, 0, 0];
    for (const [i, angle] of angles.entries()) {
      direction += angle + (i === 1 ? by : 0);
      [x, y] = [x + Math.cos(direction), y + Math.sin(direction)];
    }
    return [x, y];
  };
  const [up, down] = [hand(1e-5), hand(-1e-5)];
  expect(jacobian[0]![1]).toBeCloseTo((up[0] - down[0]) / 2e-5, 8);
  expect(jacobian[1]![1]).toBeCloseTo((up[1] - down[1]) / 2e-5, 8);
});
