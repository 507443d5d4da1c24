// The four objectives of ADBench (Šrajer, Kukelova and Fitzgibbon, 2018), written over tensors. Values and Jacobians of
// its test cases agree with hand-derived derivatives within 1e-11.
import { readdirSync, readFileSync } from "node:fs";
import { broadcastTo, concatenate, expandDims, hvp, tensor } from "downhill";
import { ravel } from "downhill/tree";
import * as ba from "./adbench/ba.mjs";
import * as gmm from "./adbench/gmm.mjs";
import { handOf } from "./adbench/hand.mjs";
import * as lstm from "./adbench/lstm.mjs";

const folder = new URL("../test/testdata/adbench/", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
const rows = (list, ...shape) => tensor(list).reshape(shape);

/** ADBench's measure of a difference, the largest over all numbers. */
function difference(found, expected) {
  const [x, y] = [found.data(), expected.flat(Infinity)];
  if (x.length !== y.length) throw new Error(`${x.length} numbers, where ${y.length} are expected`);
  return y.reduce(
    (most, yi, i) => Math.max(most, Math.abs(x[i] - yi) / Math.max(1, Math.abs(x[i]) + Math.abs(yi))),
    0,
  );
}

function mixture(name) {
  const { k, d, n, gamma, m, alphas, means, icf, x, expected } = read(name);
  const p = { alphas: tensor(alphas), means: rows(means, k, d), icf: rows(icf, k, -1) };
  const args = [rows(x, n, d), { gamma, m }];
  const [value, gradient] = gmm.derivative(p, ...args);
  const pairs = [
    [value, [expected.value]],
    [ravel(gradient)[0], expected.gradient],
  ];
  if (expected.hvp !== undefined) {
    const [flat, unravel] = ravel(p);
    const direction = unravel(flat.data().map((_, i) => (((7 * i) % 11) - 5) / 10));
    const [along] = ravel(hvp((q) => gmm.logDensity(q, ...args), p, direction));
    pairs.push([along, expected.hvp]);
  }
  return pairs;
}

/** Cameras, points, weights and features of all observations; a file may hold one of each for all. */
function observations(data) {
  const { p, cam, X, w, feat, cams, obs, feats } = data;
  if (data.replicated === true)
    return [cam, X, w, feat].map((one) => broadcastTo(one, [p, ...tensor(one).shape]));
  const [camera, point] = [0, 1].map((column) => obs.filter((_, i) => i % 2 === column));
  return [rows(cams, -1, 11).at(camera), rows(X, -1, 3).at(point), tensor(w), rows(feats, p, 2)];
}

function bundle(name) {
  const data = read(name);
  const observed = observations(data);
  const [reprojections, weightErrors] = ba.residuals(...observed);
  const [inCamera, inPoint, inWeight, ofWeight] = ba.derivative(...observed);
  const blocks = concatenate([inCamera, inPoint, expandDims(inWeight, -1)], { axis: 2 });
  const {
    reproj_err: errors,
    w_err: ofWeights,
    J_block: block,
    J_blocks = block,
    J_w: slope,
  } = data.expected;
  const all = (one) => (data.replicated === true ? Array.from({ length: data.p }, () => one) : one);
  return [
    [reprojections, all(errors)],
    [weightErrors, all(ofWeights)],
    [blocks, all(J_blocks)],
    [ofWeight, all(slope)],
  ];
}

function fingers(name) {
  const { theta, us, complicated, correspondences, points, expected } = read(name);
  const model = read("hand-model_small");
  const weights = model.weights_sparse.map((list) => {
    const row = model.parents.map(() => 0);
    for (const [bone, weight] of list) row[bone] = weight;
    return row;
  });
  const matrices = (list) => rows(list.flat(), -1, 4, 4);
  const hand = handOf({
    parents: model.parents,
    relatives: matrices(model.base_relatives),
    inverses: matrices(model.inverse_base_absolutes),
    vertices: tensor(model.base_positions),
    weights: tensor(weights),
  });
  const corners = correspondences.map((i) => (complicated ? model.triangles[i] : [i]));
  const args = [theta, ...(complicated ? [us] : []), tensor(corners, { dtype: "int32" }), points];
  const [errors, jacobian] = complicated
    ? [hand.complicated(...args.map((x) => tensor(x))), hand.complicatedDerivative(...args)]
    : [hand.simple(...args.map((x) => tensor(x))), hand.simpleDerivative(...args)];
  return [
    [errors, expected.err],
    [jacobian, expected.J_rows],
  ];
}

function characters(name) {
  const { l, b, c, main_params: main, extra_params: extra, state, sequence, expected } = read(name);
  const p = { main: rows(main, l, 8, b), extra: rows(extra, 3, b) };
  const [value, gradient] = lstm.derivative(p, rows(state, l, 2, b), rows(sequence, c, b));
  return [
    [value, [expected.value]],
    [ravel([gradient.main, gradient.extra])[0], expected.gradient],
  ];
}

const objectives = { gmm: mixture, ba: bundle, hand: fingers, lstm: characters };
const cases = readdirSync(folder)
  .filter((file) => file.endsWith(".json") && file !== "hand-model_small.json")
  .map((file) => file.slice(0, -".json".length));
for (const name of cases) {
  const compared = objectives[name.split("-")[0]](name);
  const off = Math.max(...compared.map(([found, expected]) => difference(found, expected)));
  const numbers = compared.reduce((sum, [found]) => sum + found.data().length, 0);
  console.log(
    `${name.padEnd(36)} ${String(numbers).padStart(7)} numbers, off by at most ${off.toExponential(1)}`,
  );
  if (!(off < 1e-11)) throw new Error(`${name} is off by ${off}`);
}
