import { optionError, quote, readCount, readNumber, readWhole } from "../shared/words.ts";
import { type Augmentation, augmentationWords, readAugmentation } from "./augmentation.ts";
import { factsOf } from "../shared/optimizer-table.ts";
import { defaultRate, defaultsOf, type SourceKind } from "./defaults.ts";
import { type OptimizationMethod, methodWords, readMethod } from "./method.ts";
import type { TrainRequest } from "./options.ts";
import { type DataSource, sourceWords } from "./source.ts";

/** Settings of a training run that `downhill train` reads from its options. */
export interface TrainingSettings {
  readonly method: OptimizationMethod;
  readonly batch: number | "full";
  /** Number of batches per step. */
  readonly accumulate: number;
  readonly epochs: number;
  readonly hidden: readonly number[];
  readonly augmentation: Augmentation | undefined;
  /** The share of the training part held out for validation; 0 for none. */
  readonly validation: number;
  /** The multiple of the first loss that counts as divergence; `undefined` for no limit. */
  readonly divergence: number | undefined;
  /** Number of epochs in a row without a better validation loss after which to stop; `undefined`: never. */
  readonly patience: number | undefined;
  readonly seed: number;
  /**
   * Number of micro-batches per batch, which affects the bits of a run. The number of ranks does not, so that it is not
   * a setting.
   */
  readonly shards: number;
}

/** Paths of the outputs of a run, and the batch after which it stops early. */
export interface OutputSettings {
  readonly report: string;
  readonly checkpoint: string | undefined;
  readonly resume: boolean;
  /** The number of batches, from the beginning of the run, after which it stops. */
  readonly until: number | undefined;
  readonly save: string | undefined;
  readonly tensorboard: string | undefined;
}

/**
 * Default multiple of the first loss above which a run may count as diverged. An untrained network has about the loss
 * of random guesses.
 */
const usualDivergence = 10;

/** The share that `--patience` holds out without `--val`. */
const impliedValidation = 0.1;

/**
 * Reads the training settings, with the defaults for the kind of data.
 *
 * @throws DownhillError `option` for invalid numbers and numbers out of range.
 */
export function readSettings(request: TrainRequest, kind: SourceKind): TrainingSettings {
  const method = readMethod(request, kind);
  const initial = defaultsOf(method.optimizer.name, kind);
  const patience = read(request.patience, (text) => readCount("--patience", text));
  const validation = read(request.val, (text) => readNumber("--val", text, { from: 0, to: 0.5 }));
  if (patience !== undefined && validation === 0) {
    throw optionError("--patience needs validation items: omit --val 0, or set --val 0.1.");
  }
  const needsWholeBatch = factsOf(method.optimizer.name).searchesLine === true;
  const accumulate = read(request.accumulate, (text) => readCount("--accumulate", text)) ?? 1;
  if (accumulate > 1 && needsWholeBatch) {
    throw optionError(
      `--accumulate does not go with ${method.optimizer.name}, which evaluates the loss of one batch along its steps.`,
    );
  }
  const ranks = readRanks(request);
  const shards = read(request.shards, (text) => readPowerOfTwo("--shards", text)) ?? ranks;
  if (shards < ranks) {
    throw optionError(`--shards must be at least ${ranks}, the number of ranks, got ${shards}.`);
  }
  if (shards > 1 && needsWholeBatch) {
    throw optionError(
      `${method.optimizer.name} evaluates the loss of whole batches along its steps: omit --ranks and --shards.`,
    );
  }
  return {
    method,
    batch: request.batch === "full" ? "full" : (read(request.batch, readBatch) ?? initial.batch),
    accumulate,
    epochs: read(request.epochs, (text) => readCount("--epochs", text)) ?? initial.epochs,
    hidden: read(request.hidden, readSizes) ?? initial.hidden,
    augmentation: read(request.augment, (text) => readAugmentation(text, kind)),
    validation: validation ?? (patience === undefined ? 0 : impliedValidation),
    divergence: readDivergence(request.divergence),
    patience,
    seed: read(request.seed, (text) => readWhole("--seed", text)) ?? 0,
    shards,
  };
}

/**
 * Reads where a run writes its outputs, and when it ends.
 *
 * @throws DownhillError `option` for options that require others.
 */
export function readPlaces(request: TrainRequest): OutputSettings {
  const { out, checkpoint, resume, save, tensorboard, tune } = request;
  if (resume && checkpoint === undefined) {
    throw optionError("--resume needs --checkpoint, the folder that the run was saved in.");
  }
  if (resume && tune !== undefined) {
    throw optionError(
      "--tune and --resume do not go together: a resumed run has its hyper-parameters already.",
    );
  }
  const until = read(request.until, (text) => readCount("--until", text));
  return { report: out ?? "downhill-report.html", checkpoint, resume, until, save, tensorboard };
}

/**
 * Returns a learning rate to try if that of these settings was too high: the default, or a tenth of the rate if the
 * default is not lower.
 */
export function lowerRate({ method }: TrainingSettings, kind: SourceKind): number {
  const { optimizer, learningRate } = method;
  const initial = defaultRate(optimizer.name, kind);
  return learningRate > initial ? initial : Number((learningRate / 10).toPrecision(2));
}

/** Returns the command that makes a run with these data and settings, independent of defaults. */
export function commandOf(source: DataSource, settings: TrainingSettings): string {
  return commandWords(source, settings).map(quote).join(" ");
}

/** Returns the words of the command that makes a run with these data and settings, independent of defaults. */
export function commandWords(source: DataSource, settings: TrainingSettings): readonly string[] {
  const {
    method,
    batch,
    accumulate,
    epochs,
    hidden,
    augmentation,
    validation,
    divergence,
    patience,
    seed,
    shards,
  } = settings;
  return ["downhill", "train"].concat(
    sourceWords(source),
    methodWords(method),
    ["--batch", String(batch)],
    accumulate === 1 ? [] : ["--accumulate", String(accumulate)],
    ["--epochs", String(epochs), "--hidden", hidden.length === 0 ? "none" : hidden.join(",")],
    augmentation === undefined ? [] : ["--augment", augmentationWords(augmentation)],
    validation === 0 ? [] : ["--val", String(validation)],
    divergence === usualDivergence ? [] : ["--divergence", String(divergence ?? "off")],
    patience === undefined ? [] : ["--patience", String(patience)],
    ["--seed", String(seed)],
    shards === 1 ? [] : ["--shards", String(shards)],
  );
}

/** Returns the settings as one flat object, for programs. */
export function flatSettings({
  method,
  shards,
  ...rest
}: TrainingSettings): Readonly<Record<string, unknown>> {
  const { optimizer, learningRate, momentum, schedule, plateau, clip } = method;
  const { options } = optimizer;
  return {
    optimizer: optimizer.name,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    learningRate,
    momentum,
    schedule,
    plateau,
    clip,
    ...rest,
    ...(shards === 1 ? {} : { shards }),
  };
}

function read<T>(text: string | undefined, reader: (text: string) => T): T | undefined {
  return text === undefined ? undefined : reader(text);
}

function readDivergence(text: string | undefined): number | undefined {
  if (text === undefined) return usualDivergence;
  return text === "off" ? undefined : readNumber("--divergence", text, { from: 1 });
}

function readBatch(text: string): number {
  return readCount("--batch", text, `, or "full"`);
}

function readSizes(text: string): readonly number[] {
  if (text === "none") return [];
  const parts = text.split(",").map((part) => part.trim());
  const most = 1_000_000;
  if (parts.every((part) => /^\d+$/.test(part) && Number(part) >= 1 && Number(part) <= most))
    return parts.map(Number);
  throw optionError(`--hidden must be sizes, as in 128 or 64,32, or "none"; got ${JSON.stringify(text)}.`);
}

/** Reads the number of ranks. @throws DownhillError `option` for a number that is not a power of two. */
export function readRanks({ ranks }: TrainRequest): number {
  return ranks === undefined ? 1 : readPowerOfTwo("--ranks", ranks);
}

/** Reads a number of ranks or shards. @throws DownhillError `option`. */
function readPowerOfTwo(name: string, text: string): number {
  const count = readCount(name, text);
  if (Number.isInteger(Math.log2(count))) return count;
  throw optionError(`${name} must be a power of two, because sums are added in pairs; got ${count}.`);
}
