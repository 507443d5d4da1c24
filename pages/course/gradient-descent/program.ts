/** Gradient descent in ten lines, executed by a test. */
export const program = `import { tensor, valueAndGrad } from "downhill";
import { applyUpdates, sgd } from "downhill/optim";

const f = valueAndGrad((p) => p.at(0).square().add(p.at(1).square().mul(10)).div(2));
const { init, update } = sgd({ learningRate: 2 / (1 + 10) });
let p = tensor([-3, 2]);
let state = init(p);
for (let t = 0; t <= 60; t++) {
  const [value, gradient] = f(p);
  if (t % 20 === 0) console.log(t, value.item().toExponential(2));
  const { updates, state: next } = update(gradient, state, p);
  [p, state] = [applyUpdates(p, updates), next];
}`;

/** Expected output of the program. */
export const printed = `0 2.45e+1
20 8.00e-3
40 2.61e-6
60 8.53e-10`;
