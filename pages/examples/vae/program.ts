/** A variational autoencoder of points in space, executed by a test. */
export const program = `import { add, exp, grad, jit, mean, mul, slice, sub, sum, tensor } from "downhill";
import { kl, normal } from "downhill/distributions";
import { dense, denseInit } from "downhill/nn";
import { adam, applyUpdates } from "downhill/optim";
import * as random from "downhill/random";

const [a, b, c, d] = random.split(random.key(1), 4);
const hidden = random.normal(a, [256, 1]); // what nobody tells
const data = add(mul(hidden, [1, 0.7, 0.4]), mul(0.2, random.normal(b, [256, 3])));

const bound = (p, key) => {
  const out = dense(p.encoder, data);
  const codes = normal({ loc: slice(out, null, [0, 1]), scale: exp(slice(out, null, [1, 2])) });
  const points = normal({ loc: dense(p.decoder, codes.sample(key)), scale: 0.2 });
  const likelihood = sum(points.logProb(data), { axis: 1 });
  const divergence = sum(kl(codes, normal({ loc: 0, scale: 1 })), { axis: 1 });
  return mean(sub(likelihood, divergence));
};

let params = { encoder: denseInit(c, 3, 2), decoder: denseInit(d, 1, 3) };
console.log(bound(params, random.key(2)).item().toFixed(0));
const { init, update } = adam({ learningRate: 0.05, maximize: true });
const slope = jit(grad(bound));
for (let i = 0, state = init(params); i < 600; i++) {
  const step = update(slope(params, random.keys(random.foldIn(random.key(3), i), 1).at(0)), state, params);
  [params, state] = [applyUpdates(params, step.updates), step.state];
}
console.log(bound(params, random.key(2)).item().toFixed(1));
for (const code of [-1, 1])
  console.log(dense(params.decoder, tensor([code])).tolist().map((x) => x.toFixed(1)).join(" "));`;

/** Expected output of the program. */
export const printed = `-57
-1.4
-1.1 -0.8 -0.4
0.9 0.7 0.4`;
