/** Curvature in ten lines, executed by a test. */
export const program = `import { grad, jvp, tensor } from "downhill";
import { minimize } from "downhill/optim";

// Rosenbrock's valley in 20 unknowns
const f = (x) => {
  const [left, right] = [x.slice(0, 19), x.slice(1, 20)];
  return right.sub(left.square()).square().mul(100).add(left.sub(1).square()).sum();
};
const start = tensor(new Float64Array(20));
const v = tensor(new Float64Array(20).fill(1));
const [gradient, product] = jvp(grad(f), [start], [v]); // no matrix
console.log(gradient.at(0).item(), product.at(0).item());
for (const method of ["gd", "lbfgs", "newton-cg"]) {
  const { value, iterations } = minimize(f, start, { method, maxIterations: 1000 });
  console.log(method, iterations, value < 1e-8);
}`;

/** Expected output of the program. */
export const printed = `-2 2
gd 1000 false
lbfgs 125 true
newton-cg 97 true`;
