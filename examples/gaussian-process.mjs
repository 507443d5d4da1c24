// Gaussian process regression: fits kernel and noise by the marginal likelihood, whose gradient goes through a Cholesky
// factorisation (Rasmussen and Williams, Gaussian Processes for Machine Learning, algorithm 2.1).
import { add, diag, exp, eye, jit, linspace, log, matmul, sin, square, sub, sum } from "downhill";
import { cholesky, choleskySolve, solveTriangular } from "downhill/linalg";
import { minimize } from "downhill/optim";
import { key, normal, split, uniform } from "downhill/random";

const [forPlaces, forNoise] = split(key(0));
const x = uniform(forPlaces, 60, { minval: -3, maxval: 3 });
const y = sin(x.mul(2)).add(normal(forNoise, 60).mul(0.1));

/** Covariances [n, m] of values at points [n] and [m]. Parameters are the logarithms of a variance and a length. */
function kernel({ variance, length }, a, b) {
  const apart = sub(a.at(null, "new"), b).div(exp(length));
  return exp(square(apart).mul(-0.5)).mul(exp(variance));
}

const factor = (p, places) =>
  cholesky(add(kernel(p, places, places), eye(places.shape[0]).mul(exp(p.noise))));

/** Negative log marginal likelihood, without its constant. */
function surprise(p, places, values) {
  const l = factor(p, places);
  return sum(values.mul(choleskySolve(l, values)))
    .mul(0.5)
    .add(sum(log(diag(l))));
}

const start = { variance: 0, length: 0, noise: -2 };
const { params, iterations } = minimize(surprise, start, { args: [x, y] });

/** Mean and variance of the function at other points. */
const predict = jit((p, places, values, others) => {
  const l = factor(p, places);
  const between = kernel(p, places, others);
  const mean = matmul(choleskySolve(l, values), between);
  const known = solveTriangular(l, between, { lower: true });
  return { mean, variance: sub(exp(p.variance), sum(square(known), { axis: 0 })) };
});

const noise = Math.exp(params.noise.item() / 2);
console.log(
  `noise ${noise.toFixed(3)} (it was 0.1), length ${Math.exp(params.length.item()).toFixed(2)}, after ${iterations} iterations`,
);
const others = linspace(-2.5, 2.5, 6);
const { mean, variance } = predict(params, x, y, others);
let worst = 0;
for (let i = 0; i < 6; i++) {
  const [at, value, spread] = [others.at(i).item(), mean.at(i).item(), Math.sqrt(variance.at(i).item())];
  console.log(
    `f(${at.toFixed(1)}) = ${value.toFixed(3)} ± ${spread.toFixed(3)}, in truth ${Math.sin(2 * at).toFixed(3)}`,
  );
  worst = Math.max(worst, Math.abs(value - Math.sin(2 * at)));
}
if (worst > 0.2 || Math.abs(noise - 0.1) > 0.03) throw new Error("the process missed the function");
