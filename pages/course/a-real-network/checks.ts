// Checks of the chapter's puzzles.
import { grad, jit, log, type Tensor, tensor, valueAndGrad } from "downhill";
import { moons } from "downhill/data";
import { mlp, softmaxCrossEntropy } from "downhill/nn";
import { key } from "downhill/random";
import { check, expectAllNear, expectThat, f64, numberOf, type PuzzleChecks, short } from "../lab/judge.ts";

interface Layer {
  layerBack(W: readonly (readonly number[])[], x: readonly number[], ct: readonly number[]): unknown;
}

const weights = [
  [1, -2],
  [0.5, 3],
  [-1, 0.25],
];
const inputs = [2, -1, 0.5];
const arriving = [0.3, -4];

const layerCheck = (part: "W" | "b" | "x") =>
  check<Layer>(`the derivatives in ${part} equal the reverse mode of the library`, (mine) => {
    const f = (W: Tensor, b: Tensor, x: Tensor): Tensor => x.matmul(W).add(b).mul(f64(arriving)).sum();
    const argnum = ["W", "b", "x"].indexOf(part);
    const wanted = (
      grad(f, { argnums: [argnum] })(f64(weights), f64([0, 0]), f64(inputs)) as readonly Tensor[]
    )[0]!;
    const found = mine.layerBack(weights, inputs, arriving) as Readonly<Record<string, unknown>> | undefined;
    expectAllNear(found?.[part], Array.from(wanted.data() as Float64Array), part);
  });

interface Classifier {
  gradient(scores: readonly number[], right: number): unknown;
}

const scoreCheck = (scores: readonly number[], right: number) =>
  check<Classifier>(`scores [${scores.join(", ")}], right class ${right}`, (mine) => {
    const top = Math.max(...scores);
    const loss = (s: Tensor): Tensor => log(s.sub(top).exp().sum()).sub(s.sub(top).at(right));
    const wanted = grad(loss)(f64(scores)).tolist() as number[];
    expectAllNear(mine.gradient(scores, right), wanted, "The gradient");
  });

interface Train {
  train(lossAndGradient: (params: unknown) => unknown, params: unknown): unknown;
}

const net = /* @__PURE__ */ mlp([2, 12, 2]);

/** Two half moons, and the network that tells them apart. */
function moonsTask() {
  const points = moons({ n: 80, noise: 0.05, seed: 3 });
  const x = tensor(Float32Array.from(points.x.data), { shape: [80, 2] });
  const y = tensor(Int32Array.from(points.y.data));
  const loss = (params: ReturnType<typeof net.init>): Tensor => softmaxCrossEntropy(net.apply(params, x), y);
  return { params: net.init(key(1)), loss, step: jit(valueAndGrad(loss)) };
}

/** Checks by puzzle. */
export const checks: Readonly<Record<string, PuzzleChecks>> = {
  "relu-backward": {
    checks: [
      check<{ reluBack(xs: readonly number[], cts: readonly number[]): unknown }>(
        "positive and negative inputs",
        (mine) => expectAllNear(mine.reluBack([2, -1, 0.1, -0.1], [1, 2, 3, 4]), [1, 0, 3, 0], "The result"),
      ),
      check<{ reluBack(xs: readonly number[], cts: readonly number[]): unknown }>("an input of 0", (mine) =>
        expectAllNear(mine.reluBack([0, 5], [7, -7]), [0, -7], "The result"),
      ),
    ],
    mistakes: [
      "function reluBack(xs, cts) { return cts.map((ct) => Math.max(ct, 0)); }",
      "function reluBack(xs, cts) { return cts.map((ct, i) => (xs[i] >= 0 ? ct : 0)); }",
    ],
  },
  "layer-backward": {
    checks: [layerCheck("W"), layerCheck("b"), layerCheck("x")],
    mistakes: [
      "function layerBack(W, x, ct) { return { W: W.map((row, i) => row.map((w, j) => w * ct[j])), b: ct, x: W.map((row) => row.reduce((s, w, j) => s + w * ct[j], 0)) }; }",
    ],
  },
  "softmax-gradient": {
    checks: [scoreCheck([1, 2, 0.5], 1), scoreCheck([0, 0], 0), scoreCheck([1000, 990, -1000], 2)],
    mistakes: [
      "function gradient(scores, right) { const e = scores.map((s) => Math.exp(s)); const sum = e.reduce((a, b) => a + b, 0); return e.map((p, k) => p / sum - (k === right ? 1 : 0)); }",
    ],
  },
  "train-it": {
    checks: [
      check<Train>("the loss is below 0.1 after at most 300 gradients", (mine) => {
        const { params, loss, step } = moonsTask();
        let calls = 0;
        const trained = mine.train((at) => {
          calls += 1;
          if (calls > 300) throw new Error("lossAndGradient was called more than 300 times.");
          return step(at as typeof params);
        }, params);
        const end = numberOf(loss(trained as typeof params), "The loss");
        expectThat(end < 0.1, `The loss is ${short(end)} after ${calls} gradients.`);
      }),
      check<Train>("the training starts from the parameters that it gets", (mine) => {
        const { params, step } = moonsTask();
        let first: unknown;
        mine.train((at) => {
          first ??= at;
          return step(at as typeof params);
        }, params);
        expectThat(first === params, "The first gradient was computed at other parameters.");
      }),
    ],
    mistakes: [
      'import { applyUpdates, sgd } from "downhill/optim"; function train(lossAndGradient, params) { const { init, update } = sgd({ learningRate: 0.01 }); let state = init(params); for (let i = 0; i < 300; i++) { const step = update(lossAndGradient(params)[1], state, params); params = applyUpdates(params, step.updates); state = step.state; } return params; }',
    ],
  },
};
