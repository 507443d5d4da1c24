import { expect, test } from "vitest";
import { testInCi } from "../../../test/support/extent.ts";
import { followSwing, gravity, type Motion, swingUp } from "./model.ts";

/** Angle and speed at the end, by many small steps of a simulation with the torques, linear in between. */
function simulated({ times, torques }: Motion): readonly [angle: number, speed: number] {
  let [angle, speed] = [0, 0];
  const small = 400;
  const step = times[1]! / small;
  for (let i = 1; i < times.length; i++)
    for (let k = 0; k < small; k++) {
      const share = (k + 0.5) / small;
      const torque = torques[i - 1]! + share * (torques[i]! - torques[i - 1]!);
      const middle = angle + (step / 2) * speed;
      speed += step * (torque - gravity * Math.sin(middle));
      angle = middle + (step / 2) * speed;
    }
  return [angle, speed];
}

test("a planned motion obeys its limits and ends upright, also in a finer simulation", () => {
  const motion = swingUp({ horizon: 4, torque: 3.2, speed: 12 });
  expect(motion.isSolved).toBe(true);
  expect(Math.max(...motion.torques.map(Math.abs))).toBeLessThan(3.2 + 1e-6);
  expect(motion.angles.at(-1)).toBeCloseTo(Math.PI, 7);
  const [angle, speed] = simulated(motion);
  expect(Math.abs(angle - Math.PI)).toBeLessThan(0.15);
  expect(Math.abs(speed)).toBeLessThan(0.6);
});

testInCi("a limit has a price only where it is active, and less of it costs more", () => {
  const { torques, prices, cost } = swingUp({ horizon: 4, torque: 3.2, speed: 12 });
  prices.forEach((price, i) => expect(price * (3.2 - Math.abs(torques[i]!))).toBeLessThan(1e-5));
  expect(Math.max(...prices)).toBeGreaterThan(0.1);
  expect(swingUp({ horizon: 4, torque: 3.1, speed: 12 }).cost).toBeGreaterThan(cost);
});

testInCi("small changes of the limits are followed in a few iterations", () => {
  swingUp({ horizon: 4, torque: 3.2, speed: 12 });
  for (const torque of [3.15, 3.1, 3.05]) {
    const { isSolved, cost, iterations } = followSwing({ horizon: 4, torque, speed: 12 });
    expect(isSolved).toBe(true);
    expect(iterations).toBeLessThan(12);
    expect(cost).toBeCloseTo(swingUp({ horizon: 4, torque, speed: 12 }).cost, 5);
  }
});

testInCi("without enough time or torque no motion is found", () => {
  expect(swingUp({ horizon: 1, torque: 3, speed: 12 })).toMatchObject({ isSolved: false });
});
