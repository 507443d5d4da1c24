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
export const printed = `2,1: -0.0936 0.1873 1.4684, after 9 steps
1,2: 0.3616 0.5672 1.2056, after 9 steps
-1,2: 1.0923 0.9904 0.8160, after 10 steps`;
