// Two methods to find a learning rate for a network on handwritten digits. The range test (Smith, arXiv 1506.01186)
// raises the rate during training and finds where the loss falls. `tune` starts from a bad rate and momentum, and
// applies gradient descent to both: it differentiates the loss after twenty training steps through all of these steps.
import { dataset, digits } from "downhill/data";
import { mlp, softmaxCrossEntropy } from "downhill/nn";
import { cyclic, sgd } from "downhill/optim";
import { foldIn, key } from "downhill/random";
import { fit, lrRangeTest, tune } from "downhill/train";

const { images, labels, count } = digits();
const data = dataset({ x: { shape: [count, 64], dtype: "float32", data: images }, y: labels })
  .shuffle({ seed: 0 })
  .batch(32);
const { init, apply } = mlp([64, 32, 10]);
const loss = (params, { x, y }) => softmaxCrossEntropy(apply(params, x), y);
const params = init(key(0));

/** The mean loss of the second epoch of training. */
async function trained(optimizer) {
  const { history } = await fit({ params, loss, data, optimizer, epochs: 2 });
  return history[1].loss;
}

const withMomentum = (learningRate) => sgd({ learningRate, momentum: 0.9 });
const { suggestion } = await lrRangeTest({ params, loss, data, optimizer: withMomentum });
const { base, max } = suggestion;
console.log(`range test: rates from ${base.toPrecision(2)} to ${max.toPrecision(2)}`);
const cycled = await trained(withMomentum(cyclic({ base, max, stepSizeUp: 30 })));

const start = { learningRate: 1e-4, momentum: 0.5 };
const { hyperparameters, path } = await tune({
  params: (restart) => init(foldIn(key(1), restart)),
  loss,
  data,
  optimizer: sgd,
  start,
  onRound({ round, hyperparameters: at, before, after }) {
    if (round % 8 !== 1) return;
    const rate = `rate ${at.learningRate.toExponential(1)}, momentum ${at.momentum.toFixed(2)}`;
    console.log(`round ${round}: ${rate}: loss ${before.toFixed(2)} to ${after.toFixed(2)} in 20 steps`);
  },
});
const tuned = await trained(sgd(hyperparameters));
const untuned = await trained(sgd(start));

console.log(`after ${path.length} rounds: rate ${hyperparameters.learningRate.toFixed(3)}`);
console.log(
  `loss of the second epoch: ${untuned.toFixed(2)} before, ${tuned.toFixed(2)} tuned, ${cycled.toFixed(2)} cycled`,
);
if (!(tuned < 0.25 * untuned)) throw new Error("tune should have found a rate that trains");
if (!(cycled < 0.25 * untuned)) throw new Error("the range test should have found rates that train");
