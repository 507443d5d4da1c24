/** The same policy gradient for a choice of one of three, executed by a test. */
export const program = `import { grad, logSoftmax, mean, mul, neg, softmax, sub, tensor } from "downhill";
import { adam, applyUpdates } from "downhill/optim";
import * as random from "downhill/random";

const chances = tensor([0.2, 0.5, 0.8]); // of a reward from each of three levers
const { init, update } = adam({ learningRate: 0.05 });
let logits = tensor([0, 0, 0], { dtype: "float32" });
let state = init(logits);

for (let i = 0; i < 60; i++) {
  const [forActions, forRewards] = random.split(random.foldIn(random.key(0), i));
  const actions = random.categorical(forActions, logits, { shape: [64] });
  const rewards = random.bernoulli(forRewards, chances.at(actions)).astype("float32");
  const better = sub(rewards, mean(rewards));
  const loss = (l) => neg(mean(mul(logSoftmax(l).at(actions), better)));
  const step = update(grad(loss)(logits), state, logits);
  [logits, state] = [applyUpdates(logits, step.updates), step.state];
}
console.log(softmax(logits).tolist().map((p) => p.toFixed(2)).join(" "));`;

/** Expected output of the program. */
export const printed = `0.01 0.02 0.97`;
