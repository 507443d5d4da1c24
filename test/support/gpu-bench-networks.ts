// The networks of the bench and a GPT, for comparisons of devices at sizes with tiles, long sums and many rows.
import * as dh from "../../src/index.ts";
import * as nn from "../../src/numeric/nn/index.ts";
import { adamw, chain, clipByGlobalNorm, sgd } from "../../src/numeric/optim/index.ts";
import { key, normal } from "../../src/numeric/random/index.ts";
// @ts-expect-error -- plain JavaScript of the bench
import { lenet } from "../../bench/models/lenet.mjs";
// @ts-expect-error -- plain JavaScript of the bench
import { digitsMlp, smallMlp } from "../../bench/models/dense.mjs";
// @ts-expect-error -- plain JavaScript of the bench
import { lstm } from "../../bench/models/lstm.mjs";
// @ts-expect-error -- plain JavaScript of the bench
import { transformer } from "../../bench/models/transformer.mjs";
import type { NetworkCase } from "./gpu-networks.ts";

/** A network of the bench, for any library. */
interface BenchModel {
  readonly parameters: () => unknown;
  readonly batch: (library: "downhill") => unknown;
  readonly losses: { readonly downhill: (library: object) => (params: unknown, batch: unknown) => dh.Tensor };
}

/** Data of the bench with an array in place of each leaf. */
function asTensors(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(asTensors);
  if (data instanceof Object && "shape" in data && "values" in data)
    return dh.tensor(data.values as Float32Array, { shape: data.shape as number[] });
  const entries = Object.entries(data as object).map(([name, part]) => [name, asTensors(part)]);
  return Object.fromEntries(entries);
}

function caseOf(model: unknown): NetworkCase {
  const { parameters, batch, losses } = model as BenchModel;
  const data = asTensors(batch("downhill"));
  const loss = losses.downhill({ ...dh, ...nn });
  return {
    params: () => asTensors(parameters()) as ReturnType<NetworkCase["params"]>,
    loss: (params) => loss(params, data),
    optimizer: sgd({ learningRate: 0.1 }),
  };
}

const [items, length, features, heads, vocabulary, blocks] = [2, 16, 32, 4, 27, 2];
const f32 = { dtype: "float32" } as const;
const draw = (seed: number, ...shape: number[]): dh.Tensor => normal(key(seed), shape, f32).mul(0.2);
const layer = (seed: number, from: number, to: number): nn.DenseParams => ({
  weight: draw(seed, from, to),
  bias: draw(seed + 1, to),
});
const norm = (seed: number): { weight: dh.Tensor; bias: dh.Tensor } => ({
  weight: draw(seed, features).add(1),
  bias: draw(seed + 1, features),
});
const block = (seed: number) => ({
  norm1: norm(seed),
  attention: {
    query: layer(seed + 2, features, features),
    key: layer(seed + 4, features, features),
    value: layer(seed + 6, features, features),
    output: layer(seed + 8, features, features),
  },
  norm2: norm(seed + 10),
  up: layer(seed + 12, features, 4 * features),
  down: layer(seed + 14, 4 * features, features),
});
const gptParams = () => ({
  words: draw(1, vocabulary, features),
  positions: draw(2, length, features),
  blocks: Array.from({ length: blocks }, (_, i) => block(100 * (i + 1))),
  last: norm(3),
});
const text = dh.tensor(
  Array.from({ length: items * (length + 1) }, (_, i) => (i * i * 5 + i) % vocabulary),
  { dtype: "int32", shape: [items, length + 1] },
);

function gptLoss(p: ReturnType<typeof gptParams>): dh.Tensor {
  let x = dh.take(p.words, dh.slice(text, null, [0, length])).add(p.positions);
  for (const { norm1, attention, norm2, up, down } of p.blocks) {
    x = x.add(nn.multiHeadAttention(attention, nn.layerNorm(norm1, x), { heads, causal: true }));
    x = x.add(nn.dense(down, nn.gelu(nn.dense(up, nn.layerNorm(norm2, x)))));
  }
  const logits = dh.matmul(nn.layerNorm(p.last, x), dh.transpose(p.words)); // the embedding again
  const next = dh.slice(text, null, [1, length + 1]).reshape([items * length]);
  return nn.softmaxCrossEntropy(logits.reshape([items * length, vocabulary]), next);
}

/** The networks by name. */
export const benchNetworks: Readonly<Record<string, NetworkCase>> = {
  "network 784-128-10 of the bench": caseOf(digitsMlp),
  "network 2-64-64-1 of the bench": caseOf(smallMlp),
  "LeNet of the bench": caseOf(lenet),
  "LSTM of the bench, through a scan": caseOf(lstm),
  "transformer block of the bench": caseOf(transformer),
  "GPT of two blocks with tied embeddings": {
    params: gptParams as never,
    loss: gptLoss as never,
    optimizer: chain(clipByGlobalNorm(1), adamw({ learningRate: 0.003 })) as never,
  },
};
