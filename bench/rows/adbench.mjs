// The objectives of ADBench over tensors, from examples/adbench: their Jacobians compared with hand-written gradients,
// and the cost of a Jacobian relative to its objective.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as byHand from "./adbench-by-hand.mjs";

export const group = "ADBench over tensors: Jacobians, and their time over that of the objective";

const folder = new URL("../../test/testdata/adbench/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));

/** Splits a list into rows of `n` numbers. */
const rowsOf = (list, n) => Array.from({ length: list.length / n }, (_, i) => list.slice(i * n, (i + 1) * n));

/** All numbers of a result of tensors or lists, depth first. */
function numbersIn(value) {
  if (typeof value === "number") return [value];
  if (typeof value.data === "function") return [...value.data()];
  return Object.values(value).flatMap(numbersIn);
}

/** A result condensed to three numbers. */
function digest(result) {
  const all = numbersIn(result);
  const squares = all.reduce((sum, x) => sum + x * x, 0);
  return [all.length, all.reduce((sum, x, i) => sum + x * (1 + (i % 7)), 0), Math.sqrt(squares)];
}

/** A hand in the example's format. */
function handModel({ tensor }) {
  const model = read("hand-model_small");
  const weights = model.weights_sparse.map((list) => {
    const row = model.parents.map(() => 0);
    for (const [bone, weight] of list) row[bone] = weight;
    return row;
  });
  return {
    parents: model.parents,
    relatives: tensor(model.base_relatives).reshape([-1, 4, 4]),
    inverses: tensor(model.inverse_base_absolutes).reshape([-1, 4, 4]),
    vertices: tensor(model.base_positions),
    weights: tensor(weights),
    triangles: model.triangles,
  };
}

/**
 * The objectives at sizes of ADBench. `over` takes the example and a build, and returns the objective, its derivative
 * and their arguments. `hand` is the hand-written derivative. The `gradient` of a derivative's result is compared.
 */
const subjects = [
  {
    name: "gmm",
    title: "a mixture of 25 Gaussians, 1,000 points of 10 coordinates",
    over({ logDensity, derivative }, { tensor }) {
      const { d, k, n, gamma, m, alphas, means, icf, x } = read("gmm-1k_d10_K25");
      const rows = (list, ...shape) => tensor(list).reshape(shape);
      const p = { alphas: tensor(alphas), means: rows(means, k, d), icf: rows(icf, k, -1) };
      return { objective: logDensity, derivative, args: [p, rows(x, n, d), { gamma, m }] };
    },
    hand() {
      const { d, gamma, m, alphas, means, icf, x } = read("gmm-1k_d10_K25");
      const p = { alphas, means: rowsOf(means, d), icf: rowsOf(icf, (d * (d + 1)) / 2) };
      const prior = { gamma, m, constant: 0 }; // the constant does not affect the gradient
      return () => byHand.gmm(p, rowsOf(x, d), prior);
    },
    gradient: ([, grads]) => grads,
  },
  {
    name: "ba",
    title: "31,843 observations of bundle adjustment",
    over({ residuals, derivative }, { tensor, broadcastTo }) {
      const { p, cam, X, w, feat } = read("ba-ba1_n49_m7776_p31843");
      const args = [cam, X, w, feat].map((one) => broadcastTo(one, [p, ...tensor(one).shape]));
      return { objective: residuals, derivative, args };
    },
    gradient: (blocks) => blocks,
  },
  {
    name: "hand",
    title: "a hand and 100 points on its vertices",
    over({ handOf }, dh) {
      const { theta, correspondences, points } = read("hand-simple_small_c100");
      const { simple, simpleDerivative } = handOf(handModel(dh));
      const corners = dh.tensor(rowsOf(correspondences, 1), { dtype: "int32" });
      const args = [dh.tensor(theta), corners, dh.tensor(points)];
      return { objective: simple, derivative: simpleDerivative, args };
    },
    gradient: (jacobian) => jacobian,
  },
  {
    name: "lstm",
    title: "an LSTM of 2 layers, 1,024 characters of 14 bits",
    over({ loss, derivative }, { tensor }) {
      const { l, b, c, main_params, extra_params, state, sequence } = read("lstm-l2_c1024");
      const p = { main: tensor(main_params).reshape([l, 8, b]), extra: tensor(extra_params).reshape([3, b]) };
      const args = [p, tensor(state).reshape([l, 2, b]), tensor(sequence).reshape([c, b])];
      return { objective: loss, derivative, args };
    },
    hand() {
      const { b, main_params, extra_params, state, sequence } = read("lstm-l2_c1024");
      const args = [main_params, extra_params, state, sequence].map((list) => rowsOf(list, b));
      return () => byHand.lstm(...args);
    },
    gradient: ([, grads]) => grads,
  },
];

/**
 * Compiles an objective of a build, and its derivative. The example imports the package by name, so it belongs to the
 * build.
 */
async function load({ name, over }, dh, { dist }) {
  const file = join(dist, `../examples/adbench/${name}.mjs`);
  if (!existsSync(file)) throw new Error(`this build has no example ${name}`);
  const { objective, derivative, args } = over(await import(pathToFileURL(file).href), dh);
  const compiled = dh.jit(objective);
  return { value: () => compiled(...args), jacobian: () => derivative(...args) };
}

const noObjectives = { "jax-js": "the examples are downhill's", tfjs: "the examples are downhill's" };
const settings = { threads: [1], tolerance: 1e-9, lacks: noObjectives };

const times = subjects.map((subject) => ({
  name: `adbench-${subject.name}`,
  title: `the Jacobian of ${subject.title}`,
  unit: "us",
  kind: "speed",
  ...settings,
  programs: {
    async downhill(dh, context) {
      const { jacobian } = await load(subject, dh, context);
      return { step: jacobian, check: () => digest(subject.gradient(jacobian())) };
    },
    ...(subject.hand && {
      javascript() {
        const step = subject.hand();
        return { step, check: () => digest(subject.gradient(step())) };
      },
    }),
  },
}));

const costs = subjects.map((subject) => ({
  name: `adbench-cost-${subject.name}`,
  title: subject.title,
  unit: "x",
  kind: "ratio",
  ...settings,
  programs: {
    async downhill(dh, context) {
      const { value, jacobian } = await load(subject, dh, context);
      return { step: jacobian, base: value, check: () => digest(subject.gradient(jacobian())) };
    },
  },
}));

export const rows = [...times, ...costs];
