import { astype } from "../../numeric/array/elementwise.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { captureStack, continueAt } from "../../engine/errors/stack.ts";
import type { Optimizer, ReduceOnPlateau } from "../../numeric/optim/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import type { Device } from "../../engine/runtime/index.ts";
import { mapLeaves } from "../../engine/tree/index.ts";
import type { Like } from "../../engine/tree/index.ts";
import type { FitData } from "./batches.ts";
import { makeSaver, warn } from "./checkpoint/saver.ts";
import type { FitCheckpointOptions } from "./checkpoint/store.ts";
import type { DivergenceRule } from "./divergence.ts";
import { equip } from "./equip.ts";
import { checkedOptions } from "./fit-options.ts";
import type { EpochRecord } from "./history.ts";
import type { LogSink } from "./log.ts";
import { type FitEvent, type Hooks, runLoop } from "./loop.ts";
import type { AnyLoss, Loss, Reduction } from "./loss.ts";
import { makeRanks } from "./parallel/ranks.ts";
import type { ReduceMode } from "./parallel/sharding.ts";
import {
  handOut,
  type TrainingProgress,
  progressAt,
  type RunSnapshot,
  type RunTime,
  timeOf,
} from "./progress.ts";
import { requireTypesOf } from "./resident.ts";
import { makeSpare } from "./spare.ts";
import type { Stretch } from "./stretches.ts";
import { explainUnawaited, noteBegun, watchIdle } from "./unawaited.ts";
import type { FitStopReason } from "./stopped.ts";
import type { World } from "./world.ts";
import { type Best, type EarlyStopping, type Monitor, type Plateau, watchStart } from "./watch.ts";

/** Options of `fit`. */
export interface FitOptions<P, S, B, M = undefined> {
  /** Initial parameters: nested tensors. They are not changed. */
  readonly params: P & Like<NoInfer<P>>;
  /** Loss to minimise, as a function of parameters and a batch. */
  readonly loss: Loss<NoInfer<P>, NoInfer<B>, NoInfer<M>>;
  /**
   * Initial state that the model carries from batch to batch without learning it, such as the statistics of
   * `batchNorm`: nested tensors. The loss receives it as `modelState` and returns the next one:
   * `(p, batch, { modelState }) => ({ loss, modelState })`. Steps over several batches pass it from one to the next. If
   * batches are split into shards, each shard starts with it, and the next state is their mean over items (integers are
   * rounded). Validation uses it; the state that a loss returns there is dropped after the last batch.
   */
  readonly modelState?: M | undefined;
  /** Batches: `dataset({ x, y }).shuffle({ seed }).batch(32)`, or any iterable of them. */
  readonly data: FitData<B>;
  /** Optimiser that computes the steps. It alone sets the learning rate. */
  readonly optimizer: Optimizer<NoInfer<P>, S>;
  /** Number of passes over the data; `Infinity` to train until the loop is left. */
  readonly epochs: number;
  /** Seed of the random numbers passed to the loss (`key`). Default 0. The data has its own seed. */
  readonly seed?: number;
  /** Signal that ends the run before the next step. */
  readonly signal?: AbortSignal | undefined;
  /** Events to emit: one after each epoch (default), or one after each step and each epoch. */
  readonly every?: "epoch" | "step";
  /**
   * Reduction of the loss over the items of a batch: their mean (default) or sum. The loss of an epoch is a mean over
   * items either way.
   */
  readonly reduction?: Reduction;
  /**
   * Number of batches per step, 1 or more. Default 1. The gradient is that of all their items together, so that a large
   * step needs only the memory of a small batch. The batches left over at the end of an epoch form a smaller step.
   */
  readonly accumulate?: number;
  /**
   * True makes each step report the 2-norm of the gradient for each leaf of the parameters, as `gradientNorms` of its
   * event and log entry. This costs one pass over the gradients. Default false.
   */
  readonly gradientNorms?: boolean;
  /** Data on which the loss is measured after each epoch, with `training: false`. The model does not train on them. */
  readonly validation?: FitData<NoInfer<B>> | undefined;
  /** Stops the run when the loss no longer improves. */
  readonly earlyStopping?: EarlyStopping | undefined;
  /**
   * Rule by which a run with finite numbers counts as diverged and ends with an error; `false` disables it. It applies
   * after epochs 5, 10, 20, 40, …, from 100 steps on. Suppose that the losses of the last half of the epochs are above
   * `factor` (default 1000) and do not decrease. Then the present and the initial parameters are measured on the data
   * of the epoch. The run ends if the present ones are worse by `factor` times the initial loss (or 1, if that is
   * less), unless `unless` returns true. Data that can be read only once are exempt.
   */
  readonly divergence?: DivergenceRule | false | undefined;
  /**
   * Keeps the parameters of the epoch with the best loss, or with the best value of another monitor, as `best` of the
   * result.
   */
  readonly keepBest?: boolean | Monitor;
  /**
   * Lowers the learning rate when the loss no longer improves: `reduceOnPlateau({ factor: 0.5, patience: 4 })`. The
   * rate is that of the optimiser times this scale.
   */
  readonly plateau?: ReduceOnPlateau | Plateau | undefined;
  /**
   * Store and interval for saving the run: `{ store: checkpointFolder("runs/a"), everySeconds: 60 }`. By default the
   * run is saved after each epoch. It is always saved at its end, even if it ends early. A checkpoint holds everything
   * that the run needs to continue as if uninterrupted: parameters, state of the optimiser, monitors, history, and the
   * position in the data.
   */
  readonly checkpoint?: FitCheckpointOptions | undefined;
  /**
   * Continues from the last checkpoint, with the same bits as an uninterrupted run, provided that data and loss are
   * functions of their seeds. Starts a new run if there is no checkpoint yet. Default false: a checkpoint in the store
   * is then an error. `epochs` counts from the beginning of the whole run.
   */
  readonly resume?: boolean;
  /**
   * Processes that share the work, as returned by `openMpi()` of `downhill/distributed`. Each runs the same program
   * without further changes. Each batch is split into `shards`, which are divided among the ranks, so `batch(64)` stays
   * a step of 64 items. All ranks compute the same parameters, history and end. Only rank 0 writes checkpoints and logs
   * and prints warnings. Hooks and loops run on each rank.
   */
  readonly world?: World | undefined;
  /**
   * Number of micro-batches per batch, a power of two. Default: the number of ranks. The bits of a run depend on this
   * number and not on the number of ranks, which may be any power of two up to it, also after `resume`. Works without
   * `world` too. Shard `s` holds items `s`, `s + shards`, … of a batch and has its own random numbers (`key`). Its
   * weight is its number of items.
   */
  readonly shards?: number;
  /**
   * Order of sums over ranks. `"tree"` (default) always adds in the same order. `"fast"` uses the allreduce of the
   * transport; the bits of a run then depend on the number of ranks and on the order in which that transport adds.
   */
  readonly reduce?: ReduceMode;
  /**
   * Device that computes the steps, such as the result of `await openWebGpu()`. Default: the processor. The results have
   * the bits of a reproducible run on the processor if its `bits` is `"exact"`. Parameters and states stay on the device
   * during an epoch, and two steps are enqueued at a time; with `hooks.step` or `every: "step"`, one. Hooks, events and
   * the result receive tensors on the processor. If the device is lost, the run opens it again and repeats the steps
   * since the last epoch or checkpoint, provided that `data` can be read again. Cannot be combined with `world`.
   */
  readonly device?: Device | undefined;
  /** Functions to call after steps and epochs. */
  readonly hooks?: Hooks<NoInfer<P>, S, NoInfer<M>>;
  /**
   * Sinks that receive the log entries, as returned by `jsonLines` and `tensorBoard`. Without one, warnings go to the
   * console.
   */
  readonly log?: LogSink | readonly LogSink[];
}

/** Result of a run. */
export interface FitResult<P, S, M = undefined> extends RunSnapshot<P, S, M> {
  /** One record per epoch. */
  readonly history: readonly EpochRecord[];
  /** Number of steps taken. */
  readonly step: number;
  /** Number of finished epochs; `batch` is the number of batches done in the next one. */
  readonly epoch: number;
  readonly batch: number;
  /** Stretches of a run with checkpoints: one per call of `fit`, with the `settings` of that call. */
  readonly stretches: readonly Stretch[];
  /** Reason why the run ended. */
  readonly stopped: FitStopReason;
  /** Best epoch of a run with `keepBest`; `undefined` without it or before the first epoch. */
  readonly best: Best<P, M> | undefined;
  /** Seconds that the run has spent on each activity. */
  readonly time: RunTime;
  /** Warnings issued during the run. */
  readonly warnings: readonly string[];
}

/**
 * A training run. Iterating over it yields its events; `await` yields its result. The run starts at the first of
 * either.
 */
export interface Fit<P, S, M = undefined>
  extends AsyncIterable<FitEvent<P, S, M>>, PromiseLike<FitResult<P, S, M>> {
  /** State of the run so far; after an error, the state before it. */
  readonly latest: Omit<FitResult<P, S, M>, "stopped">;
}

/**
 * Trains a model epoch by epoch and batch by batch. Each step (loss, gradient, update) is compiled as one function. The
 * run pauses every few milliseconds, so that a page stays responsive.
 *
 * The return value is both iterable and awaitable. `for await` receives an event after every epoch (or step), and
 * leaving the loop ends the run; `await` runs to the end and returns the result. After a loop, `await` returns the
 * result of that loop.
 *
 * The loss of an epoch is a mean over items, each taken before the step that used it. PyTorch loops print the same
 * number if they weight batches by their size.
 *
 * @throws DownhillError `nan` if loss or step are not finite. The message names the step, the first operation that
 *   produced such a number, and a remedy; `latest` and the checkpoint hold the state before the step. `diverged` for a
 *   run with finite numbers that diverges (`divergence`). `file` if a checkpoint cannot be written (earlier ones stay
 *   intact), `data` for a checkpoint of another run. `option`, `range`, `data` and `tree` for invalid arguments.
 * @example
 * const data = dataset({ x: [0, 1, 2, 3], y: [1, 3, 5, 7] }).shuffle({ seed: 1 }).batch(2);
 * const { params } = await fit({
 *   params: { slope: tensor(0), intercept: tensor(0) },
 *   loss: ({ slope, intercept }, { x, y }) => meanSquaredError(add(mul(slope, x), intercept), y),
 *   data,
 *   optimizer: sgd({ learningRate: 0.05, momentum: 0.5 }),
 *   epochs: 200,
 * });
 * [params.slope, params.intercept]; // [2.000, 1.000]
 */
export function fit<P, S, B, M = undefined>(options: FitOptions<P, S, B, M>): Fit<P, S, M> {
  if (arguments.length > 1) refuseExtra("fit", arguments, 1);
  const call = captureStack(fit);
  const checked = checkedOptions(options);
  const { seed, accumulate, reduction, validation, checkpoint, resume, divergence: rule, ...given } = checked;
  const { shards, reduce, world, optimizer, watch, signal, data, device } = given;
  const loss = options.loss as AnyLoss<P, B>;
  const params = strong(options.params) as P;
  const modelState = options.modelState === undefined ? null : strong(options.modelState);
  const state = optimizer.init(params);
  const progress = progressAt<P, S>(params, state, modelState, watchStart<P>(watch), device !== undefined);
  if (device !== undefined) requireTypesOf(device, { params, state, modelState });
  const ranks = makeRanks(world, signal);
  const parts = { ...checked, loss, start: { params, modelState }, ranks };
  const log = ranks.rank === 0 ? given.log : [silent];
  const same = { seed, reduction, accumulate, shards };
  const saver =
    checkpoint === undefined || ranks.rank > 0
      ? undefined
      : makeSaver<P, S, B>({ checkpoint, resume, log, ...same });
  const settings = { ...same, reduce, epochs: given.epochs, ...watch, divergence: rule };
  const identity = { loss, optimizer, data, validation, settings };
  const spare = makeSpare(device, progress, data, (text) => warn(log, progress, text));
  const recover = async (error: unknown): Promise<boolean> => {
    const next = await spare.replace(error);
    if (next !== undefined) Object.assign(loop, equip<P, S, B>(parts, next));
    return next !== undefined;
  };
  const { close } = spare;
  const loop = { ...given, ...equip<P, S, B>(parts, device), identity, same, saver, log, recover, close };
  const events = runLoop<P, S, B>(loop, progress);

  let reader: "none" | "loop" | "await" = "none";
  const settled = deferred<FitResult<P, S, M>>();
  const end = (stopped: FitStopReason): void => settled.resolve({ ...snapshot<P, S, M>(progress), stopped });
  const next = async (): Promise<IteratorResult<FitEvent<P, S, M>, undefined>> => {
    try {
      const result = await events.next();
      if (result.done !== true) return result as IteratorYieldResult<FitEvent<P, S, M>>;
      end(result.value);
      return { done: true, value: undefined };
    } catch (error) {
      for (let e = error; e instanceof DownhillError; e = e.cause) continueAt(e, call);
      settled.reject(error);
      throw error;
    }
  };
  const drain = async (): Promise<void> => {
    while ((await next()).done !== true);
  };

  const run: Fit<P, S, M> = {
    get latest() {
      return snapshot<P, S, M>(progress);
    },
    [Symbol.asyncIterator]() {
      if (reader !== "none") {
        throw new DownhillError(
          "data",
          "fit: a run can be looped over once. Call fit again for another run.",
        );
      }
      reader = "loop";
      noteBegun(call);
      return {
        next,
        async return() {
          await events.return("left");
          end("left");
          return { done: true, value: undefined };
        },
      };
    },
    then(onResult, onError) {
      if (reader === "none") {
        reader = "await";
        noteBegun(call);
        drain().catch(() => {}); // the caller that awaits receives the error
      }
      return settled.promise.then(onResult, onError);
    },
  };
  explainUnawaited(run);
  watchIdle(call);
  return run;
}

/** Log of ranks other than 0. It discards entries; its presence keeps warnings off the console. */
const silent: LogSink = () => {};

function snapshot<P, S, M>(progress: TrainingProgress<P, S>): Fit<P, S, M>["latest"] {
  // On a device, the last state that is on the processor.
  const { history, stretches, warnings, retirement, point } = progress;
  const at = point ?? progress;
  const { params, state, modelState } = handOut({ ...at, retirement });
  const { step, epoch, batch, watch } = at;
  const best = watch.best as Best<P, M> | undefined;
  return {
    params,
    state,
    modelState: modelState as M,
    history: history.slice(0, point?.epochs),
    step,
    epoch,
    batch,
    stretches,
    best,
    time: timeOf(progress),
    warnings,
  };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {}); // A caller that loops receives the error in the loop and need not await as well.
  return { promise, resolve, reject };
}

/**
 * Converts the leaves of a tree, such as plain numbers, to tensors with strong types. These keep their dtype in
 * operations with other dtypes.
 */
function strong(params: unknown): unknown {
  return mapLeaves(
    "fit",
    (leaf) => {
      const x = asTensor(leaf, "fit");
      return astype(x, x.dtype);
    },
    params,
  );
}
