/** Momentum and a schedule in ten lines, executed by a test. */
export const program = `import { tanh } from "downhill";
import { dataset, moons } from "downhill/data";
import { mlp, softmaxCrossEntropy } from "downhill/nn";
import { oneCycle, sgd } from "downhill/optim";
import { key } from "downhill/random";
import { fit } from "downhill/train";

const { x, y } = moons({ n: 400, noise: 0.3, seed: 0 });
const net = mlp([2, 16, 2], { activation: tanh });
const run = await fit({
  params: net.init(key(0)),
  loss: (params, batch) => softmaxCrossEntropy(net.apply(params, batch.x), batch.y),
  data: dataset({ x, y }).shuffle({ seed: 0, when: "each-epoch" }).batch(10),
  optimizer: sgd({ learningRate: oneCycle({ max: 0.3, steps: 1600 }), momentum: 0.9 }),
  epochs: 40,
});
for (const { epoch, loss } of run.history)
  if (epoch % 10 === 0) console.log(epoch, loss.toFixed(3));`;

/** Expected output of the program. */
export const printed = `10 0.375
20 0.426
30 0.242
40 0.205`;
