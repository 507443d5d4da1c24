// Values and derivatives of what networks are made of against reference values made with PyTorch 2.6 and 2.13
// (test/testdata/golden).
import type { PerAxis, Tensor } from "downhill";
import * as d from "downhill";
import type { Args, Op } from "./support/golden.ts";
import { checkFile } from "./support/golden.ts";

/** The options that PyTorch's names stand for. */
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

/** PyTorch takes single images too. */
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
