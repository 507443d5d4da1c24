import { DownhillError } from "../errors/index.ts";
import type { Optimizer } from "../optim/index.ts";
import { batchesOf, type FitData, isAborted } from "./batches.ts";
import { makeBreather } from "./breathe.ts";
import { type EpochRecord, itemsOf, makeItemMeans } from "./history.ts";
import type { Reduction } from "./loss.ts";
import type { Step } from "./step.ts";

/** After a step, if `every` asks for them. */
export interface StepEvent<P, S> {
  readonly kind: "step";
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Steps taken so far in the run. */
  readonly step: number;
  /** Number of the batch in its epoch, from 1. */
  readonly batch: number;
  /** The loss of the batch before the step. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly learningRate: number | undefined;
  /** Items in the batch. */
  readonly items: number;
  readonly params: P;
  readonly state: S;
}

/** After an epoch. */
export interface EpochEvent<P, S> extends EpochRecord {
  readonly kind: "epoch";
  readonly params: P;
  readonly state: S;
}

export type FitEvent<P, S> = StepEvent<P, S> | EpochEvent<P, S>;

/** Why a run ended: all epochs done, the signal, or its loop was left. */
export type Stopped = "finished" | "aborted" | "left";

/** How far a run has come. The loop changes it; everything it holds is immutable. */
export interface Progress<P, S> {
  params: P;
  state: S;
  step: number;
  history: readonly EpochRecord[];
}

/** What the loop has to know. */
export interface LoopOptions<P, S, B> {
  readonly step: Step<P, S, B>;
  readonly optimizer: Optimizer<P, S>;
  readonly data: FitData<B>;
  readonly epochs: number;
  readonly every: "epoch" | "step";
  readonly reduction: Reduction;
  readonly signal: AbortSignal | undefined;
}

/**
 * Epoch after epoch and batch after batch, until the end or the signal; returns which. A step is taken over into
 * `progress` only if it is finite.
 *
 * @throws DownhillError `nan` at the first step that is not.
 */
export async function* trainLoop<P, S, B>(
  options: LoopOptions<P, S, B>,
  progress: Progress<P, S>,
): AsyncGenerator<FitEvent<P, S>, Stopped> {
  const { step, optimizer, data, epochs, every, reduction, signal } = options;
  const breather = makeBreather();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const start = performance.now();
    const means = makeItemMeans(reduction);
    let batches = 0;
    let learningRate: number | undefined;
    if (isAborted(signal)) return "aborted";
    for await (const batch of batchesOf(data, epoch - 1, signal)) {
      batches++;
      const items = itemsOf(batch);
      learningRate = rateOf(optimizer, progress.step);
      const { params, state, loss, metrics, isFinite } = step(
        progress.params,
        progress.state,
        batch,
        progress.step,
      );
      if (!isFinite) throw diverged(loss, progress.step + 1, epoch, batches, learningRate);
      Object.assign(progress, { params, state, step: progress.step + 1 });
      means.add(items, loss, metrics);
      if (every === "step") {
        const at = { epoch, step: progress.step, batch: batches };
        yield { kind: "step", ...at, loss, metrics, learningRate, items, params, state };
      }
      if (breather.isDue()) await breather.pause();
    }
    if (isAborted(signal)) return "aborted";
    const record: EpochRecord = {
      epoch,
      step: progress.step,
      loss: means.loss,
      metrics: means.metrics,
      learningRate,
      items: means.items,
      seconds: (performance.now() - start) / 1000,
    };
    progress.history = [...progress.history, record];
    yield { kind: "epoch", ...record, params: progress.params, state: progress.state };
  }
  return "finished";
}

function rateOf<P, S>({ learningRate }: Optimizer<P, S>, step: number): number | undefined {
  return typeof learningRate === "function" ? learningRate(step) : learningRate;
}

function diverged(
  loss: number,
  step: number,
  epoch: number,
  batch: number,
  learningRate: number | undefined,
): DownhillError {
  const where = `at step ${step} (epoch ${epoch}, batch ${batch})`;
  const what = Number.isFinite(loss)
    ? `the step is not finite ${where}, though the loss is ${loss}`
    : `the loss is ${loss} ${where}`;
  const rate = learningRate === undefined ? "" : ` (it is ${learningRate})`;
  const advice =
    step === 1
      ? "Look at the data and at the first parameters: inputs should be numbers of about −3 to 3 (see standardise), labels valid."
      : `Lower the learning rate${rate}, scale the inputs (see standardise), or begin with smaller parameters.`;
  return new DownhillError(
    "nan",
    `fit: ${what}. ${advice} debug({ nan: true }) names the operation. The parameters before that step are in \`latest\` of the run.`,
  );
}
