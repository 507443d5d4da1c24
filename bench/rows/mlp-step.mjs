import { downhill, jaxJs, tfjs } from "../libraries.mjs";

const [batch, inputs, hidden, classes, learningRate] = [32, 64, 128, 10, 0.05];

// A fixed sequence in [-1, 1), so that everyone starts from the same network and sees the same data.
let state = 1;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
};
const matrix = (rows, columns, scale) =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.fround(next() * scale)));

const x = matrix(batch, inputs, 1);
const oneHot = Array.from({ length: batch }, (_, i) =>
  Array.from({ length: classes }, (__, j) => Number(j === i % classes)),
);
const start = {
  w1: matrix(inputs, hidden, 1 / Math.sqrt(inputs)),
  b1: Array.from({ length: hidden }, () => 0),
  w2: matrix(hidden, classes, 1 / Math.sqrt(hidden)),
  b2: Array.from({ length: classes }, () => 0),
};
const names = Object.keys(start);

const tensorflow = (backend) => ({
  contestant: `tfjs-${backend}`,
  mode: "eager",
  prepare: async () => {
    const { tf, enter } = await tfjs(backend);
    const p = Object.fromEntries(names.map((name) => [name, tf.variable(tf.tensor(start[name]))]));
    const [data, labels] = [tf.tensor(x), tf.tensor(oneHot)];
    const optimizer = tf.train.sgd(learningRate);
    const step = () => {
      const loss = optimizer.minimize(() => {
        const logits = data.matMul(p.w1).add(p.b1).relu().matMul(p.w2).add(p.b2);
        return tf.losses.softmaxCrossEntropy(labels, logits);
      }, true);
      const value = loss.dataSync()[0];
      loss.dispose();
      return value;
    };
    return { step, enter };
  },
});

export const row = {
  name: "mlp-step",
  title: `one step of SGD on a network ${inputs}-${hidden}-${classes}, batch ${batch}, float32, loss read back`,
  tolerance: 1e-4,
  entries: [
    ...["eager", "jit"].map((mode) => ({
      contestant: "downhill",
      mode,
      prepare: async () => {
        const {
          add,
          applyUpdates,
          jit,
          logSoftmax,
          matmul,
          mean,
          mul,
          neg,
          relu,
          sgd,
          sum,
          tensor,
          valueAndGrad,
        } = await downhill();
        const [data, labels] = [tensor(x, { dtype: "float32" }), tensor(oneHot, { dtype: "float32" })];
        const optimizer = sgd({ learningRate });
        const loss = (p) => {
          const logits = add(matmul(relu(add(matmul(data, p.w1), p.b1)), p.w2), p.b2);
          return neg(mean(sum(mul(labels, logSoftmax(logits)), { axis: 1 })));
        };
        const update = (p, s) => {
          const [value, grads] = valueAndGrad(loss)(p);
          const { updates, state: after } = optimizer.update(grads, s, p);
          return [value, applyUpdates(p, updates), after];
        };
        const f = mode === "jit" ? jit(update) : update;
        let p = Object.fromEntries(names.map((name) => [name, tensor(start[name], { dtype: "float32" })]));
        let s = optimizer.init(p);
        const step = () => {
          let value;
          [value, p, s] = f(p, s);
          return value.item();
        };
        return { step };
      },
    })),
    ...["eager", "jit"].map((mode) => ({
      contestant: "jax-js",
      mode,
      prepare: async () => {
        const { jit, nn, numpy: np, valueAndGrad } = await jaxJs();
        const loss = (p, data, labels) => {
          const logits = np.matmul(nn.relu(np.matmul(data, p.w1).add(p.b1)), p.w2).add(p.b2);
          return labels
            .mul(nn.logSoftmax(logits))
            .sum()
            .mul(-1 / batch);
        };
        const update = (p, data, labels) => {
          const before = Object.fromEntries(names.map((name) => [name, p[name].ref]));
          const [value, grads] = valueAndGrad(loss)(p, data, labels);
          const after = Object.fromEntries(
            names.map((name) => [name, before[name].sub(grads[name].mul(learningRate))]),
          );
          return [value, after];
        };
        const f = mode === "jit" ? jit(update) : update;
        const [data, labels] = [np.array(x), np.array(oneHot)];
        let p = Object.fromEntries(names.map((name) => [name, np.array(start[name])]));
        const step = () => {
          let value;
          [value, p] = f(p, data.ref, labels.ref);
          return value.js();
        };
        return { step };
      },
    })),
    tensorflow("cpu"),
    tensorflow("wasm"),
  ],
};
