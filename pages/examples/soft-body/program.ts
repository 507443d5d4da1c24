/** A sagging chain of springs, executed by a test. */
export const program = `import { add, concatenate, grad, mul, norm, slice, square, sub, sum } from "downhill";
import { minimize } from "downhill/optim";

const wall = [[0, 0]];
function energy(nodes, hand) {
  const all = concatenate([wall, nodes, hand]); // 10 nodes, 9 springs of length 0.3
  const lengths = norm(sub(slice(all, [1, 10]), slice(all, [0, 9])), { axis: 1 });
  const elastic = mul(10, sum(square(sub(lengths, 0.3))));
  return add(elastic, mul(0.05, sum(nodes.at(null, 1)))); // and weight
}

const hand = [[3, 0]];
const start = Array.from({ length: 8 }, (_, i) => [(i + 1) / 3, 0]);
const { params, converged } = minimize(energy, start, { args: [hand] });
const force = grad(energy, { argnums: 1 })(params, hand);
console.log(params.at(null, 1).tolist().map((y) => y.toFixed(3)).join(" "));
console.log(force.tolist()[0].map((f) => f.toFixed(3)).join(" "), converged);`;

/** Expected output of the program. */
export const printed = `-0.087 -0.153 -0.198 -0.220 -0.220 -0.198 -0.153 -0.087
0.752 0.200 true`;
