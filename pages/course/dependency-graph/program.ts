/** The chain rule over paths in ten lines, executed by a test. */
export const program = `import { grad, tensor } from "downhill";

const f = (x, y) => {
  const u = x.mul(y);
  const v = u.add(x);
  return u.mul(v);
};
const [x, y] = [2, 3];
const [u, v] = [x * y, x * y + x];
const paths = [y * v, y * 1 * u, 1 * u]; // over u; over u and v; over v
console.log(paths.join(" + "), "=", paths.reduce((a, b) => a + b));
console.log(grad(f)(tensor(x), tensor(y)).item());`;

/** Expected output of the program. */
export const printed = `24 + 18 + 6 = 48
48`;
