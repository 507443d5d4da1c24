// Layers and losses that the other files of PyTorch reference values (test/testdata/golden) do not cover: adaptive
// pools, resizing, and losses with a margin. Also single functions of PyTorch for which we need several.
import type { Tensor } from "downhill";
import * as d from "downhill";
import { matrixPower } from "downhill/linalg";
import * as nn from "downhill/nn";
import type { Args, Op } from "./support/golden.ts";
import { checkFile } from "./support/golden.ts";

const reductionOf = ({ reduction = "mean" }: Args): { readonly reduction: "mean" | "sum" | "none" } => ({
  reduction: reduction as "mean",
});
const reduced = (losses: Tensor, args: Args): Tensor => {
  const { reduction } = reductionOf(args);
  return reduction === "none" ? losses : losses[reduction]();
};
const withMargin = (args: Args): nn.MarginOptions => ({
  ...reductionOf(args),
  ...(typeof args["margin"] === "number" ? { margin: args["margin"] } : {}),
});

const adaptive =
  (f: (x: Tensor, sizes: nn.AdaptiveSizes) => Tensor): Op =>
  ([x], args) =>
    f(x!, args["output_size"] as nn.AdaptiveSizes);

/** The two spatial sizes, which PyTorch takes as one number or two. */
const pair = (size: unknown, otherwise = 1): [number, number] =>
  Array.isArray(size) ? (size as [number, number]) : [size ?? otherwise, size ?? otherwise] as [number, number]; // prettier-ignore

/**
 * Windows of images [items, channels, height, width] as columns [items, channels · window, positions], by a convolution
 * with one-hot kernels.
 */
function windows(x: Tensor, args: Args): Tensor {
  const [height, width] = pair(args["kernel_size"]);
  const [channels, area] = [x.shape[1]!, height * width];
  const ones = d.tile(d.eye(area).reshape([area, 1, height, width]), [channels, 1, 1, 1]);
  const columns = d.conv(x, ones, {
    groups: channels,
    stride: pair(args["stride"]),
    padding: pair(args["padding"], 0),
    dilation: pair(args["dilation"]),
  });
  return columns.reshape([x.shape[0]!, channels * area, -1]);
}

const resized: Op = ([x], args) => {
  const mode = args["mode"] as string;
  const space = x!.shape.slice(2);
  const size = args["size"] as number | number[] | undefined;
  const sizes = size ?? space.map((n) => n * (args["scale_factor"] as number));
  const method = mode === "nearest" ? "nearest" : mode === "bicubic" ? "cubic" : "linear";
  return nn.resize(x!, sizes, { method, alignCorners: args["align_corners"] === true });
};

/** Negative log-likelihood of labels, weighted. */
const likelihood: Op = ([x, y], args, named) => {
  const own = d.takeAlongAxis(x!, d.expandDims(y!, 1), { axis: 1 });
  const weight = named("weight");
  const losses = d.squeeze(own, { axis: 1 }).neg();
  return reduced(weight === undefined ? losses : losses.mul(d.take(weight, y!)), args);
};

/** Multi-label margin loss: the score of each label before the first −1 must exceed all other scores by 1. */
const labelsAbove: Op = ([x, y], args) => {
  const n = x!.shape[1]!;
  const isLabel = d.cummin(d.greaterEqual(y!, 0).astype("int32"), { axis: 1 });
  const places = d.where(isLabel.equal(1), y!, n); // out of the hot axis
  const isOne = d.any(d.equal(d.expandDims(places, 2), d.arange(n)), { axis: 1 });
  const above = d.sub(
    d.takeAlongAxis(x!, d.maximum(y!, 0), { axis: 1 }).at(null, null, "new"),
    x!.at(null, "new"),
  );
  const counts = d.logicalAnd(isLabel.equal(1).at(null, null, "new"), d.logicalNot(isOne).at(null, "new"));
  const losses = d.where(counts, nn.relu(d.sub(1, above)), 0);
  return reduced(losses.sum([1, 2]).div(n), args);
};

const layers: Readonly<Record<string, Op>> = {
  "nn.functional.max_pool2d_with_indices": ([x], args) =>
    nn.maxPoolWithPlaces(x!, args["kernel_size"] as number),
  "nn.functional.adaptive_avg_pool1d": adaptive(nn.adaptiveAvgPool),
  "nn.functional.adaptive_avg_pool2d": adaptive(nn.adaptiveAvgPool),
  "nn.functional.adaptive_max_pool1d": adaptive(nn.adaptiveMaxPool),
  "nn.functional.adaptive_max_pool2d": adaptive(nn.adaptiveMaxPool),
  "nn.functional.lp_pool2d": ([x], args) =>
    d.sqrt(d.avgPool(d.square(x!), args["kernel_size"] as number).mul((args["kernel_size"] as number) ** 2)),
  "nn.functional.max_unpool2d": ([x, places], args) => {
    const space = x!.shape.slice(2).map((n) => n * (args["kernel_size"] as number));
    const image = d.zeros([space[0]! * space[1]!]);
    return d.setAt(image, d.ravel(x!), d.ravel(places!)).reshape([1, 1, ...space]);
  },
  "nn.functional.unfold": ([x], args) => windows(x!, args),
  "nn.functional.fold": ([columns], args) => {
    const [height, width] = pair(args["output_size"]);
    const [kernelHeight, kernelWidth] = pair(args["kernel_size"]);
    const channels = columns!.shape[1]! / (kernelHeight * kernelWidth);
    const shape = [columns!.shape[0]!, channels, height, width];
    const [image] = d.vjp((x: Tensor) => windows(x, args), d.zeros(shape))[1](columns!);
    return image;
  },
  "nn.functional.interpolate": resized,
  "nn.functional.pixel_shuffle": ([x], args) => {
    const r = args["upscale_factor"] as number;
    const [items, channels, height, width] = x!.shape as [number, number, number, number];
    const apart = x!.reshape([items, channels / r ** 2, r, r, height, width]);
    return apart.transpose([0, 1, 4, 2, 5, 3]).reshape([items, channels / r ** 2, height * r, width * r]);
  },
  "nn.functional.pixel_unshuffle": ([x], args) => {
    const r = args["downscale_factor"] as number;
    const [items, channels, height, width] = x!.shape as [number, number, number, number];
    const apart = x!.reshape([items, channels, height / r, r, width / r, r]);
    return apart.transpose([0, 1, 3, 5, 2, 4]).reshape([items, channels * r ** 2, height / r, width / r]);
  },
  "nn.functional.channel_shuffle": ([x], args) => {
    const groups = args["groups"] as number;
    const [items, channels, ...space] = x!.shape as [number, number, ...number[]];
    const apart = x!.reshape([items, groups, channels / groups, ...space]);
    return d.swapaxes(apart, 1, 2).reshape(x!.shape);
  },
  "nn.functional.local_response_norm": ([x], args) => {
    const { size, alpha, beta, k } = args as Readonly<Record<string, number>>;
    const half = Math.floor(size! / 2);
    const squares = d.pad(d.square(x!), [[0, 0], [half, size! - 1 - half], [0, 0]]); // prettier-ignore
    const channels = x!.shape[1]!;
    const sums = Array.from({ length: size! }, (_, i) => squares.at(null, { start: i, end: i + channels }));
    const mean = sums.reduce((a, b) => a.add(b)).div(size!);
    return x!.div(mean.mul(alpha!).add(k!).pow(beta!));
  },
  "nn.functional.multi_head_attention_forward": ([query, key, value, w, b, ow, ob], args) => {
    const [features, heads] = [args["embed_dim"], args["num_heads"]] as [number, number];
    const apart = (x: Tensor, i: number): Tensor => {
      const rows = { start: i * features, end: (i + 1) * features };
      const projected = nn.dense({ weight: w!.at(rows).transpose(), bias: b!.at(rows) }, x);
      return projected.reshape([...x.shape.slice(0, 2), heads, features / heads]).transpose([0, 2, 1, 3]);
    };
    const [q, k, v] = [apart(query!, 0), apart(key!, 1), apart(value!, 2)];
    const seen = nn.dotProductAttention(q, k, v).transpose([0, 2, 1, 3]).reshape(query!.shape);
    const scores = d.matmul(q, d.matrixTranspose(k)).div(Math.sqrt(features / heads));
    return [nn.dense({ weight: ow!.transpose(), bias: ob! }, seen), d.softmax(scores).mean(1)];
  },
  mode: ([x], { dim }) => {
    const axis = dim as number;
    const counts = d
      .equal(d.expandDims(x!, axis), d.expandDims(x!, axis + 1))
      .astype("float64")
      .sum(axis);
    const most = counts.equal(counts.max(axis, { keepdims: true }));
    const place = d.argmin(d.where(most, x!, Infinity), { axis });
    return [d.squeeze(d.takeAlongAxis(x!, d.expandDims(place, axis), { axis }), { axis }), place];
  },
  "special.erfcx": ([x]) => d.exp(d.square(x!)).mul(d.erfc(x!)),
  "nn.functional.hardsigmoid": ([x]) => nn.hardSigmoid(x!),
  "linalg.matrix_power": ([x], { n }) => matrixPower(x!, n as number),
  "nn.functional.nll_loss": likelihood,
  "nn.functional.margin_ranking_loss": ([a, b, y], args) =>
    nn.marginRankingLoss(a!, b!, y!, withMargin(args)),
  "nn.functional.multi_margin_loss": ([x, y], args) => nn.multiMarginLoss(x!, y!, withMargin(args)),
  "nn.functional.multilabel_margin_loss": labelsAbove,
  "nn.functional.multilabel_soft_margin_loss": ([x, y], args) =>
    reduced(nn.sigmoidCrossEntropy(x!, y!, { reduction: "none" }).mean(1), args),
  "nn.functional.cosine_embedding_loss": ([a, b, y], args) =>
    nn.cosineEmbeddingLoss(a!, b!, y!, withMargin(args)),
  "nn.functional.triplet_margin_loss": ([a, p, n], args) =>
    nn.tripletLoss(a!, p!, n!, {
      ...withMargin(args),
      power: args["p"] === 1 ? 1 : 2,
      swap: args["swap"] === true,
      epsilon: 1e-6, // PyTorch's default
    }),
  "nn.functional.hinge_embedding_loss": ([x, y], args) => nn.hingeEmbeddingLoss(x!, y!, withMargin(args)),
  "nn.functional.poisson_nll_loss": ([x, y], args) => {
    // of rates, with Stirling's approximation of log y!, where y is above 1
    const stirling = y!
      .mul(d.log(y!))
      .sub(y!)
      .add(d.log(y!.mul(2 * Math.PI)).mul(0.5));
    const losses = x!.sub(y!.mul(d.log(x!.add(1e-8))));
    return reduced(losses.add(d.where(d.greater(y!, 1), stirling, 0)), args);
  },
  "nn.functional.binary_cross_entropy": ([p, y], args, named) => {
    const losses = d
      .xlogy(y!, p!)
      .add(d.xlog1py(d.sub(1, y!), p!.neg()))
      .neg();
    const weight = named("weight");
    return reduced(weight === undefined ? losses : losses.mul(weight), args);
  },
  "nn.functional.binary_cross_entropy_with_logits": ([x, y], args, named) => {
    const options = { positiveWeight: named("pos_weight")!, reduction: "none" } as const;
    return reduced(nn.sigmoidCrossEntropy(x!, y!, options).mul(named("weight")!), args);
  },
  "nn.functional.ctc_loss": ([x, labels, lengths, labelLengths]) =>
    nn.ctcLoss(x!.transpose([1, 0, 2]), labels!, {
      lengths: lengths!,
      labelLengths: labelLengths!,
      reduction: "none",
    }),
};

checkFile("layers", layers, {
  "nn.functional.hardsigmoid": 1e-7, // PyTorch's slope is that of float32, 0.16666667163
});
