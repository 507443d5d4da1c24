/** Forward mode in ten lines, executed by a test. */
export const program = `import { jvp, sin, tensor } from "downhill";

const f = (x, y) => x.mul(y).add(sin(x));
const at = [tensor(2), tensor(3)];
for (const direction of [[1, 0], [0, 1], [1, 1]]) {
  const [value, change] = jvp(f, at, direction.map((d) => tensor(d)));
  console.log(direction.join(" "), value.item().toFixed(4), change.item().toFixed(4));
}`;

/** Expected output of the program. */
export const printed = `1 0 6.9093 2.5839
0 1 6.9093 2.0000
1 1 6.9093 4.5839`;
