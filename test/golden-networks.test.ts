// Values and derivatives of network layers against reference values made with PyTorch 2.6 and 2.13
// (test/testdata/golden).
import type { PerAxis, Tensor } from "downhill";
import * as d from "downhill";
import * as nn from "downhill/nn";
import type { Args, Op } from "./support/golden.ts";
import { checkFile } from "./support/golden.ts";

/** Renames PyTorch's options to ours. */
const named = (args: Args, names: Readonly<Record<string, string>>): Record<string, never> =>
  Object.fromEntries(
    Object.entries(args).flatMap(([name, value]) =>
      names[name] === undefined ? [] : [[names[name], value]],
    ),
  ) as Record<string, never>;
const window = {
  stride: "stride",
  padding: "padding",
  dilation: "dilation",
  groups: "groups",
  output_padding: "outputPadding",
  ceil_mode: "ceilMode",
  count_include_pad: "countIncludePad",
  divisor_override: "divisor",
};

/** Adds a batch axis, because PyTorch accepts single images too. */
const withBias =
  (rank: number, f: (x: Tensor, w: Tensor, options: Record<string, never>) => Tensor): Op =>
  ([x, w, b], args) => {
    const single = x!.ndim === rank + 1;
    const out = f(single ? d.expandDims(x!, 0) : x!, w!, named(args, window));
    const shifted = b === undefined ? out : out.add(b.reshape([-1, ...new Array<number>(rank).fill(1)]));
    return single ? shifted.at(0) : shifted;
  };
const pooled =
  (f: (x: Tensor, size: PerAxis, options: Record<string, never>) => Tensor): Op =>
  ([x], args) =>
    f(x!, args["kernel_size"] as PerAxis, named(args, window));

const convolution: Readonly<Record<string, Op>> = {
  "nn.functional.conv1d": withBias(1, d.conv),
  "nn.functional.conv2d": withBias(2, d.conv),
  "nn.functional.conv3d": withBias(3, d.conv),
  "nn.functional.conv_transpose1d": withBias(1, d.convTranspose),
  "nn.functional.conv_transpose2d": withBias(2, d.convTranspose),
  "nn.functional.conv_transpose3d": withBias(3, d.convTranspose),
  "nn.functional.max_pool1d": pooled(d.maxPool),
  "nn.functional.max_pool2d": pooled(d.maxPool),
  "nn.functional.max_pool3d": pooled(d.maxPool),
  "nn.functional.avg_pool1d": pooled(d.avgPool),
  "nn.functional.avg_pool2d": pooled(d.avgPool),
  "nn.functional.avg_pool3d": pooled(d.avgPool),
};

checkFile("convolution", convolution);

/** Converts a dense layer. PyTorch stores its weights as [outputs, inputs]. */
const dense = (weight: Tensor, bias: Tensor): nn.DenseParams => ({ weight: weight.transpose(), bias });
const affine = (x: Tensor, weight: Tensor, bias: Tensor | undefined): nn.ScaleParams => ({
  weight: weight ?? d.ones([x.shape[1]!]),
  bias: bias ?? d.zeros([x.shape[1]!]),
});
const epsilonOf = ({ eps }: Args, otherwise = 1e-5): { epsilon: number } => ({
  epsilon: typeof eps === "number" ? eps : otherwise,
});
const activation =
  (f: (x: Tensor) => Tensor): Op =>
  ([x]) =>
    f(x!);

/** Loops over time, the second axis of a batch-first array, optionally backwards. */
function overTime<S>(
  step: (state: S, x: Tensor) => { readonly state: S; readonly y: Tensor },
  start: S,
  x: Tensor,
  reverse: boolean,
): { readonly last: S; readonly ys: Tensor } {
  const [last, ys] = d.scan(
    (state: S, item: Tensor) => {
      const next = step(state, item);
      return [next.state, next.y] as const;
    },
    start as never,
    x.transpose([1, 0, 2]),
    { reverse },
  );
  return { last: last, ys: ys.transpose([1, 0, 2]) };
}

/** Parameters of the cell of one direction, from PyTorch's weights and biases. */
const cell = ([wi, wh, bi, bh]: readonly Tensor[]): nn.RecurrentParams => ({
  input: wi!.transpose(),
  hidden: wh!.transpose(),
  bias: bi!.add(bh!),
});
const simpleCell =
  (f: (x: Tensor) => Tensor): Op =>
  ([x, h, ...weights]) =>
    nn.rnnCell(cell(weights), x!, h!, { activation: f });

const gruParams = ([wi, wh, bi, bh]: readonly Tensor[]): nn.GruParams => {
  const n = wh!.shape[1]!;
  // PyTorch has two biases; of the second one only the last third is separate here
  const shared = d.concatenate([bh!.slice(0, 2 * n), d.zeros([n])]);
  return {
    input: wi!.transpose(),
    hidden: wh!.transpose(),
    bias: bi!.add(shared),
    hiddenBias: bh!.slice(2 * n),
  };
};

const attentionParams = ([w, b, ow, ob]: readonly Tensor[], features: number): nn.MultiHeadParams => {
  const layer = (i: number): nn.DenseParams =>
    dense(w!.slice(i * features, (i + 1) * features), b!.slice(i * features, (i + 1) * features));
  return { query: layer(0), key: layer(1), value: layer(2), output: dense(ow!, ob!) };
};

const networks: Readonly<Record<string, Op>> = {
  "nn.functional.selu": activation(nn.selu),
  "nn.functional.hardswish": activation(nn.hardSwish),
  "nn.functional.layer_norm": ([x, w, b], args) =>
    nn.layerNorm({ weight: w!, bias: b! }, x!, epsilonOf(args)),
  "nn.functional.rms_norm": ([x, w], args) =>
    nn.rmsNorm({ weight: w ?? d.ones([x!.shape.at(-1)!]) }, x!, epsilonOf(args, 2 ** -52)),
  "nn.functional.batch_norm": ([x, mean, variance, w, b], args) => {
    const options = { training: args["training"] === true, ...epsilonOf(args) };
    return nn.batchNorm(affine(x!, w!, b), x!, { mean: mean!, variance: variance! }, options)[0];
  },
  "nn.functional.group_norm": ([x, w, b], args) =>
    nn.groupNorm(affine(x!, w!, b), x!, args["num_groups"] as number, epsilonOf(args)),
  "nn.functional.instance_norm": ([x, w, b], args) =>
    nn.groupNorm(affine(x!, w!, b), x!, x!.shape[1]!, epsilonOf(args)),
  "nn.functional.scaled_dot_product_attention": ([q, k, v], { is_causal }, namedInput) => {
    const mask = namedInput("attn_mask");
    return nn.dotProductAttention(q!, k!, v!, {
      causal: is_causal === true,
      ...(mask === undefined ? {} : { mask }),
    });
  },
  "nn.TransformerEncoderLayer": ([x, ...all], args) => {
    const [features, heads] = [args["d_model"], args["nhead"]] as [number, number];
    const [w1, b1, w2, b2, nw1, nb1, nw2, nb2] = all.slice(4);
    const seen = nn.multiHeadAttention(attentionParams(all, features), x!, { heads });
    const middle = nn.layerNorm({ weight: nw1!, bias: nb1! }, x!.add(seen));
    const fed = nn.dense(dense(w2!, b2!), nn.gelu(nn.dense(dense(w1!, b1!), middle)));
    return nn.layerNorm({ weight: nw2!, bias: nb2! }, middle.add(fed));
  },
  rnn_tanh_cell: simpleCell(d.tanh),
  rnn_relu_cell: simpleCell(nn.relu),
  "nn.RNN": ([x, h0, ...weights]) => {
    const runs = [false, true].slice(0, h0!.shape[0]).map((reverse, i) => {
      const params = cell(weights.slice(4 * i));
      const step = (h: Tensor, item: Tensor): { state: Tensor; y: Tensor } => {
        const next = nn.rnnCell(params, item, h);
        return { state: next, y: next };
      };
      return overTime(step, h0!.at(i), x!, reverse);
    });
    return [
      d.concatenate(
        runs.map(({ ys }) => ys),
        { axis: 2 },
      ),
      d.stack(runs.map(({ last }) => last)),
    ];
  },
  "nn.LSTM": ([x, h0, c0, ...weights]) => {
    const runs = [false, true].slice(0, h0!.shape[0]).map((reverse, i) => {
      const params = cell(weights.slice(4 * i));
      const step = (state: nn.LstmState, item: Tensor): { state: nn.LstmState; y: Tensor } => {
        const next = nn.lstmCell(params, item, state);
        return { state: next, y: next.h };
      };
      return overTime(step, { h: h0!.at(i), c: c0!.at(i) }, x!, reverse);
    });
    return [
      d.concatenate(
        runs.map(({ ys }) => ys),
        { axis: 2 },
      ),
      d.stack(runs.map(({ last }) => last.h)),
      d.stack(runs.map(({ last }) => last.c)),
    ];
  },
  "nn.GRU": ([x, h0, ...weights]) => {
    const lasts: Tensor[] = [];
    const ys = [0, 1].reduce((input, layer) => {
      const params = gruParams(weights.slice(4 * layer));
      const step = (h: Tensor, item: Tensor): { state: Tensor; y: Tensor } => {
        const next = nn.gruCell(params, item, h);
        return { state: next, y: next };
      };
      const run = overTime(step, h0!.at(layer), input, false);
      lasts.push(run.last);
      return run.ys;
    }, x!);
    return [ys, d.stack(lasts)];
  },
};

checkFile("networks", networks);

/** Crops the input to the length of the index, because PyTorch ignores the rest. */
const cutTo = (x: Tensor, index: Tensor, dim: number): Tensor => {
  const axis = dim < 0 ? dim + x.ndim : dim;
  return d.slice(x, ...x.shape.map((n, i): d.Range => [0, i === axis ? n : index.shape[i]!]));
};
const places: Readonly<Record<string, Op>> = {
  gather: ([x, index], { dim }) => {
    const axis = dim as number;
    return d.takeAlongAxis(cutTo(x!, index!, axis), index!, { axis });
  },
  take_along_dim: ([x, index], { dim }) => d.takeAlongAxis(x!, index!, { axis: dim as number }),
  scatter_add: ([x, index, src], { dim }) => {
    const axis = dim as number;
    const part = cutTo(x!, index!, axis);
    const added = d.scatterAddAlongAxis(part, index!, src!, { axis }).sub(part);
    return x!.add(
      d.pad(
        added,
        x!.shape.map((n, i) => [0, n - added.shape[i]!] as const),
      ),
    );
  },
  "nn.functional.embedding": ([i, w]) => nn.embedding(w!, i!),
  sort: ([x], { descending }) => {
    const options = { descending: descending === true };
    return [d.sort(x!, options), d.argsort(x!, options)];
  },
  msort: ([x]) => d.sort(x!, { axis: 0 }),
  topk: ([x], { k, largest }) => d.topK(x!, k as number, { smallest: largest === false }),
};

checkFile("gather", places);

const reductionOf = ({ reduction = "mean" }: Args): { readonly reduction: "mean" | "sum" | "none" } => ({
  reduction: reduction as "mean",
});
const loss =
  (f: (x: Tensor, y: Tensor, options: nn.LossOptions) => Tensor): Op =>
  ([x, y], args) =>
    f(x!, y!, reductionOf(args));
/** Moves the classes from axis 1, where PyTorch has them, to the last axis. */
const classesLast = (x: Tensor): Tensor =>
  x.ndim < 3 ? x : x.transpose([0, ...Array.from({ length: x.ndim - 2 }, (_, i) => i + 2), 1]);

const losses: Readonly<Record<string, Op>> = {
  "nn.functional.mse_loss": loss(nn.meanSquaredError),
  "nn.functional.l1_loss": loss(nn.meanAbsoluteError),
  "nn.functional.huber_loss": loss(nn.huberLoss),
  "nn.functional.smooth_l1_loss": ([x, y], args) => {
    const delta = (args["beta"] as number | undefined) ?? 1;
    return nn.huberLoss(x!, y!, { delta, ...reductionOf(args) }).div(delta);
  },
  "nn.functional.binary_cross_entropy_with_logits": loss(nn.sigmoidCrossEntropy),
  "nn.functional.soft_margin_loss": ([x, y], args) =>
    nn.sigmoidCrossEntropy(x!, y!.add(1).div(2), reductionOf(args)), // targets are −1 and 1 there
  "nn.functional.cross_entropy": ([x, y], args, namedInput) => {
    const weight = namedInput("weight");
    return nn.softmaxCrossEntropy(classesLast(x!), y!, {
      ignore: (args["ignore_index"] as number | undefined) ?? -100,
      labelSmoothing: (args["label_smoothing"] as number | undefined) ?? 0,
      ...(weight === undefined ? {} : { classWeights: weight }),
      ...reductionOf(args),
    });
  },
  "nn.functional.kl_div": ([x, y], args) => {
    const logTarget = args["log_target"] === true;
    const q = logTarget ? x! : d.logSoftmax(x!); // the cases with probabilities as targets take it inside
    if (args["reduction"] !== "batchmean") return nn.klDivergence(q, y!, { logTarget, ...reductionOf(args) });
    return nn.klDivergence(q, y!, { logTarget, reduction: "sum" }).div(x!.shape[0]!);
  },
  "nn.functional.poisson_nll_loss": loss(nn.poissonLoss),
  "nn.functional.gaussian_nll_loss": ([x, y, variance], args) =>
    nn.gaussianLoss(x!, variance!, y!, reductionOf(args)),
};

checkFile("losses", losses);
