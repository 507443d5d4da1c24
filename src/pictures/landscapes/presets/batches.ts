import { tensor } from "../../../numeric/array/create.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { digits } from "../../../training/data/index.ts";
import { dense, denseInit, type DenseParams, softmaxCrossEntropy } from "../../../numeric/nn/index.ts";
import { sgd } from "../../../numeric/optim/index.ts";
import { key } from "../../../numeric/random/index.ts";
import { showNumber } from "../../viz/show-number.ts";
import { type BatchRun, compareBatches } from "../batch-runs.ts";
import { type GradientVariance, gradientVariance, repeatItems } from "../gradient-variance.ts";
import type { PlotSeries } from "../study.ts";
import { definePreset, type Preset } from "./preset.ts";

/** Items with their class labels. */
interface LabelledItems {
  readonly x: Tensor;
  readonly y: Tensor;
}

function firstDigits(count: number): LabelledItems {
  const all = digits();
  return {
    x: tensor(all.images.slice(0, count * 64), { dtype: "float32", shape: [count, 64] }),
    y: tensor(Int32Array.from(all.labels.slice(0, count)), { dtype: "int32" }),
  };
}

/** Softmax regression on 64 pixels: the simplest model of the digits, with a convex loss. */
const model = {
  start: (): DenseParams => denseInit(key(0), 64, 10),
  loss: (params: DenseParams, { x, y }: LabelledItems): Tensor => softmaxCrossEntropy(dense(params, x), y),
};

/** Measures the variance of batch gradients on 1,797 handwritten digits. */
export function varianceOnDigits(): GradientVariance {
  return gradientVariance({
    loss: model.loss,
    params: model.start(),
    data: firstDigits(1797),
    batchSizes: [1, 4, 16, 64, 256, 1024],
    repeats: 150,
  });
}

/** Study: the variance of a mini-batch gradient falls as 1/b. */
export const batchVariance: Preset = /* @__PURE__ */ definePreset(
  {
    name: "gradient-variance",
    title: "How far a mini-batch's gradient is off",
    claim:
      "The gradient of a random batch of b items is right on average, and its variance is that of one item divided by b: four times the items halve the error, while the work is four times as large.",
  },
  () => {
    const { batches, squaredNorm, ofOneItem } = varianceOnDigits();
    const sizes = batches.map(({ batchSize }) => batchSize);
    const worst = Math.max(...batches.map(({ measured, predicted }) => Math.abs(measured / predicted - 1)));
    const even = ofOneItem / squaredNorm;
    return {
      findings: [
        `Softmax regression on 1,797 handwritten digits: measured and predicted variance differ by ${showNumber(worst * 100, 2)} % at most.`,
        `A batch of ${Math.ceil(even)} has as much noise as signal: its variance is ‖g‖² of the gradient of all.`,
      ],
      figures: [
        {
          kind: "lines",
          title: "Variance of the gradient by batch size",
          x: { label: "items in a batch b", log: true },
          y: { label: "mean ‖g_b − g‖²", log: true },
          series: [
            {
              name: "measured, 150 batches each",
              x: sizes,
              y: batches.map((b) => b.measured),
              style: "dots",
            },
            { name: "tr Σ / b", x: sizes, y: batches.map((b) => b.predicted), style: "dashes" },
            { name: "‖g‖² of all items", x: sizes, y: sizes.map(() => squaredNorm), style: "line" },
          ],
        },
      ],
    };
  },
);

/** Compares training by gradient descent, by mini-batches and by single items on 1,797 handwritten digits. */
export function compareOnDigits(clock?: () => number): Promise<BatchRun[]> {
  return compareBatches({
    loss: model.loss,
    params: model.start(),
    data: firstDigits(1797),
    racers: [
      { name: "GD, all 1,797 items", batchSize: "full", optimizer: sgd({ learningRate: 0.5 }) },
      { name: "mini-batch of 32", batchSize: 32, optimizer: sgd({ learningRate: 0.2 }) },
      { name: "SGD, one item", batchSize: 1, optimizer: sgd({ learningRate: 0.01 }) },
    ],
    epochs: 12,
    ...(clock === undefined ? {} : { clock }),
  });
}

function curves(runs: readonly BatchRun[], along: (run: BatchRun) => readonly number[]): PlotSeries[] {
  return runs.map((run) => ({ name: run.name, x: along(run), y: run.losses, style: "line" }));
}

function epochsOf({ losses }: BatchRun): number[] {
  return losses.map((_, epoch) => epoch);
}

/** Study of batch sizes: loss per epoch and per second, and items per second. */
export const batchSizes: Preset = /* @__PURE__ */ definePreset(
  {
    name: "batch-sizes",
    title: "Gradient descent, mini-batches, single items",
    claim:
      "Counted in passes over the data, small batches learn fastest: they step more often. Counted in seconds, single items pay for every step alone what a batch shares: calls, and loops too short for the machine. Batches of some dozens are near the best of both.",
  },
  async () => {
    const runs = await compareOnDigits();
    const rows = runs.map((run) => [
      run.name,
      run.steps.at(-1)!,
      Math.round(run.itemsPerSecond),
      showNumber(run.seconds.at(-1)!, 3),
      showNumber(run.losses.at(-1)!, 3),
    ]);
    const [full, , one] = runs;
    return {
      findings: [
        `Items a second: ${runs.map(({ name, itemsPerSecond }) => `${name} ${Math.round(itemsPerSecond).toLocaleString("en")}`).join("; ")}. Single items are ${showNumber(full!.itemsPerSecond / one!.itemsPerSecond, 2)} times slower than all at once.`,
        `Loss after 12 passes: ${runs.map(({ name, losses }) => `${name} ${showNumber(losses.at(-1)!, 3)}`).join("; ")}.`,
      ],
      figures: [
        {
          kind: "lines",
          title: "Loss by pass over the data",
          x: { label: "epoch" },
          y: { label: "loss", log: true },
          series: curves(runs, epochsOf),
        },
        {
          kind: "lines",
          title: "Loss by second of computing",
          x: { label: "seconds" },
          y: { label: "loss", log: true },
          series: curves(runs, ({ seconds }) => seconds),
        },
        {
          kind: "table",
          title: "What 12 passes cost",
          head: ["batches", "steps", "items a second", "seconds", "loss"],
          rows,
          note: "Times are of the machine that made this page.",
        },
      ],
    };
  },
);

/** Trains by gradient descent and by mini-batches, each on 300 digits and on ten copies of them. */
export function compareRepeated(clock?: () => number): Promise<BatchRun[]> {
  const data = firstDigits(300);
  const tenfold = repeatItems(data, 10);
  const full = { batchSize: "full", optimizer: sgd({ learningRate: 0.5 }) } as const;
  const small = { batchSize: 30, optimizer: sgd({ learningRate: 0.5 }) } as const;
  return compareBatches({
    loss: model.loss,
    params: model.start(),
    data,
    racers: [
      { name: "GD", ...full },
      { name: "GD, data tenfold", ...full, data: tenfold },
      { name: "mini-batch of 30", ...small },
      { name: "mini-batch of 30, data tenfold", ...small, data: tenfold },
    ],
    epochs: 10,
    ...(clock === undefined ? {} : { clock }),
  });
}

/** Study: repeated data cost gradient descent time, while mini-batches learn from them. */
export const repeatedData: Preset = /* @__PURE__ */ definePreset(
  {
    name: "repeated-data",
    title: "The same data ten times over",
    claim:
      "Where every item is there ten times, gradient descent computes the same gradient as before at ten times the price. Mini-batches take ten times the steps in a pass and lose nothing.",
  },
  async () => {
    const runs = await compareRepeated();
    const [gd, gdTenfold, small, smallTenfold] = runs as [BatchRun, BatchRun, BatchRun, BatchRun];
    return {
      findings: [
        `GD: after 10 steps the loss is ${showNumber(gd.losses[10]!, 4)} with the data once and ${showNumber(gdTenfold.losses[10]!, 4)} with them tenfold, for ${gd.items[10]!.toLocaleString("en")} and ${gdTenfold.items[10]!.toLocaleString("en")} items.`,
        `Mini-batches: ten passes over the data once give ${showNumber(small.losses[10]!, 4)}, one pass over them tenfold ${showNumber(smallTenfold.losses[1]!, 4)}, for the same number of items.`,
      ],
      figures: [
        {
          kind: "lines",
          title: "Loss by items looked at",
          x: { label: "items" },
          y: { label: "loss of the 300 items", log: true },
          series: curves(runs, ({ items }) => items),
        },
        {
          kind: "lines",
          title: "Loss by pass",
          x: { label: "epoch" },
          y: { label: "loss of the 300 items", log: true },
          series: curves(runs, epochsOf),
          note: "A pass over the tenfold data costs ten times as much.",
        },
      ],
    };
  },
);
