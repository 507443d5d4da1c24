// A small residual network with batch normalisation. The running means and variances, which are not trained, are the
// `modelState` of fit.
import { mean, relu } from "downhill";
import { dataset, digits, stratifiedSplit, takeRows } from "downhill/data";
import {
  accuracy,
  batchNorm,
  batchStatisticsInit,
  convolution,
  convolutionInit,
  dense,
  denseInit,
  scaleInit,
  softmaxCrossEntropy,
} from "downhill/nn";
import { adamw, cosineDecay } from "downhill/optim";
import { key, split } from "downhill/random";
import { fit } from "downhill/train";

function blockInit(k, from, to) {
  const [first, second, shortcut] = split(k, 3);
  return {
    first: convolutionInit(first, from, to, [3, 3]),
    firstNorm: scaleInit(to),
    second: convolutionInit(second, to, to, [3, 3]),
    secondNorm: scaleInit(to),
    shortcut: convolutionInit(shortcut, from, to, [1, 1]),
  };
}

const statisticsOf = (channels) => ({
  first: batchStatisticsInit(channels),
  second: batchStatisticsInit(channels),
});

/** Two convolutions with a skip connection. Returns the statistics updated with this batch. */
function block(p, x, statistics, { training, stride }) {
  const padding = "same";
  const [a, first] = batchNorm(p.firstNorm, convolution(p.first, x, { padding, stride }), statistics.first, {
    training,
  });
  const inner = convolution(p.second, relu(a), { padding });
  const [b, second] = batchNorm(p.secondNorm, inner, statistics.second, { training });
  return [relu(b.add(convolution(p.shortcut, x, { stride }))), { first, second }];
}

const { images, labels, count, height, width } = digits();
const { train, test } = stratifiedSplit({ labels, testFraction: 0.25, seed: 0 });
const all = { x: { data: images, shape: [count, 1, height, width], dtype: "float32" }, y: labels };

const [epochs, batch] = [4, 64];
const steps = epochs * Math.ceil(train.length / batch);
const [stem, narrow, wide, head] = split(key(0), 4);
const { history } = await fit({
  params: {
    stem: convolutionInit(stem, 1, 8, [3, 3]),
    narrow: blockInit(narrow, 8, 8),
    wide: blockInit(wide, 8, 16),
    head: denseInit(head, 16, 10),
  },
  modelState: { narrow: statisticsOf(8), wide: statisticsOf(16) },
  loss: (p, { x, y }, { training, modelState }) => {
    const h = relu(convolution(p.stem, x, { padding: "same" }));
    const [a, seenNarrow] = block(p.narrow, h, modelState.narrow, { training, stride: 1 });
    const [b, seenWide] = block(p.wide, a, modelState.wide, { training, stride: 2 });
    const logits = dense(p.head, mean(b, { axis: [2, 3] }));
    return {
      loss: softmaxCrossEntropy(logits, y),
      metrics: { accuracy: accuracy(logits, y) },
      modelState: { narrow: seenNarrow, wide: seenWide },
    };
  },
  data: dataset(takeRows(all, train)).shuffle({ seed: 0 }).batch(batch),
  validation: dataset(takeRows(all, test)).batch("full"),
  optimizer: adamw({ learningRate: cosineDecay({ from: 0.01, steps }) }),
  epochs,
});
for (const { epoch, loss, metrics, validation } of history) {
  const [seen, unseen] = [metrics.accuracy, validation.metrics.accuracy].map(
    (a) => `${(100 * a).toFixed(1)} %`,
  );
  console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, right ${seen}, of digits held out ${unseen}`);
}
if (history.at(-1).validation.metrics.accuracy < 0.9) throw new Error("the network has not learned");
