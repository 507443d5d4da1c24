/** The chapter in a few lines of downhill. A test executes them and compares the output with `printed`. */
export const program = `import { grad, sin, tensor } from "downhill";

const f = (x, y) => x.mul(y).add(sin(x));
const at = [tensor(2), tensor(3)];
const [dx, dy] = grad(f, { argnums: [0, 1] })(...at);
console.log(dx.item(), dy.item());

const h = 1e-5; // the same by a difference, in x
const [above, below] = [f(tensor(2 + h), at[1]), f(tensor(2 - h), at[1])];
console.log(Math.abs((above.item() - below.item()) / (2 * h) - dx.item()) < 1e-9);`;

export const printed = `2.5838531634528574 2
true`;
