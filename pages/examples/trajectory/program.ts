/** A path around one disc, executed by a test. */
export const program = `import { add, concatenate, maximum, mul, norm, slice, square, sub, sum } from "downhill";
import { minimize } from "downhill/optim";

const [start, goal, centre, radius] = [[[0, 0]], [[8, 0]], [4, 0.3], 1.5];

function cost(inner) {
  const path = concatenate([start, inner, goal]); // 20 points, 18 of them free
  const steps = sub(slice(path, [1, 20]), slice(path, [0, 19]));
  const inside = maximum(sub(radius, norm(sub(path, centre), { axis: 1 })), 0);
  return add(sum(square(steps)), mul(100, sum(square(inside))));
}

const line = Array.from({ length: 18 }, (_, i) => [(8 * (i + 1)) / 19, 0]);
const { params } = minimize(cost, line);
const heights = params.at(null, 1).tolist();
console.log(heights.filter((_, i) => i % 3 === 0).map((y) => y.toFixed(2)).join(" "));
console.log(\`cost \${cost(line).item().toFixed(2)} to \${cost(params).item().toFixed(2)}\`);`;

/** Expected output of the program. */
export const printed = `-0.13 -0.53 -0.92 -1.18 -0.79 -0.40
cost 421.47 to 3.68`;
