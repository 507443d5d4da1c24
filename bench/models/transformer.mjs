// One block of a transformer: causal attention of several heads and a feed-forward part, each after a layer norm.
import { constantLeaf, randomLeaf } from "../data.mjs";

const [items, length, features, heads, wide] = [8, 64, 64, 4, 256];
const depth = features / heads;

const layer = (seed, inputs, outputs) => ({
  weight: randomLeaf(seed, [inputs, outputs], 1 / Math.sqrt(inputs)),
  bias: constantLeaf([outputs], 0),
});
const norm = () => ({ weight: constantLeaf([features], 1), bias: constantLeaf([features], 0) });

/** @type {import("../training.mjs").Model} */
export const transformer = {
  name: "transformer",
  title: `a transformer block of ${features} features and ${heads} heads, feed-forward ${wide}, sequences of ${length}, batch ${items}`,
  parameters: () => ({
    norm1: norm(),
    attention: {
      query: layer(31, features, features),
      key: layer(32, features, features),
      value: layer(33, features, features),
      output: layer(34, features, features),
    },
    norm2: norm(),
    up: layer(35, features, wide),
    down: layer(36, wide, features),
  }),
  batch: () => ({
    x: randomLeaf(37, [items, length, features], 1),
    target: randomLeaf(38, [items, length, features], 1),
  }),
  losses: {
    downhill:
      ({ add, dense, gelu, layerNorm, meanSquaredError, multiHeadAttention }) =>
      (p, { x, target }) => {
        const seen = multiHeadAttention(p.attention, layerNorm(p.norm1, x), { heads, causal: true });
        const y = add(x, seen);
        return meanSquaredError(add(y, dense(p.down, gelu(dense(p.up, layerNorm(p.norm2, y))))), target);
      },
    "jax-js": ({ nn, numpy: np }) => {
      const dense = ({ weight, bias }, x) => np.matmul(x, weight).add(bias);
      const layerNorm = ({ weight, bias }, x) =>
        nn.standardize(x, -1, { epsilon: 1e-5 }).mul(weight).add(bias);
      return (p, { x, target }) => {
        // Rows of all sequences in one matrix: one product instead of a batch of them.
        const rows = x.reshape([items * length, features]);
        const z = layerNorm(p.norm1, rows.ref);
        const apart = (t) => t.reshape([items, length, heads, depth]);
        const seen = nn.dotProductAttention(
          apart(dense(p.attention.query, z.ref)),
          apart(dense(p.attention.key, z.ref)),
          apart(dense(p.attention.value, z)),
          { isCausal: true },
        );
        const y = rows.add(dense(p.attention.output, seen.reshape([items * length, features])));
        const up = nn.gelu(dense(p.up, layerNorm(p.norm2, y.ref)), { approximate: false });
        const out = y.add(dense(p.down, up));
        return np.mean(np.square(out.sub(target.reshape([items * length, features]))));
      };
    },
    tfjs: (tf) => {
      const hidden = tf.linalg
        .bandPart(tf.ones([length, length]), -1, 0)
        .sub(1)
        .mul(1e9);
      const dense = ({ weight, bias }, x) => x.matMul(weight).add(bias);
      const layerNorm = ({ weight, bias }, x) => {
        const { mean, variance } = tf.moments(x, -1, true);
        return x.sub(mean).div(variance.add(1e-5).sqrt()).mul(weight).add(bias);
      };
      const gelu = (x) => x.mul(0.5).mul(x.mul(Math.SQRT1_2).erf().add(1));
      const apart = (x) => x.reshape([items, length, heads, depth]).transpose([0, 2, 1, 3]);
      return (p, { x, target }) => {
        const rows = x.reshape([items * length, features]);
        const z = layerNorm(p.norm1, rows);
        const [q, k, v] = [p.attention.query, p.attention.key, p.attention.value].map((one) =>
          apart(dense(one, z)),
        );
        const scores = tf.matMul(q, k, false, true).div(Math.sqrt(depth)).add(hidden);
        const seen = tf
          .matMul(tf.softmax(scores), v)
          .transpose([0, 2, 1, 3])
          .reshape([items * length, features]);
        const y = rows.add(dense(p.attention.output, seen));
        const out = y.add(dense(p.down, gelu(dense(p.up, layerNorm(p.norm2, y)))));
        return out
          .sub(target.reshape([items * length, features]))
          .square()
          .mean();
      };
    },
  },
};
