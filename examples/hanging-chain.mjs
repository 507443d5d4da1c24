// Hangs a chain of rigid links between two nails: least height under fixed lengths. The multipliers are the tensions.
import { add, concatenate, slice, square, sub, sum } from "downhill";
import { equality, minimize } from "downhill/optim";

const links = 20;
const length = 1.5 / links;
/** Positions of all joints: nails at (0, 0) and (1, 0), free joints between them. */
const joints = ({ x, y }) => [concatenate([[0], x, [1]]), concatenate([[0], y, [0]])];
const differences = (v) => sub(slice(v, [1]), slice(v, [0, -1]));
const lengths = (p) => {
  const [x, y] = joints(p);
  return add(square(differences(x)), square(differences(y)));
};

const free = Array.from({ length: links - 1 }, (_, i) => (i + 1) / links);
const start = { x: free, y: free.map((t) => -t * (1 - t)) };
const chain = minimize(({ y }) => sum(y), start, {
  constraints: [equality(lengths, length ** 2, { name: "links" })],
});
if (chain.reason !== "solved") throw new Error(chain.message);

const x = [0, ...chain.params.x.tolist(), 1];
const y = [0, ...chain.params.y.tolist(), 0];
// the force of a link is its multiplier times the gradient of its squared length
const pulls = chain.multipliers.constraints[0].tolist().map((force, k) => 2 * force * (x[k + 1] - x[k]));
console.log(`lowest point ${Math.min(...y).toFixed(4)} after ${chain.iterations} iterations`);
console.log(
  `horizontal pull of the links: ${Math.min(...pulls).toFixed(6)} to ${Math.max(...pulls).toFixed(6)}`,
);
// nothing pulls the joints sideways but the links, so that the horizontal pull is the same in all of them
if (Math.max(...pulls) - Math.min(...pulls) > 1e-6) throw new Error("the forces are not in balance");
