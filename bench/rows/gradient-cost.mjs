import { gradientDigest, randomLeaf } from "../data.mjs";
import { digitsMlp } from "../models/dense.mjs";
import { lenet } from "../models/lenet.mjs";
import { lstm } from "../models/lstm.mjs";
import { transformer } from "../models/transformer.mjs";
import { lossAndGradients, programsFor } from "../training.mjs";
import { pendulumGradientByHand, pendulumOf } from "./loops.mjs";
import { rosenbrockOf, rosenbrockOfJax, rosenbrockOfTfjs } from "./small.mjs";

export const group =
  "What a gradient costs: its time over that of its function, both compiled where a library compiles";

const [items, features] = [1000, 30];

/** Functions other than networks, in the form of models: parameters, a batch, and a loss in each library. */
const functions = [
  {
    name: "rosenbrock-1000",
    title: "Rosenbrock's function of 1,000 variables",
    parameters: () => ({ x: randomLeaf(61, [1000], 1) }),
    batch: () => ({}),
    losses: {
      downhill: (dh) => (p) => rosenbrockOf(dh)(p.x),
      "jax-js": (jax) => (p) => rosenbrockOfJax(jax)(p.x),
      tfjs: (tf) => (p) => rosenbrockOfTfjs(tf)(p.x),
    },
  },
  {
    name: "logistic-regression",
    title: `logistic regression, ${items.toLocaleString("en")} items of ${features} features`,
    parameters: () => ({ weight: randomLeaf(62, [features, 1], 1), bias: randomLeaf(63, [1], 1) }),
    batch: () => ({
      x: randomLeaf(64, [items, features], 1),
      y: {
        shape: [items, 1],
        values: randomLeaf(65, [items], 1).values.map((value) => (value > 0 ? 1 : 0)),
      },
    }),
    losses: {
      downhill:
        ({ add, matmul, mean, mul, softplus, sub }) =>
        (p, { x, y }) => {
          const z = add(matmul(x, p.weight), p.bias);
          return mean(sub(softplus(z), mul(y, z)));
        },
      "jax-js":
        ({ nn, numpy: np }) =>
        (p, { x, y }) => {
          const z = np.matmul(x, p.weight).add(p.bias);
          return np.mean(nn.softplus(z.ref).sub(y.mul(z)));
        },
      tfjs:
        () =>
        (p, { x, y }) => {
          const z = x.matMul(p.weight).add(p.bias);
          return z.softplus().sub(y.mul(z)).mean();
        },
    },
  },
  {
    name: "logsumexp",
    title: "log-sum-exp of 100,000 numbers",
    parameters: () => ({ x: randomLeaf(66, [100_000], 1) }),
    batch: () => ({}),
    losses: {
      downhill: (dh) => (p) => dh.logsumexp(p.x),
      "jax-js": (jax) => (p) => jax.nn.logsumexp(p.x),
      tfjs: () => (p) => p.x.logSumExp(),
    },
  },
  {
    name: "softplus-sum",
    title: "sum of softplus of 1,000,000 numbers",
    parameters: () => ({ x: randomLeaf(67, [1_000_000], 1) }),
    batch: () => ({}),
    losses: {
      downhill:
        ({ softplus, sum }) =>
        (p) =>
          sum(softplus(p.x)),
      "jax-js": (jax) => (p) => jax.nn.softplus(p.x).sum(),
      tfjs: () => (p) => p.x.softplus().sum(),
    },
  },
  {
    name: "matrix-chain",
    title: "mean square of a chain of five products 128x128",
    parameters: () =>
      Object.fromEntries(
        [0, 1, 2, 3, 4, 5].map((i) => [`m${i}`, randomLeaf(70 + i, [128, 128], 1 / Math.sqrt(128))]),
      ),
    batch: () => ({}),
    losses: {
      downhill:
        ({ matmul, mean, square }) =>
        (p) =>
          mean(square(Object.values(p).reduce((a, b) => matmul(a, b)))),
      "jax-js":
        ({ numpy: np }) =>
        (p) =>
          np.mean(np.square(Object.values(p).reduce((a, b) => np.matmul(a, b)))),
      tfjs: () => (p) =>
        Object.values(p)
          .reduce((a, b) => a.matMul(b))
          .square()
          .mean(),
    },
  },
];

const costRow = (name, title, rest) => ({
  name: `gradient-cost-${name}`,
  title,
  unit: "x",
  kind: "ratio",
  threads: [1],
  ...rest,
});

/** Row of a model: the gradient with respect to all its parameters. */
const ofModel = (model) =>
  costRow(model.name, model.title, {
    tolerance: 1e-3,
    lacks: model.lacks,
    programs: programsFor(model, (name) => (library) => {
      const { value, gradients, read, free } = lossAndGradients[name](library, model);
      const check = async () => [value(), ...gradientDigest(read(await gradients()))];
      const step = free === undefined ? gradients : freeing(gradients, free);
      return { step, base: value, check };
    }),
  });

/** Wraps a gradient: awaits a promise, and frees memory that the library does not free automatically. */
const freeing = (gradients, free) => () => {
  const result = gradients();
  if (!(result instanceof Promise)) return free(result);
  return result.then(free);
};

const pendulum = costRow("pendulum-1000", "1,000 steps of a damped pendulum by a loop, float64", {
  tolerance: 1e-9,
  lacks: { "jax-js": "no loop that compiles", tfjs: "no loop that compiles" },
  programs: {
    downhill: (dh) => {
      const f = pendulumOf(dh, 1000);
      const [value, gradient] = [dh.jit(f), dh.jit(dh.grad(f, { argnums: [0, 1] }))];
      const byHand = pendulumGradientByHand(1, 0, 1000);
      // The comparison is made here, because the row has no other entrant.
      const check = () => {
        const found = gradient(1, 0).map((d) => d.item());
        if (found.some((d, i) => Math.abs(d - byHand[i]) > 1e-9 * Math.abs(byHand[i])))
          throw new Error(`the derivatives are ${found.join()}, not ${byHand.join()}`);
        return found;
      };
      return { step: () => gradient(1, 0), base: () => value(1, 0), check };
    },
  },
});

export const rows = [
  ...functions.map(ofModel),
  ofModel(digitsMlp),
  ofModel(lenet),
  pendulum,
  ofModel(lstm),
  ofModel(transformer),
];
