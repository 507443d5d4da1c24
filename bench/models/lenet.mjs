// A small convolutional network for images of digits: two convolutions 5x5 with pooling, one dense layer.
import { constantLeaf, labelLeaf, oneHotLeaf, randomLeaf } from "../data.mjs";

const [items, size, window, classes] = [32, 28, 5, 10];
const [channels1, channels2] = [8, 16];
const last = 4; // 28 → 24 → 12 → 8 → 4

/** Converts `[outputs, inputs, height, width]` to `[height, width, inputs, outputs]`, TensorFlow.js's order. */
function windowsLast({ shape: [outputs, inputs, height, width], values }) {
  const out = new Float32Array(values.length);
  let from = 0;
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) out[((y * width + x) * inputs + i) * outputs + o] = values[from++];
  return { shape: [height, width, inputs, outputs], values: out };
}

/** Reorders the rows of a dense layer for images with the channels last. */
function rowsForChannelsLast({ shape, values }) {
  const out = new Float32Array(values.length);
  const columns = shape[1];
  for (let c = 0; c < channels2; c++)
    for (let place = 0; place < last * last; place++) {
      const row = values.subarray(
        (c * last * last + place) * columns,
        (c * last * last + place + 1) * columns,
      );
      out.set(row, (place * channels2 + c) * columns);
    }
  return { shape, values: out };
}

/** @type {import("../training.mjs").Model} */
export const lenet = {
  name: "lenet",
  title: `a network of two convolutions 5x5 (${channels1} and ${channels2} channels) with pooling on images ${size}x${size}, batch ${items}`,
  parameters: () => ({
    conv1: {
      weight: randomLeaf(11, [channels1, 1, window, window], 1 / window),
      bias: constantLeaf([channels1], 0),
    },
    conv2: {
      weight: randomLeaf(
        12,
        [channels2, channels1, window, window],
        1 / Math.sqrt(channels1 * window * window),
      ),
      bias: constantLeaf([channels2], 0),
    },
    dense: {
      weight: randomLeaf(13, [channels2 * last * last, classes], 1 / Math.sqrt(channels2 * last * last)),
      bias: constantLeaf([classes], 0),
    },
  }),
  batch: (library) => ({
    // With one channel, the channel order does not affect the numbers.
    x: randomLeaf(14, library === "tfjs" ? [items, size, size, 1] : [items, 1, size, size], 1),
    labels: library === "downhill" ? labelLeaf(items, classes) : oneHotLeaf(items, classes),
  }),
  forTfjs: ({ conv1, conv2, dense }) => ({
    conv1: { ...conv1, weight: windowsLast(conv1.weight) },
    conv2: { ...conv2, weight: windowsLast(conv2.weight) },
    dense: { ...dense, weight: rowsForChannelsLast(dense.weight) },
  }),
  losses: {
    downhill:
      ({ convolution, dense, maxPool, relu, reshape, softmaxCrossEntropy }) =>
      (p, { x, labels }) => {
        const h1 = maxPool(relu(convolution(p.conv1, x)), 2);
        const h2 = maxPool(relu(convolution(p.conv2, h1)), 2);
        return softmaxCrossEntropy(dense(p.dense, reshape(h2, [items, -1])), labels);
      },
    "jax-js": ({ lax, nn, numpy: np }) => {
      const convolve = (x, { weight, bias }) =>
        lax.conv(x, weight, [1, 1], "VALID").add(bias.reshape([1, -1, 1, 1]));
      const pool = (x) => {
        const [n, channels, height, width] = x.shape;
        return np.max(x.reshape([n, channels, height / 2, 2, width / 2, 2]), [3, 5]);
      };
      return (p, { x, labels }) => {
        const h1 = pool(nn.relu(convolve(x, p.conv1)));
        const h2 = pool(nn.relu(convolve(h1, p.conv2)));
        const logits = np.matmul(h2.reshape([items, -1]), p.dense.weight).add(p.dense.bias);
        return labels
          .mul(nn.logSoftmax(logits))
          .sum()
          .mul(-1 / items);
      };
    },
    tfjs:
      (tf) =>
      (p, { x, labels }) => {
        const h1 = tf.maxPool(
          tf.conv2d(x, p.conv1.weight, 1, "valid").add(p.conv1.bias).relu(),
          2,
          2,
          "valid",
        );
        const h2 = tf.maxPool(
          tf.conv2d(h1, p.conv2.weight, 1, "valid").add(p.conv2.bias).relu(),
          2,
          2,
          "valid",
        );
        const logits = h2.reshape([items, -1]).matMul(p.dense.weight).add(p.dense.bias);
        return tf.losses.softmaxCrossEntropy(labels, logits);
      },
  },
};
