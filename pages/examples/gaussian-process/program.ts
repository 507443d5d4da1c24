/** Gaussian process regression in two dozen lines, executed by a test. */
export const program = `import {
  add, diagonal, div, exp, eye, log, matmul, mul, reshape, square, sub, sum, tensor,
} from "downhill";
import { cholesky, choleskySolve } from "downhill/linalg";
import { minimize } from "downhill/optim";

const x = tensor([0.6, 1.2, 1.9, 2.5, 3.2, 4.1]);
const y = tensor([-0.9, -0.2, 0.7, 1.2, 1, 0.1]);

const kernel = (a, b, { length, size }) => {
  const apart = sub(reshape(a, [-1, 1]), reshape(b, [1, -1]));
  return mul(exp(mul(2, size)), exp(mul(-0.5, square(div(apart, exp(length))))));
};
const factor = (logs) => cholesky(add(kernel(x, x, logs), mul(exp(mul(2, logs.noise)), eye(6))));
const surprise = (logs) => {
  const l = factor(logs);
  return add(mul(0.5, sum(mul(y, choleskySolve(l, y)))), sum(log(diagonal(l))));
};

const { params } = minimize(surprise, { length: 0, size: 0, noise: -2 }, { low: -4, high: 3 });
for (const [name, value] of Object.entries(params)) console.log(name, exp(value).item().toFixed(3));
const weights = choleskySolve(factor(params), y);
const mean = matmul(kernel(tensor([1.5, 5]), x, params), weights);
console.log(
  mean
    .tolist()
    .map((value) => value.toFixed(3))
    .join(" "),
);`;

/** Expected output of the program. */
export const printed = `length 1.502
size 1.050
noise 0.029
0.202 -0.471`;
