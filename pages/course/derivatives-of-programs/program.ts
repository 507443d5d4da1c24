/** Derivatives of a program in ten lines, executed by a test. */
export const program = `import { grad, valueAndGrad } from "downhill";

function height(angle: number, speed: number) {
  "use ad"; // compiled: a loop, a branch, assignments
  let x = 0, y = 0, highest = 0;
  let v = speed * Math.sin(angle);
  while (y >= 0 && x < 10) {
    x += 0.01 * speed * Math.cos(angle);
    y += 0.01 * v;
    v -= 0.01 * 9.81;
    if (y > highest) highest = y;
  }
  return highest;
}
const [value, [dAngle, dSpeed]] = valueAndGrad(height, { argnums: [0, 1] })(0.8, 7);
console.log(value.toFixed(4), dAngle.toFixed(4), dSpeed.toFixed(4));`;

/** Expected output of the program. */
export const printed = `1.3104 2.5360 0.3730`;
