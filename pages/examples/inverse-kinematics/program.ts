/** A reaching arm of three links in a dozen lines, executed by a test. */
export const program = `import { cos, cumsum, sin, stack, sub, sum } from "downhill";
import { leastSquaresSolver } from "downhill/optim";

const hand = (angles) => {
  const directions = cumsum(angles);
  return stack([sum(cos(directions)), sum(sin(directions))]);
};
const reach = leastSquaresSolver((angles, target) => sub(hand(angles), target));

let angles = [0.1, 0.1, 0.1];
for (const target of [[2, 1], [1, 2], [-1, 2]]) {
  const found = reach(angles, target);
  angles = found.params.tolist();
  const shown = angles.map((angle) => angle.toFixed(4)).join(" ");
  console.log(\`\${target}: \${shown}, after \${found.iterations} steps\`);
}`;

/** Expected output of the program. */
export const printed = `2,1: -0.0941 0.1882 1.4678, after 6 steps
1,2: 0.3351 0.6217 1.1615, after 5 steps
-1,2: 1.0698 1.0438 0.7581, after 5 steps`;
