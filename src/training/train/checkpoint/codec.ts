import { readElements } from "../../../engine/ir/elements.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { crc32c } from "../../io/crc32c.ts";
import { readSafetensors, writeSafetensors } from "../../io/safetensors.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { flatten } from "../../../engine/tree/index.ts";
import type { FitData } from "../batches.ts";
import { firstBad } from "../diverged.ts";
import type { EpochRecord, ItemSums } from "../history.ts";
import type { Reduction } from "../loss.ts";
import type { EpochTotals, TrainingProgress } from "../progress.ts";
import type { RunPosition, Stretch } from "../stretches.ts";
import type { Best, WatchState } from "../watch.ts";
import type { Checkpoint } from "./store.ts";
import {
  aCount,
  aNumber,
  anything,
  aText,
  type FormCheck,
  listOf,
  notOfForm,
  objectOf,
  orAbsent,
  orNull,
  recordOf,
} from "./form.ts";
import {
  aTree,
  exactJson,
  outlineOf,
  parseExactJson,
  readTree,
  type TreeText,
  writeTree,
} from "./tree-text.ts";

/** What must be the same in a run that goes on with a checkpoint. */
export interface RunOutline {
  readonly seed: number;
  readonly reduction: Reduction;
  readonly accumulate: number;
  /** Micro-batches of a batch; absent in checkpoints of earlier versions, where there was one. */
  readonly shards?: number;
  /** The parameters, the state of the optimiser and that of the model at the start, a line each. */
  readonly params: readonly string[];
  readonly state: readonly string[];
  /** Absent in checkpoints of earlier versions, where models had none. */
  readonly modelState?: readonly string[];
  /** Items and batches of an epoch, where the data tell. */
  readonly items: number | null;
  readonly batches: number | null;
}

/** The settings that must be the same. */
export type SameSettings = Required<Pick<RunOutline, "seed" | "reduction" | "accumulate" | "shards">>;

/** What must be the same, of a run that begins with these. */
export function outlineOfRun<B>(
  { seed, reduction, accumulate, shards }: SameSettings,
  { params, state, modelState }: TrainingProgress<unknown, unknown>,
  data: FitData<B>,
): RunOutline {
  const { count, batchCount } = "epoch" in data ? data : {};
  return {
    seed,
    reduction,
    accumulate,
    shards,
    params: outlineOf(params, "params"),
    state: outlineOf(state, "state"),
    ...(modelState === null ? {} : { modelState: outlineOf(modelState, "modelState") }),
    items: count ?? null,
    batches: batchCount ?? null,
  };
}

/** The last batch that was trained on: where it stood, and a checksum of its numbers. */
export interface LastBatch {
  readonly epoch: number;
  readonly batch: number;
  readonly crc32c: number;
}

/** All of a run but its tensors. */
interface RunText {
  readonly outline: RunOutline;
  readonly step: number;
  readonly epoch: number;
  readonly batch: number;
  readonly lastBatch: LastBatch | null;
  readonly soFar: EpochTotals;
  readonly history: readonly EpochRecord[];
  /** Absent in checkpoints of earlier versions. */
  readonly stretches?: readonly Stretch[];
  readonly params: TreeText;
  readonly state: TreeText;
  readonly modelState?: TreeText;
  readonly pending: {
    readonly count: number;
    readonly sums: ItemSums;
    readonly gradients: TreeText;
    readonly modelState?: TreeText;
  } | null;
  readonly watch: Omit<WatchState<never>, "best" | "plateau"> & {
    readonly plateau: WatchState<never>["plateau"] | null;
    readonly best:
      | (Omit<Best<never>, "params" | "modelState"> & {
          readonly params: TreeText;
          readonly modelState?: TreeText | undefined;
        })
      | null;
  };
  readonly validationSeconds: number;
  readonly checkpointSeconds: number;
}

const theMetrics = (): FormCheck => recordOf(aNumber);
const theSums = (): FormCheck => objectOf({ items: aNumber, loss: aNumber, metrics: theMetrics() });

/** What a `RunText` has to be: checkpoints may come from anywhere. */
const theRun = (): FormCheck =>
  objectOf({
    outline: objectOf({
      seed: aNumber,
      reduction: aText,
      accumulate: aCount,
      shards: orAbsent(aCount),
      params: listOf(aText),
      state: listOf(aText),
      modelState: orAbsent(listOf(aText)),
      items: orNull(aCount),
      batches: orNull(aCount),
    }),
    step: aCount,
    epoch: aCount,
    batch: aCount,
    lastBatch: orNull(objectOf({ epoch: aCount, batch: aCount, crc32c: aNumber })),
    soFar: objectOf({
      sums: theSums(),
      learningRate: orAbsent(aNumber),
      seconds: aNumber,
      dataSeconds: aNumber,
      computeSeconds: aNumber,
    }),
    history: listOf(
      objectOf({
        epoch: aCount,
        step: aCount,
        loss: aNumber,
        metrics: theMetrics(),
        validation: orAbsent(theSums()),
        learningRate: orAbsent(aNumber),
        rateScale: aNumber,
        items: aNumber,
        seconds: aNumber,
        dataSeconds: aNumber,
        computeSeconds: aNumber,
      }),
    ),
    stretches: orAbsent(
      listOf(
        objectOf({
          step: aCount,
          epoch: aCount,
          batch: aCount,
          time: orAbsent(aText),
        }),
      ),
    ),
    params: aTree,
    state: aTree,
    modelState: orAbsent(aTree),
    pending: orNull(
      objectOf({ count: aCount, sums: theSums(), gradients: aTree, modelState: orAbsent(aTree) }),
    ),
    watch: objectOf({
      rateScale: aNumber,
      bestForStopping: orAbsent(aNumber),
      epochsSince: aCount,
      plateau: orNull(recordOf(anything)),
      best: orNull(
        objectOf({
          params: aTree,
          modelState: orAbsent(aTree),
          epoch: aCount,
          step: aCount,
          value: aNumber,
          monitor: aText,
        }),
      ),
    }),
    validationSeconds: aNumber,
    checkpointSeconds: aNumber,
  });

/**
 * The state of a checkpoint from its JSON.
 *
 * @throws DownhillError `data`, with the path of what is not as it should be.
 */
function parseRun(json: string): RunText {
  let value: unknown;
  try {
    value = parseExactJson(json);
  } catch (cause) {
    const what = "its state is no JSON, or nested deeper than any run is";
    throw new DownhillError("data", `fit: the checkpoint is damaged, or none of downhill: ${what}.`, {
      cause,
    });
  }
  theRun()(value, "state");
  const run = value as RunText;
  if (run.history.length !== run.epoch) {
    throw notOfForm("state.history", `of ${run.epoch} epochs, as many as are finished`);
  }
  return run;
}

/** A tree of a checkpoint, which has to be as its outline says. */
function readOutlined(
  text: TreeText,
  tensors: ReadonlyMap<string, Tensor>,
  outline: readonly string[],
  root: "params" | "state" | "modelState",
): unknown {
  const tree = readTree(text, tensors);
  const difference = firstDifference(outline, outlineOf(tree, root));
  if (difference === undefined) return tree;
  throw notOfForm(`state.${root}`, `as its outline says: that has ${difference}`);
}

/** The state of a model from a checkpoint; `null` where it has none. */
function readModelState(
  text: TreeText | undefined,
  tensors: ReadonlyMap<string, Tensor>,
  outline: RunOutline,
): unknown {
  return text === undefined ? null : readOutlined(text, tensors, outline.modelState ?? [], "modelState");
}

/**
 * The state of a run as a checkpoint.
 *
 * @throws DownhillError `nan` for a state that is not worth keeping.
 */
export function writeCheckpoint(
  outline: RunOutline,
  progress: TrainingProgress<unknown, unknown>,
  lastBatch: LastBatch | null,
): Checkpoint {
  // batches that are cut into shards are done when they make a step: what is pending is read again
  const [pending] = (outline.shards === 1 ? progress.pending?.parts : undefined) ?? [];
  checkGood(progress, pending?.tree.gradients);
  const tensors = new Map<string, Tensor>();
  const { params, state, modelState, watch, step, epoch, batch, soFar, history, stretches } = progress;
  const writeState = (tree: unknown, root: string): { modelState?: TreeText } =>
    modelState === null ? {} : { modelState: writeTree(tree, root, tensors) };
  const { best, plateau, ...rest } = watch;
  const text: RunText = {
    outline,
    step,
    epoch,
    batch,
    lastBatch,
    soFar,
    history,
    stretches,
    params: writeTree(params, "params", tensors),
    state: writeTree(state, "state", tensors),
    ...writeState(modelState, "modelState"),
    pending:
      pending === undefined
        ? null
        : {
            count: progress.pending!.count,
            sums: pending.sums,
            gradients: writeTree(pending.tree.gradients, "gradients", tensors),
            ...writeState(pending.tree.modelState, "pendingModelState"),
          },
    watch: {
      ...rest,
      plateau: plateau ?? null,
      best:
        best === undefined
          ? null
          : {
              ...best,
              params: writeTree(best.params, "best", tensors),
              modelState: undefined, // JSON leaves it out
              ...writeState(best.modelState, "bestModelState"),
            },
    },
    validationSeconds: progress.validationSeconds,
    checkpointSeconds: progress.checkpointSeconds,
  };
  const about = { format: "downhill checkpoint", step: String(step) };
  return { step, tensors: writeSafetensors(tensors, about), state: exactJson(text) };
}

/** Refuses numbers that no run can go on from. Scalars of an optimiser may be infinite: a best value so far, for instance. */
function checkGood(
  { params, state, modelState, step }: TrainingProgress<unknown, unknown>,
  pending: unknown,
): void {
  const bad =
    firstBad(params, "params", "any") ??
    firstBad(state, "state", "scalars may be infinite") ??
    firstBad(modelState, "modelState", "all may be infinite") ??
    firstBad(pending ?? null, "gradients", "any");
  if (bad === undefined) return;
  throw new DownhillError(
    "nan",
    `fit: after step ${step}, ${bad.place} is ${bad.value}, so this state is not kept. ` +
      "Lower the learning rate, clip the gradients (clipByGlobalNorm) or scale the inputs (see standardise).",
  );
}

/**
 * Takes a checkpoint over into `progress`; gives the last batch that was trained on.
 *
 * @throws DownhillError `data` if it belongs to another run: other parameters, optimiser, data or seed.
 */
export function readCheckpoint(
  { tensors: bytes, state: json }: Checkpoint,
  outline: RunOutline,
  progress: TrainingProgress<unknown, unknown>,
): LastBatch | null {
  const text = parseRun(json);
  checkSame(text.outline, outline, text.step);
  const { tensors } = readSafetensors(bytes, { name: `checkpoint of step ${text.step}` });
  const { pending, watch } = text;
  const { best, plateau, ...rest } = watch;
  const { step, epoch, batch, soFar, history, stretches = [], validationSeconds, checkpointSeconds } = text;
  Object.assign(progress, {
    step,
    epoch,
    batch,
    soFar: { ...soFar, learningRate: soFar.learningRate },
    history: history.map((record) => ({ ...record, learningRate: record.learningRate })),
    stretches,
    params: readOutlined(text.params, tensors, outline.params, "params"),
    state: readOutlined(text.state, tensors, outline.state, "state"),
    modelState: readModelState(text.modelState, tensors, outline),
    pending:
      pending === null
        ? undefined
        : {
            count: pending.count,
            parts: [
              {
                sums: pending.sums,
                tree: {
                  gradients: readOutlined(pending.gradients, tensors, outline.params, "params"),
                  modelState: readModelState(pending.modelState, tensors, outline),
                },
                health: 0,
              },
            ],
          },
    watch: {
      ...rest,
      bestForStopping: rest.bestForStopping, // JSON leaves out what is undefined
      plateau: plateau ?? undefined,
      best:
        best === null
          ? undefined
          : {
              ...best,
              params: readOutlined(best.params, tensors, outline.params, "params"),
              modelState: readModelState(best.modelState, tensors, outline) ?? undefined,
            },
    } satisfies WatchState<unknown>,
    validationSeconds,
    checkpointSeconds,
  });
  return text.lastBatch;
}

/** The parameters of a checkpoint alone, or the state of its model; those of its best epoch, if it has one. */
export function readPart(
  { step, tensors: bytes, state }: Checkpoint,
  which: "last" | "best",
  part: "params" | "modelState",
): unknown {
  const run = parseRun(state);
  const text = which === "last" ? run[part] : run.watch.best?.[part];
  if (text === undefined) return undefined;
  return readTree(text, readSafetensors(bytes, { name: `checkpoint of step ${step}` }).tensors);
}

/** What a checkpoint tells of its run without the program that made it. */
export interface SavedRun extends Pick<RunOutline, "items" | "batches">, RunPosition {
  readonly stretches: readonly Stretch[];
  /** One record an epoch. */
  readonly history: readonly EpochRecord[];
  readonly params: unknown;
  /** The parameters of the best epoch, where the run kept them. */
  readonly best: { readonly params: unknown; readonly epoch: number } | undefined;
}

/** @throws DownhillError `data`, with the path of what is not as it should be. */
export function readSavedRun({ step, tensors: bytes, state }: Checkpoint): SavedRun {
  const { outline, epoch, batch, history, stretches = [], params, watch } = parseRun(state);
  const { tensors } = readSafetensors(bytes, { name: `checkpoint of step ${step}` });
  const { items, batches } = outline;
  const best = watch.best ?? undefined;
  return {
    step,
    epoch,
    batch,
    items,
    batches,
    stretches,
    history,
    params: readOutlined(params, tensors, outline.params, "params"),
    best: best && { epoch: best.epoch, params: readOutlined(best.params, tensors, outline.params, "params") },
  };
}

/** Refuses to go on with the state of another run. */
function checkSame(saved: RunOutline, now: RunOutline, step: number): void {
  const refuse = (what: string, repair: string): DownhillError =>
    new DownhillError("data", `fit: the checkpoint of step ${step} is of another run: ${what}. ${repair}`);
  for (const [name, whose] of [
    ["params", "the parameters"],
    ["state", "the state of the optimiser"],
    ["modelState", "the state of the model"],
  ] as const) {
    const difference = firstDifference(saved[name] ?? [], now[name] ?? []);
    if (difference === undefined) continue;
    const repair = `Give the ${name === "state" ? "optimiser" : "model"} that it was saved with, or begin anew in another folder.`;
    throw refuse(`${whose} had ${difference}`, repair);
  }
  const again = "Give the same, or begin anew in another folder.";
  if (saved.seed !== now.seed) throw refuse(`its seed was ${saved.seed}, this one is ${now.seed}`, again);
  if (saved.reduction !== now.reduction) {
    throw refuse(`its reduction was "${saved.reduction}", this one is "${now.reduction}"`, again);
  }
  if (saved.accumulate !== now.accumulate) {
    throw refuse(`a step took ${saved.accumulate} of its batches, here it takes ${now.accumulate}`, again);
  }
  const [shardsWere = 1, shardsAre = 1] = [saved.shards, now.shards];
  if (shardsWere !== shardsAre) {
    throw refuse(`its batches were cut into ${shardsWere} shards, here into ${shardsAre}`, again);
  }
  for (const [name, what] of [
    ["items", "items"],
    ["batches", "batches"],
  ] as const) {
    const [a, b] = [saved[name], now[name]];
    if (a !== null && b !== null && a !== b) {
      throw refuse(`its epochs had ${a} ${what}, these have ${b}`, "Give the same data and size of batches.");
    }
  }
}

/** `"a" where this one has "b"`, of the first lines that differ. */
function firstDifference(saved: readonly string[], now: readonly string[]): string | undefined {
  const [was, is] = [new Set(saved), new Set(now)];
  const before = saved.find((line) => !is.has(line));
  const after = now.find((line) => !was.has(line));
  if (before === undefined && after === undefined) return undefined;
  const show = (line: string | undefined): string =>
    line === undefined ? "nothing" : line.replace(": ", ", ");
  return before === undefined
    ? `no ${show(after)}`
    : `${show(before)}${after === undefined ? "" : `, where this run has ${show(after)}`}`;
}

/** A checksum of all numbers of a batch. */
export function checksumOfBatch(batch: unknown): number {
  const sums = flatten(batch, "fit").leaves.map((leaf) => {
    const data = readElements(asTensor(leaf, "fit"), "fit");
    return crc32c(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
  return crc32c(new Uint8Array(Uint32Array.from(sums).buffer));
}
