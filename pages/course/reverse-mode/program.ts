/** Reverse mode and segments in ten lines, executed by a test. */
export const program = `import { grad, scan, sin, tensor, vjp } from "downhill";

const [z, pullback] = vjp((x, y) => x.mul(y).add(sin(x)), tensor(2), tensor(3));
console.log(z.item().toFixed(4), pullback(1).map((g) => g.item().toFixed(4)).join(" "));

const loop = (checkpoint) => (x) => {
  const [last] = scan((y) => [y.sub(sin(y).mul(0.01)), null], x, null, { length: 900, checkpoint });
  return last;
};
const all = grad(loop(false))(tensor(1)).item(); // keeps 900 numbers
const few = grad(loop(true))(tensor(1)).item(); // keeps about 60
console.log(all.toFixed(10), all === few);`;

/** Expected output of the program. */
export const printed = `6.9093 2.5839 2.0000
0.0001537021 true`;
