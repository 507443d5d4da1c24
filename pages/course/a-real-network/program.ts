/** A network for digits in ten lines, executed by a test. */
export const program = `import { tensor } from "downhill";
import { dataset, digits } from "downhill/data";
import { accuracy, mlp, softmaxCrossEntropy } from "downhill/nn";
import { adam } from "downhill/optim";
import { key } from "downhill/random";
import { fit } from "downhill/train";

const { images, labels, count } = digits();
const x = tensor(images, { shape: [count, 64] });
const net = mlp([64, 32, 10]);
const run = await fit({
  params: net.init(key(0)),
  loss: (params, batch) => softmaxCrossEntropy(net.apply(params, batch.x), batch.y),
  data: dataset({ x, y: labels }).shuffle({ seed: 0, when: "each-epoch" }).batch(32),
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 20,
});
const right = accuracy(net.apply(run.params, x), tensor(labels));
console.log(run.history[0].loss.toFixed(2), run.history[19].loss.toFixed(2), right.item().toFixed(3));`;

/** Expected output of the program. */
export const printed = `1.33 0.02 0.997`;
