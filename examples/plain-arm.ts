// Inverse kinematics: the joint angles of an arm with four links whose hand must reach a point around a round obstacle.
import { minimize } from "downhill/optim";

const links = [1, 0.8, 0.6, 0.4]; // lengths
const obstacle = { x: 0.9, y: 0.4, radius: 0.3 };

function cost(angles: number[], goal: { x: number; y: number }): number {
  "use ad";
  let x = 0;
  let y = 0;
  let heading = 0;
  let penalty = 0;
  for (let i = 0; i < angles.length; i++) {
    heading += angles[i]!;
    x += links[i]! * Math.cos(heading);
    y += links[i]! * Math.sin(heading);
    const gap = Math.hypot(x - obstacle.x, y - obstacle.y) - obstacle.radius;
    if (gap < 0) penalty += 10 * gap ** 2; // a joint inside the obstacle
    penalty += 1e-4 * angles[i]! ** 2; // the least bent of all postures
  }
  return (x - goal.x) ** 2 + (y - goal.y) ** 2 + penalty;
}

const goal = { x: 1.2, y: 1.1 };
const { params: angles, iterations } = minimize(
  (a: number[]) => {
    "use ad";
    return cost(a, goal);
  },
  [0.1, 0.1, 0.1, 0.1],
);

let [x, y, heading] = [0, 0, 0];
angles.forEach((angle, i) => {
  heading += angle;
  x += links[i]! * Math.cos(heading);
  y += links[i]! * Math.sin(heading);
});
console.log(`angles ${angles.map((angle) => `${((angle * 180) / Math.PI).toFixed(1)}°`).join(", ")}`);
console.log(`the hand is at ${x.toFixed(3)}, ${y.toFixed(3)} after ${iterations} iterations`);

if (Math.hypot(x - goal.x, y - goal.y) > 0.01 || cost(angles, goal) > 0.01)
  throw new Error("the hand does not reach its place");
