/** Mini-batches in a dozen lines, executed by a test. */
export const program = `import { jit, tensor, valueAndGrad } from "downhill";
import { dataset } from "downhill/data";
import { applyUpdates, sgd } from "downhill/optim";

const x = Float64Array.from({ length: 64 }, (_, i) => i / 64);
const data = dataset({ x, y: x.map((v) => 2 * v + 1) }).shuffle({ seed: 1, when: "each-epoch" }).batch(8);
const loss = (p, { x, y }) => x.mul(p.slope).add(p.intercept).sub(y).square().mean();
const step = jit(valueAndGrad(loss));
const { init, update } = sgd({ learningRate: 0.5 });
let p = { slope: tensor(0), intercept: tensor(0) };
let state = init(p);
for (let epoch = 0; epoch < 15; epoch++) {
  for (const batch of data.epoch(epoch)) {
    const { updates, state: next } = update(step(p, batch)[1], state, p);
    [p, state] = [applyUpdates(p, updates), next];
  }
}
console.log(p.slope.item().toFixed(3), p.intercept.item().toFixed(3));`;

/** Expected output of the program. */
export const printed = `2.000 1.000`;
