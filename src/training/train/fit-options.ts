import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkNeededOptions, checkOptions } from "../../engine/errors/options.ts";
import { requireDevice } from "../../engine/runtime/jitted.ts";
import { flatten } from "../../engine/tree/index.ts";
import { checkData, type FitData } from "./batches.ts";
import { checkCheckpointOptions, type FitCheckpointOptions } from "./checkpoint/store.ts";
import { type DivergenceRule, readDivergence } from "./divergence.ts";
import type { FitOptions } from "./fit.ts";
import type { Hooks, TrainingLoopOptions } from "./loop.ts";
import type { Reduction } from "./loss.ts";
import type { ReduceMode } from "./parallel/sharding.ts";
import { watchOf } from "./watch.ts";
import type { World } from "./world.ts";

/** Options of `fit` that were checked, with defaults. */
export interface CheckedOptions<B> {
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
  "device",
  "hooks",
  "log",
] as const;

/**
 * Checks the options of `fit` and fills in defaults.
 *
 * @throws DownhillError `option`, `range`, `data` or `tree`, naming the invalid option.
 */
export function checkedOptions<P, S, B, M>(
  options: FitOptions<P, S, B, M>,
): Pick<
  TrainingLoopOptions<P, S, B>,
  "optimizer" | "data" | "epochs" | "signal" | "every" | "hooks" | "watch" | "log" | "device"
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
    device,
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
      "fit: signal must be an AbortSignal, such as new AbortController().signal.",
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
      "fit: log must be a function or a list of functions, as returned by jsonLines(write).",
    );
  }
  checkDevice(device, world);
  const watch = watchOf(options);
  const shared = {
    optimizer,
    data,
    epochs,
    signal,
    every,
    reduction,
    hooks,
    watch,
    world,
    shards,
    reduce,
    device,
  };
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
      `fit: accumulate must be an integer of 1 or more; got ${String(accumulate)}.`,
    );
  }
  if (searches && accumulate !== 1) {
    throw new DownhillError(
      "option",
      "fit: accumulate cannot be used with an optimiser that evaluates the loss at other points, because it needs all items at once. Use larger batches instead.",
    );
  }
}

/**
 * Checks that sums over shards and ranks can be pairwise: both are powers of two, with at least one shard per rank. An
 * optimiser that `searches` allows only one shard.
 *
 * @throws DownhillError `range` or `option` otherwise, and `option` for an invalid `world`.
 */
function checkShards(shards: unknown, world: World | undefined, searches: boolean): void {
  if (world !== undefined && typeof world?.exchange !== "function") {
    throw new DownhillError("option", "fit: world must be a world, as in world: await openMpi().");
  }
  const ranks = world?.size ?? 1;
  if (!isPowerOfTwo(ranks)) {
    throw new DownhillError(
      "range",
      `fit: the number of ranks must be a power of two, because sums over them are pairwise; there are ${ranks}.`,
    );
  }
  if (!isPowerOfTwo(shards) || (shards as number) < ranks) {
    const least = ranks === 1 ? "" : ` and at least ${ranks}, the number of ranks`;
    throw new DownhillError(
      "range",
      `fit: shards must be a power of two${least}, because sums over them are pairwise; got ${String(shards)}.`,
    );
  }
  if (searches && shards !== 1) {
    throw new DownhillError(
      "option",
      "fit: an optimiser that evaluates the loss at other points needs all items at once, so they cannot be split into " +
        `${String(shards)} shards${ranks === 1 ? "" : ` for ${ranks} ranks`}. Run it in one process, without shards.`,
    );
  }
}

function checkDevice(device: unknown, world: World | undefined): void {
  if (device === "auto")
    throw new DownhillError(
      "option",
      'fit: device must be a device, such as the result of await openWebGpu(); only jit chooses by "auto". ' +
        "Leave device out to train on the processor.",
    );
  requireDevice("fit", device);
  if (device !== undefined && world !== undefined)
    throw new DownhillError("option", "fit: device cannot be combined with world. Leave one of them out.");
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
