/** An arm of three links that reaches, in a dozen lines; the test runs them. */
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

/** What it prints. */
export const printed = `2,1: -0.1076 0.2152 1.4516, after 6 steps
1,2: 0.3385 0.6146 1.1674, after 5 steps
-1,2: 1.0341 1.1330 0.6559, after 6 steps`;
