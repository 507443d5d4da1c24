/** A chain for a correlated Gaussian, executed by a test. */
export const program = `import { add, exp, foriLoop, grad, less, mul, scan, square, sub, sum, where } from "downhill";
import * as random from "downhill/random";

const energy = (q) => add(square(sub(q.at(0), q.at(1))), mul(0.1, sum(square(q))));
const leapfrog = (_, { q, p }) => {
  const kicked = sub(p, mul(0.1, grad(energy)(q)));
  const there = add(q, mul(0.2, kicked));
  return { q: there, p: sub(kicked, mul(0.1, grad(energy)(there))) };
};
const total = ({ q, p }) => add(energy(q), mul(0.5, sum(square(p))));

const draw = (q, { p, chance }) => {
  const end = foriLoop(0, 8, leapfrog, { q, p });
  const next = where(less(chance, exp(sub(total({ q, p }), total(end)))), end.q, q);
  return [next, next];
};
const [forMomenta, forChances] = random.split(random.key(0));
const [, draws] = scan(draw, [3, -3], {
  p: random.normal(forMomenta, [2000, 2]),
  chance: random.uniform(forChances, [2000]),
});
console.log(
  draws
    .mean(0)
    .tolist()
    .map((m) => m.toFixed(2))
    .join(" "),
);
console.log(
  draws
    .std(0)
    .tolist()
    .map((s) => s.toFixed(2))
    .join(" "),
);`;

/** Expected output of the program. The true standard deviation is 1.62. */
export const printed = `-0.02 -0.01
1.59 1.59`;
