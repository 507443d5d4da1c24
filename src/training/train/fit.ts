import { astype } from "../../numeric/array/elementwise.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { captureStack, continueAt } from "../../engine/errors/stack.ts";
import { checkChoice, checkNeededOptions, checkOptions } from "../../engine/errors/options.ts";
import type { Optimizer, ReduceOnPlateau } from "../../numeric/optim/index.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { key } from "../../numeric/random/index.ts";
import { flatten, mapLeaves } from "../../engine/tree/index.ts";
import type { Like } from "../../engine/tree/types.ts";
import { checkData, type FitData } from "./batches.ts";
import { makeSaver } from "./checkpoint/saver.ts";
import { checkCheckpointOptions, type FitCheckpointOptions } from "./checkpoint/store.ts";
import { type DivergenceRule, readDivergence } from "./divergence.ts";
import { evaluatorAt, type ModelSnapshot } from "./evaluate.ts";
import type { EpochRecord, Evaluation } from "./history.ts";
import type { LogSink } from "./log.ts";
import { type FitEvent, type Hooks, type TrainingLoopOptions, runLoop } from "./loop.ts";
import type { AnyLoss, Loss, Reduction } from "./loss.ts";
import { makeRanks } from "./parallel/ranks.ts";
import { makeSharding, type ReduceMode } from "./parallel/sharding.ts";
import {
  handOut,
  type TrainingProgress,
  progressAt,
  type RunSnapshot,
  type RunTime,
  timeOf,
} from "./progress.ts";
import type { Stretch } from "./stretches.ts";
import { makeStepper } from "./step.ts";
import { explainUnawaited, noteBegun, watchIdle } from "./unawaited.ts";
import type { FitStopReason } from "./stopped.ts";
import type { World } from "./world.ts";
import { type Best, type EarlyStopping, type Monitor, type Plateau, watchOf, watchStart } from "./watch.ts";

/** Options of `fit`. */
export interface FitOptions<P, S, B, M = undefined> {
  /** Where to start: nested tensors. They are not changed. */
  readonly params: P & Like<NoInfer<P>>;
  /** What is to become small, as a function of parameters and a batch. */
  readonly loss: Loss<NoInfer<P>, NoInfer<B>, NoInfer<M>>;
  /**
   * What the model carries from batch to batch without learning it, as the statistics of `batchNorm`: nested tensors, the
   * first of them. The loss is given it as `modelState` and returns the next: `(p, batch, { modelState }) => ({ loss,
   * modelState })`. Steps of several batches hand it from one to the next; of batches that are cut into shards each shard
   * begins with it, and the next is their mean over items (integers are rounded). Validation reads it, and what a loss
   * returns there is forgotten after the last batch.
   */
  readonly modelState?: M | undefined;
  /** The batches: `dataset({ x, y }).shuffle({ seed }).batch(32)`, or any iterable of them. */
  readonly data: FitData<B>;
  /** How to step; it alone knows the learning rate. */
  readonly optimizer: Optimizer<NoInfer<P>, S>;
  /** How often to go through the data; `Infinity` until the loop is left. */
  readonly epochs: number;
  /** Seed of the random numbers that the loss is given (`key`). Default 0. The data has a seed of its own. */
  readonly seed?: number;
  /** Ends the run before the next step. */
  readonly signal?: AbortSignal | undefined;
  /** An event after each epoch (default), or after each step and each epoch. */
  readonly every?: "epoch" | "step";
  /** Whether the loss is a mean over the items of a batch (default) or their sum: the loss of an epoch is a mean over items. */
  readonly reduction?: Reduction;
  /**
   * How many batches make a step, 1 or more. Default 1. The gradient is that of their items together, so that memory for
   * one small batch does for the step of a large one; what is left at the end of an epoch makes a step of its own.
   */
  readonly accumulate?: number;
  /**
   * Whether each step tells the 2-norm of the gradient by each leaf of the parameters, as `gradientNorms` of its event and
   * entry. It costs a pass over the gradients. Default false.
   */
  readonly gradientNorms?: boolean;
  /** Data to measure the loss on after each epoch, with `training: false`; nothing is learnt from them. */
  readonly validation?: FitData<NoInfer<B>> | undefined;
  /** Stop when there is no more progress. */
  readonly earlyStopping?: EarlyStopping | undefined;
  /**
   * When the run counts as diverged though its numbers are finite, which ends it with an error; `false` for never. Looked
   * at after epochs 5, 10, 20, 40, …, from 100 steps on: where the losses of half of all epochs are above `factor`
   * (default 1000) without coming down, the parameters and those of the beginning are measured on the data of the epoch.
   * The run is lost where the former are worse by `factor` times the loss of the latter (or 1, if that is less), and
   * `unless` does not speak for it. Data that can be read but once are not looked at.
   */
  readonly divergence?: DivergenceRule | false | undefined;
  /** Keep the parameters of the epoch with the best loss, or of what else is named: `best` of the result. */
  readonly keepBest?: boolean | Monitor;
  /**
   * Lower the learning rate when there is no more progress: `reduceOnPlateau({ factor: 0.5, patience: 4 })`. The rate is
   * that of the optimiser times its scale.
   */
  readonly plateau?: ReduceOnPlateau | Plateau | undefined;
  /**
   * Where and when to save the run: `{ store: checkpointFolder("runs/a"), everySeconds: 60 }`; after each epoch if no time
   * is said, and always at its end, however it comes. What is saved is all that the run needs to go on as if nothing had
   * happened: parameters, state of the optimiser, what is watched, history, and the position in the data.
   */
  readonly checkpoint?: FitCheckpointOptions | undefined;
  /**
   * Go on where the checkpoint has it, with the same bits as a run that was never broken, if data and loss are functions
   * of their seeds. Begins anew if there is no checkpoint yet. Default false: then there must be none. `epochs` counts
   * from the beginning of the whole run.
   */
  readonly resume?: boolean;
  /**
   * The processes that share the work, as `openMpi()` of `downhill/distributed` gives them: each runs the same program, and
   * nothing else changes in it. Each batch is cut into `shards`, of which every rank does its part: `batch(64)` stays a step
   * of 64 items. All ranks come to the same parameters, history and end; rank 0 alone writes checkpoints, logs and warns.
   * Hooks and loops run on each.
   */
  readonly world?: World | undefined;
  /**
   * Into how many micro-batches each batch is cut, a power of two; default: as many as there are ranks. The bits of a run
   * depend on this number and not on that of the ranks, which may be any power of two up to it, also after `resume`. Works
   * without `world` too. Shard `s` has the items at places `s`, `s + shards`, … of a batch, with random numbers of its own
   * (`key`); one weighs as much as it has items.
   */
  readonly shards?: number;
  /**
   * How sums over ranks are made: `"tree"` (default), always in the same order, or `"fast"`, by the allreduce of the
   * transport, for which the bits of a run depend on the number of ranks and on how that transport adds.
   */
  readonly reduce?: ReduceMode;
  /** Functions to call after steps and epochs. */
  readonly hooks?: Hooks<NoInfer<P>, S, NoInfer<M>>;
  /** Where to tell what happens: functions such as `jsonLines` and `tensorBoard` give. Warnings go to the console without one. */
  readonly log?: LogSink | readonly LogSink[];
}

/** What a run has reached. */
export interface FitResult<P, S, M = undefined> extends RunSnapshot<P, S, M> {
  /** One record an epoch. */
  readonly history: readonly EpochRecord[];
  /** Steps taken. */
  readonly step: number;
  /** Epochs finished, and batches of the next one that are done. */
  readonly epoch: number;
  readonly batch: number;
  /** Of a run with checkpoints: its parts, each made by one call, with the `settings` that were given. */
  readonly stretches: readonly Stretch[];
  /** Why it ended. */
  readonly stopped: FitStopReason;
  /** The best epoch, with `keepBest`, once there is one. */
  readonly best: Best<P, M> | undefined;
  /** Where the time went. */
  readonly time: RunTime;
  /** What deserved attention. */
  readonly warnings: readonly string[];
}

/** A run of training: a loop over it gets its events, `await` its result. It begins with the one or the other. */
export interface Fit<P, S, M = undefined>
  extends AsyncIterable<FitEvent<P, S, M>>, PromiseLike<FitResult<P, S, M>> {
  /** What the run has reached by now; after an error, what it had reached before. */
  readonly latest: Omit<FitResult<P, S, M>, "stopped">;
}

/**
 * Trains: epoch by epoch and batch by batch, each step (loss, gradient, update) compiled as one. It pauses every few
 * milliseconds, so that a page stays responsive.
 *
 * The result is a loop and a promise at once: `for await` gets an event after every epoch (or step), and leaving the loop
 * ends the run; `await` runs to the end and gives the result. After a loop, `await` gives the result of that loop.
 *
 * Epoch losses are means over items, each taken before the step that it went into; PyTorch's loops print the same if they
 * weigh batches by their size.
 *
 * @throws DownhillError `nan` when loss or step are not finite, naming the step and the first operation that made such a
 * number, with advice; `latest` and the checkpoint have the state before it. `diverged` for a run that is lost though its
 * numbers are finite (`divergence`). `file` where a checkpoint cannot be written
 * (those before it stay whole), `data` for one of another run. `option`, `range`, `data` and `tree` for misuse.
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
  const {
    seed,
    accumulate,
    gradientNorms: hasNorms,
    reduction,
    validation,
    checkpoint,
    resume,
    divergence: rule,
    ...given
  } = checked(options);
  const { shards, reduce, world, optimizer, watch, signal, data } = given;
  const params = strong(options.params) as P;
  const modelState = options.modelState === undefined ? null : strong(options.modelState);
  const progress = progressAt<P, S>(params, optimizer.init(params), modelState, watchStart<P>(watch));
  const isScaled = watch.plateau !== undefined;
  const loss = options.loss as AnyLoss<P, B>;
  const ranks = makeRanks(world, signal);
  const sharding = makeSharding(shards, ranks, world, reduce);
  const { data: ownData, partsOf } = sharding.own(data);
  const summing = { accumulate, reduction, isScaled, hasNorms, sharding, partsOf };
  const stepping = { loss, optimizer, key: key(seed), ...summing };
  const measure = evaluatorAt<P, B>(loss, reduction, sharding);
  const validate =
    validation === undefined
      ? undefined
      : async (model: ModelSnapshot<P>): Promise<Evaluation> =>
          (await measure(model, validation, { epoch: 0, step: 0 })).evaluation;
  const log = ranks.rank === 0 ? given.log : [silent];
  const same = { seed, reduction, accumulate, shards };
  const saver =
    checkpoint === undefined || ranks.rank > 0
      ? undefined
      : makeSaver<P, S, B>({ checkpoint, resume, log, ...same });
  const divergence = rule === undefined ? undefined : { rule, start: { params, modelState }, measure };
  const settings = { ...same, reduce, epochs: given.epochs, ...watch, divergence: rule };
  const identity = { loss, optimizer, data, validation, settings };
  const stepper = makeStepper<P, S, B>(stepping);
  const loop = { ...given, ownData, sharding, identity, same, stepper, validate, saver, divergence, log };
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
        drain().catch(() => {}); // the error reaches whoever awaits
      }
      return settled.promise.then(onResult, onError);
    },
  };
  explainUnawaited(run);
  watchIdle(call);
  return run;
}

/** Rank 0 tells of a run; the others are as quiet as where somebody listens. */
const silent: LogSink = () => {};

function snapshot<P, S, M>(progress: TrainingProgress<P, S>): Fit<P, S, M>["latest"] {
  const reached = handOut(progress) as RunSnapshot<P, S, M>;
  const { history, step, epoch, batch, stretches, watch, warnings } = progress;
  const time = timeOf(progress);
  const place = { step, epoch, batch, stretches };
  const best = watch.best as Best<P, M> | undefined;
  return { ...reached, history: [...history], ...place, best, time, warnings };
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
  promise.catch(() => {}); // whoever loops gets an error in the loop, and need not await too
  return { promise, resolve, reject };
}

/** Plain numbers among parameters as tensors that keep their dtype beside others. */
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

interface CheckedOptions<B> {
  readonly world: World | undefined;
  readonly shards: number;
  readonly reduce: ReduceMode;
  readonly reduction: Reduction;
  readonly seed: number;
  readonly accumulate: number;
  readonly gradientNorms: boolean;
  readonly validation: FitData<B> | undefined;
  readonly checkpoint: FitCheckpointOptions | undefined;
  readonly resume: boolean;
  readonly divergence: Required<DivergenceRule> | undefined;
}

const optionNames = [
  "params",
  "loss",
  "modelState",
  "data",
  "optimizer",
  "epochs",
  "seed",
  "signal",
  "every",
  "reduction",
  "accumulate",
  "gradientNorms",
  "validation",
  "earlyStopping",
  "divergence",
  "keepBest",
  "plateau",
  "checkpoint",
  "resume",
  "world",
  "shards",
  "reduce",
  "hooks",
  "log",
] as const;

/** The options with their defaults. */
function checked<P, S, B, M>(
  options: FitOptions<P, S, B, M>,
): Pick<
  TrainingLoopOptions<P, S, B>,
  "optimizer" | "data" | "epochs" | "signal" | "every" | "hooks" | "watch" | "log"
> &
  CheckedOptions<B> {
  checkNeededOptions("fit", options, optionNames);
  const {
    data,
    optimizer,
    epochs,
    signal,
    seed = 0,
    every = "epoch",
    reduction = "mean",
    accumulate = 1,
    gradientNorms = false,
    validation,
    checkpoint,
    resume = false,
    world,
    shards = world?.size ?? 1,
    reduce = "tree",
    hooks: givenHooks = {},
    log = [],
  } = options;
  const hooks = givenHooks as Hooks<P, S, unknown>; // whose M is that of the options
  checkModel(options);
  checkData(data);
  if (!(epochs === Infinity || (Number.isInteger(epochs) && epochs >= 0))) {
    throw new DownhillError(
      "range",
      `fit: epochs must be an integer of 0 or more, or Infinity; got ${String(epochs)}.`,
    );
  }
  if (signal !== undefined && typeof signal.addEventListener !== "function") {
    throw new DownhillError(
      "option",
      "fit: signal must be an AbortSignal, as that of new AbortController().",
    );
  }
  checkChoice("fit", "every", every, ["epoch", "step"]);
  checkChoice("fit", "reduction", reduction, ["mean", "sum"]);
  checkAccumulate(accumulate, optimizer.searches === true);
  if (typeof gradientNorms !== "boolean") {
    throw new DownhillError("option", "fit: gradientNorms must be true or false.");
  }
  checkChoice("fit", "reduce", reduce, ["tree", "fast"]);
  checkShards(shards, world, optimizer.searches === true);
  if (validation !== undefined) checkData(validation, "fit: validation");
  checkHooks(hooks);
  if (checkpoint !== undefined) checkCheckpointOptions(checkpoint);
  if (typeof resume !== "boolean" || (resume && checkpoint === undefined)) {
    const what = typeof resume === "boolean" ? "needs a checkpoint to resume from" : "must be true or false";
    throw new DownhillError("option", `fit: resume ${what}, as in checkpoint: { store }, resume: true.`);
  }
  const sinks = typeof log === "function" ? [log] : log;
  if (!Array.isArray(sinks) || sinks.some((sink) => typeof sink !== "function")) {
    throw new DownhillError(
      "option",
      "fit: log must be a function or a list of functions, as jsonLines(write) gives.",
    );
  }
  const watch = watchOf(options);
  const shared = { optimizer, data, epochs, signal, every, reduction, hooks, watch, world, shards, reduce };
  const divergence = readDivergence(options.divergence);
  return {
    ...shared,
    log: sinks,
    seed,
    accumulate,
    gradientNorms,
    validation,
    checkpoint,
    resume,
    divergence,
  };
}

/** Checks what there is to train, and by what. */
function checkModel<P, S, B, M>({ params, loss, optimizer }: FitOptions<P, S, B, M>): void {
  if (params === undefined || flatten(params, "fit").leaves.length === 0) {
    throw new DownhillError("tree", "fit: params holds no tensor, so there is nothing to train.");
  }
  if (typeof loss !== "function") {
    throw new DownhillError("option", "fit: loss must be a function (params, batch) => a scalar tensor.");
  }
  if (typeof optimizer?.init !== "function" || typeof optimizer.update !== "function") {
    throw new DownhillError(
      "option",
      "fit: optimizer must be an optimiser, as in sgd({ learningRate: 0.1 }).",
    );
  }
}

function checkAccumulate(accumulate: unknown, searches: boolean): void {
  if (!(Number.isInteger(accumulate) && (accumulate as number) >= 1)) {
    throw new DownhillError(
      "range",
      `fit: accumulate must be a number of batches, 1 or more; got ${String(accumulate)}.`,
    );
  }
  if (searches && accumulate !== 1) {
    throw new DownhillError(
      "option",
      "fit: accumulate cannot be used with an optimiser that looks at the loss at other places, for it needs all items at once. Take larger batches instead.",
    );
  }
}

/** Checks that shards and ranks make a tree. */
function checkShards(shards: unknown, world: World | undefined, searches: boolean): void {
  if (world !== undefined && typeof world?.exchange !== "function") {
    throw new DownhillError("option", "fit: world must be a world, as in world: await openMpi().");
  }
  const ranks = world?.size ?? 1;
  if (!isPowerOfTwo(ranks)) {
    throw new DownhillError(
      "range",
      `fit: the number of ranks must be a power of two, for sums over them go by pairs; there are ${ranks}.`,
    );
  }
  if (!isPowerOfTwo(shards) || (shards as number) < ranks) {
    const least = ranks === 1 ? "" : ` and at least ${ranks}, the number of ranks`;
    throw new DownhillError(
      "range",
      `fit: shards must be a power of two${least}, for sums over them go by pairs; got ${String(shards)}.`,
    );
  }
  if (searches && shards !== 1) {
    throw new DownhillError(
      "option",
      "fit: an optimiser that looks at the loss at other places needs all items at once, and cannot have them cut into " +
        `${String(shards)} shards${ranks === 1 ? "" : ` for ${ranks} ranks`}. Run it in one process, without shards.`,
    );
  }
}

function isPowerOfTwo(n: unknown): boolean {
  return Number.isInteger(n) && Number.isInteger(Math.log2(n as number));
}

function checkHooks(hooks: unknown): void {
  checkOptions("fit: hooks", hooks, ["step", "epoch"]);
  for (const [name, hook] of Object.entries(hooks as object)) {
    if (hook === undefined || typeof hook === "function") continue;
    throw new DownhillError("option", `fit: hooks: ${name} must be a function; got ${typeof hook}.`);
  }
}
