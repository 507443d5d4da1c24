// Sampling by Hamiltonian Monte Carlo: eight chains at once by vmap, each a loop over keys, compiled into one program.
import {
  add,
  exp,
  foriLoop,
  grad,
  jit,
  less,
  log,
  matmul,
  mean,
  minimum,
  scan,
  square,
  sub,
  sum,
  tensor,
  cov,
  vmap,
  where,
} from "downhill";
import { inv } from "downhill/linalg";
import { key, keys, normal, split, uniform } from "downhill/random";

const centre = tensor([1, -2]);
const covariance = tensor([
  [2, 1.2],
  [1.2, 1],
]);
const precision = inv(covariance);
const logDensity = (q) => {
  const off = sub(q, centre);
  return sum(off.mul(matmul(precision, off))).mul(-0.5);
};

const [stepSize, leaps] = [0.3, 8];
const slope = grad(logDensity);

/** One leapfrog proposal, accepted or rejected: the new position, and the acceptance probability. */
function transition(q, k) {
  const [forMomentum, forChoice] = split(k);
  const p = normal(forMomentum, q.shape);
  const leap = (_, [place, momentum]) => {
    const half = add(momentum, slope(place).mul(stepSize / 2));
    const next = add(place, half.mul(stepSize));
    return [next, add(half, slope(next).mul(stepSize / 2))];
  };
  const [to, momentum] = foriLoop(0, leaps, leap, [q, p]);
  const energy = (place, own) => sub(sum(square(own)).mul(0.5), logDensity(place));
  const logChance = sub(energy(q, p), energy(to, momentum));
  const isTaken = less(log(uniform(forChoice)), logChance);
  return [where(isTaken, to, q), minimum(exp(logChance), 1)];
}

const chain = (k, start) =>
  scan(
    (q, each) => {
      const [next, chance] = transition(q, each);
      return [next, { q: next, chance }];
    },
    start,
    keys(k, 2000),
  )[1];

const [chains, warmUp] = [8, 200];
const { q, chance } = jit(vmap(chain))(keys(key(0), chains), normal(key(1), [chains, 2]));
const samples = q.at(null, { start: warmUp }).reshape([-1, 2]);
const [found, spread] = [mean(samples, { axis: 0 }), cov(samples.T)];
console.log(
  `${samples.shape[0]} samples of ${chains} chains, ${(100 * mean(chance).item()).toFixed(0)} % of proposals taken`,
);
console.log(
  "mean",
  found.tolist().map((m) => m.toFixed(3)),
  "covariance",
  spread.tolist().map((row) => row.map((c) => c.toFixed(3))),
);

const off = Math.max(...sub(found, centre).abs().data(), ...sub(spread, covariance).abs().data());
if (off > 0.1) throw new Error(`the samples are off by ${off}`);
