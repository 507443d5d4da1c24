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

/** Properties of a run that must match those of the checkpoint it resumes from. */
export interface RunOutline {
  readonly seed: number;
  readonly reduction: Reduction;
  readonly accumulate: number;
  /** Number of micro-batches per batch. Checkpoints of earlier versions lack it; they had one. */
  readonly shards?: number;
  /**
   * Outline of the initial parameters, one line per leaf. `state` is that of the optimiser, and `modelState` that of
   * the model.
   */
  readonly params: readonly string[];
  readonly state: readonly string[];
  /**
   * Outline of the initial state of the model. Absent in checkpoints of earlier versions, in which models had no state.
   */
  readonly modelState?: readonly string[];
  /** Number of items per epoch; `null` if the data do not report it. `batches` is the number of batches per epoch. */
  readonly items: number | null;
  readonly batches: number | null;
}

/** Settings of `fit` that must be the same when a run resumes. */
export type SameSettings = Required<Pick<RunOutline, "seed" | "reduction" | "accumulate" | "shards">>;

/** Builds the outline of a run from its settings, its initial state and its data. */
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

/** Position of the last batch that was trained on, and a CRC-32C checksum of its numbers. */
export interface LastBatch {
  readonly epoch: number;
  readonly batch: number;
  readonly crc32c: number;
}

/** JSON part of a checkpoint: the whole state of a run except the elements of its tensors. */
interface RunText {
  readonly outline: RunOutline;
  readonly step: number;
  readonly epoch: number;
  readonly batch: number;
  readonly lastBatch: LastBatch | null;
  readonly soFar: EpochTotals;
  readonly history: readonly EpochRecord[];
  /** Stretches of the run so far. Absent in checkpoints of earlier versions. */
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

/** Returns the form that a `RunText` must have. Checkpoints are checked because they may come from anywhere. */
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
 * Parses and checks the JSON part of a checkpoint.
 *
 * @throws DownhillError `data`, with the path of the invalid value.
 */
function parseRun(json: string): RunText {
  let value: unknown;
  try {
    value = parseExactJson(json);
  } catch (cause) {
    const what = "its state is not JSON, or is nested too deeply";
    throw new DownhillError(
      "data",
      `fit: the checkpoint is damaged, or was not written by downhill: ${what}.`,
      {
        cause,
      },
    );
  }
  theRun()(value, "state");
  const run = value as RunText;
  if (run.history.length !== run.epoch) {
    throw notOfForm("state.history", `a list of ${run.epoch} records, one per finished epoch`);
  }
  return run;
}

/**
 * Reads a tree of a checkpoint.
 *
 * @throws DownhillError `data` if its structure, shapes or dtypes do not match the outline.
 */
function readOutlined(
  text: TreeText,
  tensors: ReadonlyMap<string, Tensor>,
  outline: readonly string[],
  root: "params" | "state" | "modelState",
): unknown {
  const tree = readTree(text, tensors);
  const difference = firstDifference(outline, outlineOf(tree, root));
  if (difference === undefined) return tree;
  throw notOfForm(`state.${root}`, `as its outline describes: the outline has ${difference}`);
}

/**
 * Reads the state of the model from a checkpoint; `null` if the checkpoint has none.
 *
 * @throws DownhillError `data` if it does not match its outline.
 */
function readModelState(
  text: TreeText | undefined,
  tensors: ReadonlyMap<string, Tensor>,
  outline: RunOutline,
): unknown {
  return text === undefined ? null : readOutlined(text, tensors, outline.modelState ?? [], "modelState");
}

/**
 * Writes the state of a run as a checkpoint.
 *
 * @throws DownhillError `nan` if parameters, state or gradients hold non-finite numbers from which no run can continue.
 */
export function writeCheckpoint(
  outline: RunOutline,
  progress: TrainingProgress<unknown, unknown>,
  lastBatch: LastBatch | null,
): Checkpoint {
  // With shards, the batches of an unfinished step are not saved; the resumed run reads them again.
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
              modelState: undefined, // omitted by JSON
              ...writeState(best.modelState, "bestModelState"),
            },
    },
    validationSeconds: progress.validationSeconds,
    checkpointSeconds: progress.checkpointSeconds,
  };
  const about = { format: "downhill checkpoint", step: String(step) };
  return { step, tensors: writeSafetensors(tensors, about), state: exactJson(text) };
}

/**
 * Checks that the numbers of a run can be trained on. Scalars of the optimiser, such as a best value so far, and
 * numbers of the model state may be infinite.
 *
 * @throws DownhillError `nan` for any other number that is not finite.
 */
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
    `fit: after step ${step}, ${bad.place} is ${bad.value}, so this state is not saved. ` +
      "Lower the learning rate, clip the gradients (clipByGlobalNorm) or scale the inputs (see standardise).",
  );
}

/**
 * Restores a checkpoint into `progress`. Returns the last batch that was trained on.
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
      bestForStopping: rest.bestForStopping, // JSON omits undefined values
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

/**
 * Reads only the parameters of a checkpoint, or only the state of its model, at the last step or at the best epoch.
 * Returns `undefined` if there is no best epoch, or the model has no state.
 */
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

/** Content of a checkpoint that can be read without the program that wrote it. */
export interface SavedRun extends Pick<RunOutline, "items" | "batches">, RunPosition {
  readonly stretches: readonly Stretch[];
  /** One record per epoch. */
  readonly history: readonly EpochRecord[];
  readonly params: unknown;
  /** Parameters of the best epoch, if the run kept them. */
  readonly best: { readonly params: unknown; readonly epoch: number } | undefined;
}

/**
 * Reads a checkpoint without the program that wrote it. @throws DownhillError `data`, with the path of the invalid
 * value.
 */
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

/**
 * Compares the outline in a checkpoint with that of the present run. Numbers of items and batches are compared only if
 * both are known.
 *
 * @throws DownhillError `data` if they differ.
 */
function checkSame(saved: RunOutline, now: RunOutline, step: number): void {
  const refuse = (what: string, repair: string): DownhillError =>
    new DownhillError(
      "data",
      `fit: the checkpoint of step ${step} belongs to another run: ${what}. ${repair}`,
    );
  for (const [name, whose] of [
    ["params", "the parameters"],
    ["state", "the state of the optimiser"],
    ["modelState", "the state of the model"],
  ] as const) {
    const difference = firstDifference(saved[name] ?? [], now[name] ?? []);
    if (difference === undefined) continue;
    const repair = `Pass the ${name === "state" ? "optimiser" : "model"} that it was saved with, or start a new run in another folder.`;
    throw refuse(`${whose} had ${difference}`, repair);
  }
  const again = "Pass the same value, or start a new run in another folder.";
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
      throw refuse(`its epochs had ${a} ${what}, these have ${b}`, "Pass the same data and batch size.");
    }
  }
}

/**
 * Describes the first line of `saved` that is missing in `now`, and the reverse, as in `"a", where this run has "b"`.
 * Returns `undefined` if the outlines match.
 */
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

/** Returns a CRC-32C checksum over the elements of all tensors in a batch, in the order of the leaves. */
export function checksumOfBatch(batch: unknown): number {
  const sums = flatten(batch, "fit").leaves.map((leaf) => {
    const data = readElements(asTensor(leaf, "fit"), "fit");
    return crc32c(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
  return crc32c(new Uint8Array(Uint32Array.from(sums).buffer));
}
