import { tensor } from "../../../numeric/array/create.ts";
import { accuracy, mlp, softmaxCrossEntropy } from "../../../numeric/nn/index.ts";
import { adam, type GeneralOptimizer, oneCycle, sgd } from "../../../numeric/optim/index.ts";
import { key } from "../../../numeric/random/index.ts";
import { dataset, digits } from "../../../training/data/index.ts";
import { fit } from "../../../training/train/index.ts";
import { showNumber } from "../../viz/show-number.ts";
import type { PlotFigure } from "../study.ts";
import { definePreset, type Preset } from "./preset.ts";

const trainCount = 1437; // four fifths; the other 360 digits are held out for evaluation
const batchSize = 32;
const epochs = 40;
const steps = Math.ceil(trainCount / batchSize) * epochs;

/** A training run on the digits. Loss and accuracy are those on held-out digits after each epoch. */
export interface DigitsRun {
  readonly name: string;
  readonly losses: readonly number[];
  /** Accuracies on the held-out digits, as fractions from 0 to 1. */
  readonly accuracies: readonly number[];
}

const methods: readonly (readonly [name: string, make: () => GeneralOptimizer<unknown>])[] = [
  ["Adam as in its paper, η = 0.001", () => adam()],
  ["Adam, the rate tuned, η = 0.01", () => adam({ learningRate: 0.01 })],
  ["SGD, a first guess, η = 0.01", () => sgd({ learningRate: 0.01 })],
  [
    "SGD tuned: momentum, one cycle to η = 0.2, weight decay",
    () => sgd({ learningRate: oneCycle({ max: 0.2, steps }), momentum: 0.9, weightDecay: 5e-4 }),
  ],
];

/**
 * Trains the same network from the same parameters on the same batches with each method. Calls `told` with each
 * finished run.
 */
export async function compareAdvice(
  seed: number,
  told: (run: DigitsRun) => void = () => {},
): Promise<DigitsRun[]> {
  const { images, labels } = digits();
  const part = (from: number, to: number) => ({
    x: tensor(images.slice(from * 64, to * 64), { shape: [to - from, 64], dtype: "float32" }),
    y: tensor(labels.slice(from, to)),
  });
  const net = mlp([64, 32, 10]);
  const runs: DigitsRun[] = [];
  for (const [name, make] of methods) {
    const { history } = await fit({
      params: net.init(key(seed)),
      loss: (params, { x, y }) => {
        const scores = net.apply(params, x);
        return { loss: softmaxCrossEntropy(scores, y), metrics: { accuracy: accuracy(scores, y) } };
      },
      data: dataset(part(0, trainCount)).shuffle({ seed, when: "each-epoch" }).batch(batchSize),
      validation: dataset(part(trainCount, labels.length)).batch("full"),
      optimizer: make(),
      epochs,
    });
    const run = {
      name,
      losses: history.map(({ validation }) => validation!.loss),
      accuracies: history.map(({ validation }) => validation!.metrics["accuracy"]!),
    };
    runs.push(run);
    told(run);
  }
  return runs;
}

/** Study: common advice on choosing an optimiser, tested on a network. */
export const takeAways: Preset = /* @__PURE__ */ definePreset(
  {
    name: "take-aways",
    title: "The advice, put to the test",
    claim:
      "Adam with the settings of its paper is good within a few epochs and needs no tuning. SGD with a guessed rate is far behind. SGD whose rate, momentum, schedule and weight decay were chosen with care, and given its time, ends at least as good as Adam does.",
  },
  async () => {
    const runs = await compareAdvice(0);
    const at = Array.from({ length: epochs }, (_, epoch) => epoch + 1);
    const figure = (
      title: string,
      label: string,
      of: (run: DigitsRun) => readonly number[],
      log: boolean,
    ): PlotFigure => ({
      kind: "lines",
      title,
      x: { label: "epoch" },
      y: { label, log },
      series: runs.map((run) => ({ name: run.name, x: at, y: of(run), style: "line" })),
    });
    const percent = (share: number): string => `${showNumber(100 * share, 3)} %`;
    return {
      findings: runs.map(
        ({ name, losses, accuracies }) =>
          `${name}: ${percent(accuracies[4]!)} right after 5 epochs, ${percent(accuracies.at(-1)!)} after ${epochs}; loss ${showNumber(losses.at(-1)!, 3)}.`,
      ),
      figures: [
        figure(
          "Right among 360 digits not learnt from",
          "share right",
          ({ accuracies }) => accuracies,
          false,
        ),
        figure("Their loss", "loss", ({ losses }) => losses, true),
      ],
    };
  },
);
