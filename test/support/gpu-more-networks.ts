// More networks for comparisons of devices: normalisation, masks, hard routing, transposed convolutions, derivatives in a loss.
import {
  arange,
  argmax,
  conv,
  convTranspose,
  equal,
  exp,
  greaterEqual,
  jvp,
  less,
  logicalAnd,
  logsumexp,
  matmul,
  onesLike,
  relu,
  softmax,
  take,
  tanh,
  tensor,
  type Tensor,
  transpose,
  where,
} from "../../src/index.ts";
import {
  batchNorm,
  batchStatisticsInit,
  bidirectional,
  dropout,
  layerNorm,
  lstm,
  lstmInit,
  type RecurrentParams,
  softmaxCrossEntropy,
} from "../../src/numeric/nn/index.ts";
import { adam, adamw, cosineDecay, lion, rmsprop, sgd } from "../../src/numeric/optim/index.ts";
import { key, normal } from "../../src/numeric/random/index.ts";
import type { NetworkCase } from "./gpu-networks.ts";

const f32 = { dtype: "float32" } as const;
const i32 = { dtype: "int32" } as const;
const draw = (seed: number, ...shape: number[]): Tensor => normal(key(seed), shape, f32).mul(0.4);
const labels = (n: number, classes: number): Tensor =>
  tensor(
    Array.from({ length: n }, (_, i) => (i * 7 + (i >> 2)) % classes),
    i32,
  );
const meanSquare = (x: Tensor): Tensor => x.mul(x).mean();
const optimizerOf = (given: unknown): NetworkCase["optimizer"] => given as NetworkCase["optimizer"];
const scaled = (n: number): Tensor => draw(n, n).add(1);

const rows = draw(1, 24, 6);
const words = tensor(
  Array.from({ length: 18 }, (_, i) => (i * 5) % 11),
  i32,
).reshape([3, 6]);
const positions = arange(0, 6, 1, i32);
/** A position may read earlier ones; the last two of the second sequence are padding. */
const mayRead = logicalAnd(
  greaterEqual(positions.reshape([6, 1]), positions),
  less(positions, tensor([6, 4, 6], i32).reshape([3, 1, 1])),
);
const images = draw(2, 2, 1, 8, 8);
const sequence = draw(3, 5, 3, 4);
const grid = arange(0, 12, 1, f32).mul(0.15).sub(0.9);

/** The networks by name. */
export const moreNetworks: Readonly<Record<string, NetworkCase>> = {
  "residual network with batch normalisation": {
    params: () => ({ first: draw(10, 6, 8), second: draw(11, 8, 8), third: draw(12, 8, 3), weight: scaled(8), bias: draw(13, 8) }), // prettier-ignore
    loss({ first, second, third, weight, bias }) {
      const scale = { weight: weight!, bias: bias! };
      const norm = (x: Tensor): Tensor =>
        batchNorm(scale, x, batchStatisticsInit(8, f32), { training: true })[0];
      let h = relu(norm(matmul(rows, first!)));
      for (let i = 0; i < 2; i++) h = h.add(relu(norm(matmul(h, second!))));
      return softmaxCrossEntropy(matmul(h, third!), labels(24, 3));
    },
    optimizer: optimizerOf(sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true })),
  },
  "attention with a causal mask and padding": {
    params: () => ({ embedding: draw(20, 11, 8), qkv: draw(21, 8, 24), out: draw(22, 8, 8), weight: scaled(8), bias: draw(23, 8) }), // prettier-ignore
    loss({ embedding, qkv, out, weight, bias }) {
      const x = take(embedding!, words);
      const all = matmul(layerNorm({ weight: weight!, bias: bias! }, x), qkv!).reshape([3, 6, 3, 2, 4]);
      const [q, k, v] = [0, 1, 2].map((i) => transpose(take(all, i, { axis: 2 }), [0, 2, 1, 3]));
      const scores = matmul(q!, transpose(k!, [0, 1, 3, 2])).mul(0.5);
      const weights = softmax(where(mayRead.reshape([3, 1, 6, 6]), scores, -1e9));
      const heads = transpose(matmul(weights, v!), [0, 2, 1, 3]).reshape([3, 6, 8]);
      const logits = matmul(x.add(matmul(heads, out!)), transpose(embedding!));
      return softmaxCrossEntropy(logits.reshape([18, 11]), labels(18, 11));
    },
    optimizer: optimizerOf(
      adamw({ learningRate: cosineDecay({ from: 0.02, steps: 20 }), weightDecay: 0.01 }),
    ),
  },
  "mixture of experts with hard routing": {
    params: () => ({ gate: draw(30, 6, 3), one: draw(31, 6, 4), two: draw(32, 6, 4), three: draw(33, 6, 4) }),
    loss({ gate, ...experts }) {
      const scores = matmul(rows, gate!);
      const best = argmax(scores, { axis: 1 }).reshape([24, 1]);
      let y = matmul(rows, experts["one"]!).mul(0);
      Object.values(experts).forEach((w, i) => {
        y = where(equal(best, i), tanh(matmul(rows, w)), y);
      });
      const confidence = exp(scores.max(1).sub(logsumexp(scores, { axis: 1 })));
      return softmaxCrossEntropy(y.mul(confidence.reshape([24, 1])), labels(24, 4));
    },
    optimizer: optimizerOf(lion({ learningRate: 0.003 })),
  },
  "autoencoder with transposed convolutions": {
    params: () => ({ down: draw(40, 4, 1, 3, 3), mean: draw(41, 64, 5), spread: draw(42, 64, 5), up: draw(43, 5, 64), back: draw(44, 4, 1, 2, 2) }), // prettier-ignore
    loss({ down, mean, spread, up, back }) {
      const code = relu(conv(images, down!, { stride: 2, padding: 1 })).reshape([2, 64]);
      const [mu, logVariance] = [matmul(code, mean!), matmul(code, spread!)];
      const z = mu.add(exp(logVariance.mul(0.5)).mul(draw(45, 2, 5)));
      const wide = relu(matmul(z, up!)).reshape([2, 4, 4, 4]);
      const image = convTranspose(wide, back!, { stride: 2 });
      const divergence = exp(logVariance).add(mu.mul(mu)).sub(logVariance).sub(1).sum(1).mul(0.5);
      return meanSquare(image.sub(images)).add(divergence.mean().mul(0.01));
    },
    optimizer: optimizerOf(rmsprop({ learningRate: 0.005 })),
  },
  "LSTM that reads both ways, with dropout": {
    params: () => ({ ...prefixed("forward", lstmInit(key(50), 4, 3, f32)), ...prefixed("backward", lstmInit(key(51), 4, 3, f32)), head: draw(52, 6, 3) }), // prettier-ignore
    loss({ head, ...rest }) {
      const directions = { forward: withPrefix("forward", rest), backward: withPrefix("backward", rest) };
      const { outputs } = bidirectional(lstm, directions, sequence, {
        lengths: tensor([3, 2, 3, 1, 2], i32),
      });
      const kept = dropout(key(53), outputs, { rate: 0.25, training: true });
      return softmaxCrossEntropy(matmul(kept, head!).reshape([15, 3]), labels(15, 3));
    },
    optimizer: optimizerOf(adam({ learningRate: 0.02 })),
  },
  "differential equation as a loss": {
    params: () => ({ first: draw(60, 1, 8), bias: draw(61, 8), second: draw(62, 8, 1) }),
    loss({ first, bias, second }) {
      const u = (x: Tensor): Tensor =>
        matmul(tanh(matmul(x.reshape([12, 1]), first!).add(bias!)), second!).reshape([12]);
      const slope = (x: Tensor): Tensor => jvp(u, [x], [onesLike(x)])[1];
      const curvature = jvp(slope, [grid], [onesLike(grid)])[1];
      return meanSquare(curvature.add(u(grid))).add(meanSquare(u(grid).sub(1)));
    },
    optimizer: optimizerOf(adam({ learningRate: 0.01 })),
  },
};

/** Parameters of a layer under names with a prefix. */
function prefixed(prefix: string, { input, hidden, bias }: RecurrentParams): Record<string, Tensor> {
  return { [`${prefix} input`]: input, [`${prefix} hidden`]: hidden, [`${prefix} bias`]: bias };
}

function withPrefix(prefix: string, params: Readonly<Record<string, Tensor>>): RecurrentParams {
  const of = (name: string): Tensor => params[`${prefix} ${name}`]!;
  return { input: of("input"), hidden: of("hidden"), bias: of("bias") };
}
