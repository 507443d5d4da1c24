// An LSTM over sequences with a dense layer on its last state. downhill's steps are a `scan`. The other libraries have
// no compiled loop, so their steps are unrolled.
import { constantLeaf, labelLeaf, oneHotLeaf, randomLeaf } from "../data.mjs";

const [items, steps, inputs, hidden, classes] = [16, 32, 64, 64, 10];
const scale = 1 / Math.sqrt(hidden);

/** @type {import("../training.mjs").Model} */
export const lstm = {
  name: "lstm",
  title: `an LSTM of ${hidden} numbers on sequences of ${steps} steps of ${inputs} numbers, batch ${items}`,
  parameters: () => ({
    cell: {
      input: randomLeaf(21, [inputs, 4 * hidden], scale),
      hidden: randomLeaf(22, [hidden, 4 * hidden], scale),
      bias: constantLeaf([4 * hidden], 0),
    },
    head: { weight: randomLeaf(23, [hidden, classes], scale), bias: constantLeaf([classes], 0) },
  }),
  batch: (library) => ({
    x: randomLeaf(24, [steps, items, inputs], 1),
    labels: library === "downhill" ? labelLeaf(items, classes) : oneHotLeaf(items, classes),
  }),
  losses: {
    downhill:
      ({ dense, lstmCell, scan, softmaxCrossEntropy, zeros }) =>
      (p, { x, labels }) => {
        const zero = zeros([items, hidden], { dtype: "float32" });
        const [end] = scan((state, input) => [lstmCell(p.cell, input, state), null], { h: zero, c: zero }, x);
        return softmaxCrossEntropy(dense(p.head, end.h), labels);
      },
    "jax-js":
      ({ nn, numpy: np }) =>
      (p, { x, labels }) => {
        // The part of the gates that does not depend on the state, for all steps at once.
        const ahead = np
          .matmul(x.reshape([steps * items, inputs]), p.cell.input)
          .add(p.cell.bias)
          .reshape([steps, items, 4 * hidden]);
        let [h, c] = [np.zeros([items, hidden]), np.zeros([items, hidden])];
        for (const gates of np.split(ahead, steps, 0)) {
          const sum = gates.reshape([items, 4 * hidden]).add(np.matmul(h, p.cell.hidden.ref));
          const [i, f, g, o] = np.split(sum, 4, 1);
          c = nn
            .sigmoid(f)
            .mul(c)
            .add(nn.sigmoid(i).mul(np.tanh(g)));
          h = nn.sigmoid(o).mul(np.tanh(c.ref));
        }
        c.dispose();
        p.cell.hidden.dispose();
        const scores = nn.logSoftmax(np.matmul(h, p.head.weight).add(p.head.bias));
        return labels
          .mul(scores)
          .sum()
          .mul(-1 / items);
      },
    tfjs:
      (tf) =>
      (p, { x, labels }) => {
        const ahead = x
          .reshape([steps * items, inputs])
          .matMul(p.cell.input)
          .add(p.cell.bias)
          .reshape([steps, items, 4 * hidden]);
        let [h, c] = [tf.zeros([items, hidden]), tf.zeros([items, hidden])];
        for (const gates of tf.unstack(ahead)) {
          const [i, f, g, o] = tf.split(gates.add(h.matMul(p.cell.hidden)), 4, 1);
          c = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
          h = o.sigmoid().mul(c.tanh());
        }
        return tf.losses.softmaxCrossEntropy(labels, h.matMul(p.head.weight).add(p.head.bias));
      },
  },
};
