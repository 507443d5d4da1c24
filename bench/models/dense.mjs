// Networks of dense layers.
import { constantLeaf, labelLeaf, oneHotLeaf, randomLeaf } from "../data.mjs";

const [items, inputs, hidden, classes] = [64, 784, 128, 10];

/** Classifier of digits: 784-128-10. @type {import("../training.mjs").Model} */
export const digitsMlp = {
  name: "mlp-784-128-10",
  title: `a network ${inputs}-${hidden}-${classes}, relu, cross-entropy, batch ${items}`,
  parameters: () => ({
    weight1: randomLeaf(1, [inputs, hidden], 1 / Math.sqrt(inputs)),
    bias1: constantLeaf([hidden], 0),
    weight2: randomLeaf(2, [hidden, classes], 1 / Math.sqrt(hidden)),
    bias2: constantLeaf([classes], 0),
  }),
  batch: (library) => ({
    x: randomLeaf(3, [items, inputs], 1),
    labels: library === "downhill" ? labelLeaf(items, classes) : oneHotLeaf(items, classes),
  }),
  losses: {
    downhill:
      ({ add, matmul, relu, softmaxCrossEntropy }) =>
      (p, { x, labels }) => {
        const h = relu(add(matmul(x, p.weight1), p.bias1));
        return softmaxCrossEntropy(add(matmul(h, p.weight2), p.bias2), labels);
      },
    "jax-js":
      ({ nn, numpy: np }) =>
      (p, { x, labels }) => {
        const h = nn.relu(np.matmul(x, p.weight1).add(p.bias1));
        const scores = nn.logSoftmax(np.matmul(h, p.weight2).add(p.bias2));
        return labels
          .mul(scores)
          .sum()
          .mul(-1 / items);
      },
    tfjs:
      (tf) =>
      (p, { x, labels }) => {
        const h = x.matMul(p.weight1).add(p.bias1).relu();
        return tf.losses.softmaxCrossEntropy(labels, h.matMul(p.weight2).add(p.bias2));
      },
  },
};

const [points, width] = [32, 64];

/** A small network for a curve: 2-64-64-1. @type {import("../training.mjs").Model} */
export const smallMlp = {
  name: "mlp-2-64-64-1",
  title: `a network 2-${width}-${width}-1, tanh, squared error, batch ${points}`,
  parameters: () => ({
    weight1: randomLeaf(4, [2, width], 1 / Math.sqrt(2)),
    bias1: constantLeaf([width], 0),
    weight2: randomLeaf(5, [width, width], 1 / Math.sqrt(width)),
    bias2: constantLeaf([width], 0),
    weight3: randomLeaf(6, [width, 1], 1 / Math.sqrt(width)),
    bias3: constantLeaf([1], 0),
  }),
  batch: () => ({ x: randomLeaf(7, [points, 2], 1), y: randomLeaf(8, [points, 1], 1) }),
  losses: {
    downhill:
      ({ add, matmul, meanSquaredError, tanh }) =>
      (p, { x, y }) => {
        const h1 = tanh(add(matmul(x, p.weight1), p.bias1));
        const h2 = tanh(add(matmul(h1, p.weight2), p.bias2));
        return meanSquaredError(add(matmul(h2, p.weight3), p.bias3), y);
      },
    "jax-js":
      ({ numpy: np }) =>
      (p, { x, y }) => {
        const h1 = np.tanh(np.matmul(x, p.weight1).add(p.bias1));
        const h2 = np.tanh(np.matmul(h1, p.weight2).add(p.bias2));
        return np.mean(np.square(np.matmul(h2, p.weight3).add(p.bias3).sub(y)));
      },
    tfjs:
      () =>
      (p, { x, y }) => {
        const h1 = x.matMul(p.weight1).add(p.bias1).tanh();
        const h2 = h1.matMul(p.weight2).add(p.bias2).tanh();
        return h2.matMul(p.weight3).add(p.bias3).sub(y).square().mean();
      },
  },
};
