import { batchesOf, type FitData } from "../batches.ts";
import { type LogSink, tell } from "../log.ts";
import type { TrainingProgress } from "../progress.ts";
import { bringHome } from "../resident.ts";
import {
  checksumOfBatch,
  type LastBatch,
  outlineOfRun,
  readCheckpoint,
  type RunOutline,
  type SameSettings,
  writeCheckpoint,
} from "./codec.ts";
import { withStretch } from "../stretches.ts";
import { type Checkpoint, type FitCheckpointOptions, plainSettings } from "./store.ts";
import { DownhillError } from "../../../engine/errors/index.ts";

/** Saves the checkpoints of a run. */
export interface Saver<P, S, B> {
  /**
   * Restores the run from its last checkpoint, if there is one, and returns this checkpoint.
   *
   * @throws DownhillError `data` if it belongs to another run, `option` if there is one and `resume` is false, `file`
   *   if another run saves to the same store.
   */
  readonly begin: (progress: TrainingProgress<P, S>, data: FitData<B>) => Promise<Checkpoint | undefined>;
  /**
   * Remembers the batch that was trained on last, whose checksum the next checkpoint contains. Without `batch`, because
   * this process does not hold the whole batch, the batch is read again from the data.
   */
  readonly note: (batch: B | undefined, progress: TrainingProgress<P, S>) => void;
  /**
   * Saves the run if at least `everySteps` steps or `everySeconds` have passed since the last checkpoint or the start.
   * If neither option is set, saves at the end of each epoch.
   */
  readonly saveIfDue: (progress: TrainingProgress<P, S>, isEndOfEpoch: boolean) => Promise<void>;
  /** Saves the run, unless it has not advanced since the last checkpoint or the start. */
  readonly finish: (progress: TrainingProgress<P, S>) => Promise<void>;
  /** Releases the lock of the store. */
  readonly close: () => Promise<void>;
  /** Number of steps of the last checkpoint, saved or resumed from; `undefined` before the first. */
  readonly savedStep: () => number | undefined;
}

/** Options of `makeSaver`. */
export interface SaverOptions extends SameSettings {
  readonly checkpoint: FitCheckpointOptions;
  readonly resume: boolean;
  readonly log: readonly LogSink[];
}

/** Last batch that was trained on, if available, and its position. */
interface TrainedBatch<B> {
  readonly batch: B | undefined;
  readonly epoch: number;
  readonly index: number;
}

/** Creates a saver from the options of `fit`. */
export function makeSaver<P, S, B>({
  checkpoint: { store, everySteps, everySeconds, settings },
  resume,
  log,
  ...same
}: SaverOptions): Saver<P, S, B> {
  let outline: RunOutline | undefined;
  let release: (() => Promise<void>) | undefined;
  let saved: { readonly place: string; readonly step: number; readonly at: number } | undefined;
  let began = { place: "", at: performance.now() };
  let source: FitData<B> | undefined;
  let lastBatch: TrainedBatch<B> | LastBatch | null = null;

  const placeOf = ({ step, epoch, batch }: TrainingProgress<P, S>): string => `${step} ${epoch} ${batch}`;
  const writtenLastBatch = async (): Promise<LastBatch | null> => {
    if (lastBatch === null || "crc32c" in lastBatch) return lastBatch;
    const { epoch, index } = lastBatch;
    const batch = lastBatch.batch ?? (await batchAt(source!, { epoch, batch: index }));
    return batch === undefined ? null : { epoch, batch: index, crc32c: checksumOfBatch(batch) };
  };
  const save = async (progress: TrainingProgress<P, S>): Promise<void> => {
    const begin = performance.now();
    const checkpoint = writeCheckpoint(outline!, progress, await writtenLastBatch());
    await store.save(checkpoint);
    const end = performance.now();
    const seconds = (end - begin) / 1000;
    progress.checkpointSeconds += seconds;
    const { step, epoch, batch } = progress;
    saved = { place: placeOf(progress), step, at: end };
    const bytes = checkpoint.tensors.length + checkpoint.state.length;
    await tell(log, { kind: "checkpoint", step, epoch, batch, bytes, seconds });
  };

  const take = async (
    progress: TrainingProgress<P, S>,
    data: FitData<B>,
  ): Promise<Checkpoint | undefined> => {
    source = data;
    outline = outlineOfRun(same, progress, data);
    const { checkpoint, warnings } = await store.load();
    for (const message of warnings) await warn(log, progress, message);
    began = { place: placeOf(progress), at: performance.now() };
    if (checkpoint !== undefined && !resume) throw notEmpty(checkpoint.step);
    const last = checkpoint === undefined ? null : readCheckpoint(checkpoint, outline, progress);
    const plain = settings === undefined ? undefined : plainSettings(settings);
    progress.stretches = withStretch(progress.stretches, progress, plain);
    if (checkpoint === undefined) return undefined;
    lastBatch = last;
    saved = { place: placeOf(progress), step: checkpoint.step, at: began.at };
    if (!(await isSameBatch(data, last))) await warn(log, progress, otherData(checkpoint.step));
    return checkpoint;
  };

  return {
    async begin(progress, data) {
      release = await store.lock?.();
      try {
        return await take(progress, data);
      } catch (error) {
        await this.close();
        throw error;
      }
    },
    note(batch, { epoch, batch: done }) {
      lastBatch = { batch, epoch, index: done - 1 };
    },
    async saveIfDue(progress, isEndOfEpoch) {
      const isDue =
        everySteps === undefined && everySeconds === undefined
          ? isEndOfEpoch
          : (everySteps !== undefined && progress.step - (saved?.step ?? 0) >= everySteps) ||
            (everySeconds !== undefined &&
              performance.now() - (saved?.at ?? began.at) >= everySeconds * 1000);
      if (!isDue) return;
      await bringHome(progress);
      await save(progress);
    },
    async finish(progress) {
      if (placeOf(progress) !== (saved ?? began).place) await save(progress);
    },
    async close() {
      await release?.();
      release = undefined;
    },
    savedStep: () => saved?.step,
  };
}

/** Adds a warning to those of the run and sends it to the log; prints it on the console if there is no log. */
export async function warn(
  log: readonly LogSink[],
  progress: TrainingProgress<never, never> | { warnings: readonly string[] },
  message: string,
): Promise<void> {
  progress.warnings = [...progress.warnings, message];
  // oxlint-disable-next-line no-console -- a damaged checkpoint must not go unnoticed where nobody listens
  if (log.length === 0) console.warn(message.startsWith("fit: ") ? message : `fit: ${message}`);
  await tell(log, { kind: "warning", message });
}

/**
 * True if the data have the same numbers at the position of the last batch. Also true if there is no last batch, or if
 * the comparison would require reading all data.
 */
async function isSameBatch<B>(data: FitData<B>, last: LastBatch | null): Promise<boolean> {
  if (last === null || !hasPlaces(data)) return true;
  const batch = await batchAt(data, last);
  return batch !== undefined && checksumOfBatch(batch) === last.crc32c;
}

/**
 * True if the data report their number of batches. Then reading can begin at any batch without reading the batches
 * before it.
 */
function hasPlaces<B>(data: FitData<B>): boolean {
  return "epoch" in data && typeof data.batchCount === "number";
}

/** Returns the batch at a position; `undefined` if there is none, or if finding it would require reading all data. */
async function batchAt<B>(
  data: FitData<B>,
  { epoch, batch: from }: Pick<LastBatch, "epoch" | "batch">,
): Promise<B | undefined> {
  if (!hasPlaces(data)) return undefined;
  for await (const batch of batchesOf(data, { epoch, from })) return batch;
  return undefined;
}

function otherData(step: number): string {
  return `the data differ from those that the checkpoint of step ${step} was trained on: other numbers, another order, or another seed. The run continues, but its result differs from that of an unbroken run.`;
}

function notEmpty(step: number): DownhillError {
  return new DownhillError(
    "option",
    `fit: there is a checkpoint of step ${step} already. Set resume: true to continue that run, or use another store.`,
  );
}
