// The network that is trained in this chapter: two moons, sixteen neurons.
import { tanh, type Tensor } from "downhill";
import { dataset, moons } from "downhill/data";
import { mlp, type MlpParams, softmaxCrossEntropy } from "downhill/nn";
import { reduceOnPlateau, sgd } from "downhill/optim";
import * as random from "downhill/random";
import { fit, type LrRange, lrRangeTest } from "downhill/train";
import { epochs, type ScheduleName, scheduleOf } from "./schedules.ts";

/** Settings of a training run. */
export interface TrainingOrder {
  readonly schedule: ScheduleName;
  /** The maximum rate. */
  readonly rate: number;
  readonly seed: number;
}

/** An epoch of a training run. */
export interface TrainedEpoch {
  readonly epoch: number;
  /** Mean loss of its batches, each evaluated before its step. */
  readonly loss: number;
  /** The rate of its last step. */
  readonly rate: number;
}

const net = /* @__PURE__ */ mlp([2, 16, 2], { activation: tanh });
const momentum = 0.9;

/** Points, initial parameters and loss. The seed determines the points, their order and the parameters. */
function problem(seed: number) {
  const { x, y } = moons({ n: 400, noise: 0.3, seed });
  return {
    params: net.init(random.key(seed)),
    loss: (params: MlpParams, batch: { readonly x: Tensor; readonly y: Tensor }) =>
      softmaxCrossEntropy(net.apply(params, batch.x), batch.y),
    data: dataset({ x, y }).shuffle({ seed, when: "each-epoch" }).batch(10),
  };
}

/**
 * Trains the network on the moons, and calls `tell` after each epoch. A non-finite loss throws the error of the
 * library.
 */
export async function train(
  { schedule, rate, seed }: TrainingOrder,
  tell: (epoch: TrainedEpoch) => void,
): Promise<void> {
  const learningRate = scheduleOf(schedule, rate);
  const run = fit({
    ...problem(seed),
    optimizer: sgd({ learningRate, momentum }),
    epochs,
    plateau: schedule === "plateau" ? reduceOnPlateau({ factor: 0.3, patience: 2 }) : undefined,
    divergence: false, // the effect of too high a rate must be visible
  });
  for await (const event of run) {
    if (event.kind !== "epoch") continue;
    tell({
      epoch: event.epoch,
      loss: event.loss,
      rate: learningRate(event.step - 1) * event.rateScale,
    });
  }
}

/** Runs a learning rate range test on the network of this chapter. */
export function testRange(seed: number): Promise<LrRange> {
  return lrRangeTest({
    ...problem(seed),
    optimizer: (learningRate) => sgd({ learningRate, momentum }),
    from: 1e-4,
    to: 10,
    steps: 160,
  });
}
