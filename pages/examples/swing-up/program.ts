/** A swing-up with limited torque, executed by a test. */
export const program = `import { add, concatenate, mul, sin, slice, square, sub, sum } from "downhill";
import { equality, minimize } from "downhill/optim";

const [pieces, step, most] = [40, 0.1, 3.2]; // 4 seconds, and a third of the torque that holds the pendulum level
const n = pieces + 1;
const change = (x) => sub(slice(x, [1, n]), slice(x, [0, pieces]));
const both = (x) => add(slice(x, [1, n]), slice(x, [0, pieces]));

const motion = ({ angle, speed, torque }) => {
  const acceleration = sub(torque, mul(9.81, sin(angle)));
  return concatenate([
    sub(change(angle), mul(step / 2, both(speed))),
    sub(change(speed), mul(step / 2, both(acceleration))),
  ]);
};

// equal bounds hold both ends: hanging, then upright, at rest
const within = (first, last, inside) => [first, ...new Array(n - 2).fill(inside), last];
const start = {
  angle: Array.from({ length: n }, (_, i) => (i / pieces) * Math.PI * Math.cos(2 * Math.PI * (1 - i / pieces))),
  speed: new Array(n).fill(0),
  torque: new Array(n).fill(0),
};
const found = minimize(({ torque }) => mul(step, sum(square(torque))), start, {
  constraints: [equality(motion, 0, { name: "motion" })],
  low: { angle: within(0, Math.PI, -Infinity), speed: within(0, 0, -Infinity), torque: -most },
  high: { angle: within(0, Math.PI, Infinity), speed: within(0, 0, Infinity), torque: most },
});
const angles = found.params.angle.tolist();
console.log(found.reason, found.value.toFixed(2));
console.log(angles.filter((_, i) => i % 5 === 0).map((a) => a.toFixed(2)).join(" "));`;

/** Expected output of the program. */
export const printed = `solved 27.31
0.00 0.30 0.60 -0.42 -1.35 -0.09 2.03 2.91 3.14`;
