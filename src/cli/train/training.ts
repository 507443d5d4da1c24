import { type Batches, dataset } from "../../training/data/index.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { MlpParams } from "../../numeric/nn/index.ts";
import type { KeyWords } from "../../numeric/random/index.ts";
import {
  type Best,
  type CheckpointStore,
  type EpochRecord,
  type Evaluation,
  evaluator,
  fit,
  type FitData,
  type FitOptions,
  type LogEntry,
  type LogSink,
  type RunTime,
  type Stretch,
  tensorBoard,
  type World,
} from "../../training/train/index.ts";
import { augmentInputs } from "./augmentation.ts";
import type { DataPart, LearningProblem } from "./data.ts";
import type { EpochTest } from "./kept-tests.ts";
import { optimizerOf, plateauOf, type RunLength } from "./method.ts";
import { type Batch, batchesOf, type TrainableNetwork } from "./model.ts";
import type { EpochStatus, ProgressReporter } from "./output.ts";
import { type RunEnd, stretchSettings, type StretchSettings } from "./run-history.ts";
import { flatSettings, type OutputSettings, type TrainingSettings } from "./settings.ts";

/** Storage and callbacks that a run is given. */
export interface RunStorage {
  readonly store: CheckpointStore | undefined;
  /** Words of the command that trains such a run. */
  readonly words: readonly string[];
  /** Called once the run is accepted. Other files of the run may only be written from then on. */
  readonly begin: (stretches: readonly Stretch[]) => Promise<void>;
  /** Called after each epoch with the result on the test part. */
  readonly keepTest: (test: EpochTest) => Promise<void>;
}

/** An epoch and the result on the test part after it. */
export interface WatchedEpoch {
  readonly epoch: EpochRecord;
  /** Result on the test part after that epoch; `undefined` for epochs before a run was resumed. */
  readonly test: Evaluation | undefined;
}

/** A run that has ended for any reason. */
export interface TrainingRun {
  readonly stopped: "finished" | "aborted" | "early-stopping" | "diverged";
  /** The learned parameters: those of the best epoch if there is one, else the last. */
  readonly params: MlpParams;
  readonly best: Best<MlpParams> | undefined;
  readonly steps: number;
  readonly epochs: readonly WatchedEpoch[];
  /** Seconds of training. */
  readonly seconds: number;
  readonly time: RunTime;
  /** Result on the test part. */
  readonly test: Evaluation;
  /** The loss on the training part before the first step and in the last epoch, if it may have risen. */
  readonly loss: { readonly first: number; readonly last: number } | undefined;
  /** Loss and gradient norms of the steps of this process. */
  readonly records: readonly StepRecord[];
  /** The error of a diverged run. */
  readonly error: DownhillError | undefined;
  /** The position and reason of its end, and its history. */
  readonly end: RunEnd;
}

/** A step: the loss of its batch, and the gradient norm of each leaf of the parameters. */
export interface StepRecord {
  readonly step: number;
  readonly loss: number;
  readonly norms: readonly number[];
}

const testedAtOnce = 512; // items

/** Returns the training items in batches, in a new order in each epoch. */
export function trainingBatches(
  { train, image }: LearningProblem,
  { batch, augmentation, seed }: TrainingSettings,
): Batches<Batch> {
  const batches: Batches<Batch> = dataset({ x: train.x, y: train.y }).shuffle({ seed }).batch(batch);
  if (augmentation === undefined) return batches;
  const change = ({ x, y }: Batch, key: KeyWords): { x: ReturnType<typeof augmentInputs>; y: Tensor } => ({
    x: augmentInputs(x, augmentation, image, key),
    y,
  });
  return batches.augment(change, { seed });
}

/** Computes the number of steps of a run with these settings, and of an epoch. */
export function lengthOf(
  { train }: LearningProblem,
  { batch, accumulate, epochs }: TrainingSettings,
): RunLength {
  const items = train.rows.length;
  const batches = batch === "full" ? 1 : Math.ceil(items / batch);
  const stepsPerEpoch = Math.ceil(batches / accumulate);
  return { steps: stepsPerEpoch * epochs, stepsPerEpoch };
}

/** Trains and also evaluates the test part, which affects no decision. */
export async function runTraining(
  problem: LearningProblem,
  model: TrainableNetwork,
  settings: TrainingSettings,
  places: OutputSettings,
  saving: RunStorage,
  output: ProgressReporter,
  signal: AbortSignal,
  world: World | undefined,
): Promise<TrainingRun> {
  const { train, test, task } = problem;
  const { epochs } = settings;
  const evaluate = evaluator<MlpParams, Batch>(model.loss);
  const on = async (params: MlpParams, part: DataPart): Promise<Evaluation> =>
    counted(await evaluate(params, batchesOf(part, testedAtOnce)));
  const batches = trainingBatches(problem, settings);
  const stop = new AbortController();
  const run = fit({
    ...optionsOf(
      problem,
      model,
      settings,
      upTo(batches, places.until, () => stop.abort()),
    ),
    ...placesOf(places, saving, stretchSettings(saving.words, flatSettings(settings)), output),
    world,
    signal: AbortSignal.any([signal, stop.signal]),
  });

  const tests = new Map<number, Evaluation>();
  const records: StepRecord[] = [];
  const begin = performance.now();
  const seconds = (): number => (performance.now() - begin) / 1000;
  let first: number | undefined;
  let last: EpochRecord | undefined;
  let before = -1; // the share that was done when this process began
  let seen = 0;
  let stopped: TrainingRun["stopped"] = "finished";
  let error: DownhillError | undefined;
  try {
    for await (const event of run) {
      const { epoch, loss, learningRate } = event;
      if (event.kind === "step") {
        seen += event.items;
        records.push({ step: event.step, loss, norms: event.gradientNorms ?? [] });
        if (event.step === 1) first = loss;
        const done = (epoch - 1 + event.batch / batches.batchCount) / epochs;
        if (before < 0) before = done - event.batch / batches.batchCount / epochs;
        const accuracy = (last ?? event).metrics["accuracy"];
        const standing = {
          epoch,
          epochs,
          // whole epochs are less noisy than batches
          loss: last?.loss ?? loss,
          accuracy: task.kind === "classification" ? accuracy : undefined,
          learningRate: learningRate ?? Number.NaN,
          itemsPerSecond: last === undefined ? seen / seconds() : last.items / last.seconds,
        };
        output.step(standing, done, (seconds() / (done - before)) * (1 - done));
        continue;
      }
      last = counted(event);
      const evaluation = await on(event.params, test);
      tests.set(epoch, evaluation);
      await saving.keepTest({ epoch, ...evaluation });
      output.epoch(standingOf(last, evaluation, epochs, seconds()));
    }
    const result = await run;
    if (result.stopped === "aborted" || result.stopped === "early-stopping") stopped = result.stopped;
  } catch (reason) {
    if (!(reason instanceof DownhillError && (reason.code === "nan" || reason.code === "diverged")))
      throw reason;
    stopped = "diverged";
    error = reason;
  }
  const { best, step, history, time, params, epoch, batch, stretches } = run.latest;
  const chosen = best?.params ?? params;
  const final = history.at(-1)?.loss;
  const rose = first !== undefined && final !== undefined && final > first;
  return {
    stopped,
    params: chosen,
    best,
    steps: step,
    epochs: history.map((record) => ({ epoch: counted(record), test: tests.get(record.epoch) })),
    seconds: seconds(),
    time,
    test: await on(chosen, test),
    // one batch says little about the initial loss, so the whole part is evaluated if it may have been lower
    loss: rose ? { first: (await on(model.start, train)).loss, last: final } : undefined,
    error,
    records,
    end: { epoch, batch, stretches, isStopped: stopped === "aborted", batchCount: batches.batchCount },
  };
}

/**
 * Returns the batches of a run up to batch number `last`, counted from the beginning of the run; after that, calls
 * `stop`.
 */
function upTo(batches: Batches<Batch>, last: number | undefined, stop: () => void): FitData<Batch> {
  if (last === undefined) return batches;
  const { count, batchCount } = batches;
  return {
    count,
    batchCount,
    async *epoch(k, options) {
      let n = k * batchCount + (options?.from ?? 0);
      for await (const batch of batches.epoch(k, options)) {
        if (n++ >= last) {
          stop();
          return;
        }
        yield batch;
      }
    },
  };
}

/**
 * Returns a condition under which a run with a high loss does not count as diverged: its accuracy is above that of
 * always predicting the most frequent class. For regression it is never true.
 */
function betterThanGuessed({ train, task }: LearningProblem): (now: Evaluation) => boolean {
  if (task.kind === "regression") return () => false;
  const counts = new Array<number>(task.classes.length).fill(0);
  for (let i = 0; i < train.y.data.length; i++) counts[train.y.data[i]!]!++;
  const guessed = Math.max(...counts) / train.y.data.length;
  return ({ metrics }) => metrics["accuracy"]! > guessed * (1 + 1e-6); // a mean in float32
}

/**
 * Returns the options of `fit` that describe the training: model, data, optimiser, seed and stopping rules, not the
 * saving or the progress output.
 */
function optionsOf(
  problem: LearningProblem,
  model: TrainableNetwork,
  settings: TrainingSettings,
  data: FitData<Batch>,
) {
  const { method, accumulate, epochs, divergence, patience, seed, shards } = settings;
  const { validation } = problem;
  const plateau = plateauOf(method);
  return {
    params: model.start,
    loss: model.loss,
    data,
    optimizer: optimizerOf(method, lengthOf(problem, settings)),
    epochs,
    seed,
    accumulate,
    shards,
    every: "step",
    gradientNorms: true,
    divergence: divergence === undefined ? false : { factor: divergence, unless: betterThanGuessed(problem) },
    keepBest: validation !== undefined,
    ...(validation === undefined ? {} : { validation: batchesOf(validation, testedAtOnce) }),
    ...(patience === undefined ? {} : { earlyStopping: { patience } }),
    ...(plateau === undefined ? {} : { plateau }),
  } satisfies FitOptions<MlpParams, unknown, Batch>;
}

/** Returns the options of `fit` for the storage and the callbacks of a run. */
function placesOf(
  { resume, tensorboard }: OutputSettings,
  { store, begin }: RunStorage,
  settings: StretchSettings,
  output: ProgressReporter,
): Pick<FitOptions<MlpParams, unknown, Batch>, "checkpoint" | "resume" | "log"> {
  const tellUser: LogSink = async (entry: LogEntry) => {
    if (entry.kind === "warning") output.note(`warning: ${entry.message}`);
    if (entry.kind === "start" && entry.isResumed) {
      output.note(`resumed after ${entry.epoch} of ${entry.epochs} epochs, at step ${entry.step}`);
    }
    if (entry.kind === "start") await begin(entry.stretches ?? []);
  };
  return {
    log: [tellUser, ...(tensorboard === undefined ? [] : [tensorBoard(tensorboard)])],
    ...(store === undefined ? {} : { checkpoint: { store, settings }, resume }),
  };
}

function standingOf(epoch: EpochRecord, test: Evaluation, epochs: number, seconds: number): EpochStatus {
  const validation = epoch.validation && counted(epoch.validation);
  return {
    epoch: epoch.epoch,
    epochs,
    loss: epoch.loss,
    accuracy: epoch.metrics["accuracy"],
    learningRate: epoch.learningRate ?? Number.NaN,
    itemsPerSecond: epoch.items / epoch.seconds,
    ...(validation === undefined
      ? {}
      : { validationLoss: validation.loss, validationAccuracy: validation.metrics["accuracy"] }),
    testLoss: test.loss,
    testAccuracy: test.metrics["accuracy"],
    seconds,
  };
}

/**
 * Returns the evaluation with the accuracy as the exact quotient of correct and all items. A mean in float32 would be
 * wrong in its last digits.
 */
function counted<T extends Evaluation>(evaluation: T): T {
  const { metrics, items } = evaluation;
  const { accuracy } = metrics;
  if (accuracy === undefined) return evaluation;
  return { ...evaluation, metrics: { ...metrics, accuracy: Math.round(accuracy * items) / items } };
}
