import { batchesOf, type FitData } from "../batches.ts";
import { type LogSink, tell } from "../log.ts";
import type { Progress } from "../progress.ts";
import {
  checksumOfBatch,
  type LastBatch,
  outlineOfRun,
  readCheckpoint,
  type RunOutline,
  writeCheckpoint,
} from "./codec.ts";
import { withStretch } from "../stretches.ts";
import { type CheckpointOptions, plainSettings } from "./store.ts";
import { DownhillError } from "../../errors/index.ts";

/** Saves a run as it goes on. */
export interface Saver<P, S, B> {
  /**
   * Takes up the run where its last checkpoint has it, if there is one; says whether there was.
   *
   * @throws DownhillError `data` if it belongs to another run, `option` if there is one and it was not to be resumed,
   * `file` if another run saves to the same store.
   */
  readonly begin: (progress: Progress<P, S>, data: FitData<B>) => Promise<boolean>;
  /** Notes the batch that was trained on last. */
  readonly note: (batch: B, progress: Progress<P, S>) => void;
  /** Saves if it is time to; at the end of an epoch it is if nothing else was said. */
  readonly saveIfDue: (progress: Progress<P, S>, isEndOfEpoch: boolean) => Promise<void>;
  /** Saves what has not been saved yet. */
  readonly finish: (progress: Progress<P, S>) => Promise<void>;
  /** Leaves the store to others. */
  readonly close: () => Promise<void>;
  /** The step of the last checkpoint. */
  readonly savedStep: () => number | undefined;
}

/** What a saver has to know. */
export interface SaverOptions extends Pick<RunOutline, "seed" | "reduction" | "accumulate"> {
  readonly checkpoint: CheckpointOptions;
  readonly resume: boolean;
  readonly log: readonly LogSink[];
}

/** A saver by the options of `fit`. */
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
  let lastBatch: { readonly batch: B; readonly epoch: number; readonly index: number } | LastBatch | null =
    null;

  const placeOf = ({ step, epoch, batch }: Progress<P, S>): string => `${step} ${epoch} ${batch}`;
  const writtenLastBatch = (): LastBatch | null => {
    if (lastBatch === null || "crc32c" in lastBatch) return lastBatch;
    const { batch, epoch, index } = lastBatch;
    return { epoch, batch: index, crc32c: checksumOfBatch(batch) };
  };
  const save = async (progress: Progress<P, S>): Promise<void> => {
    const begin = performance.now();
    const checkpoint = writeCheckpoint(outline!, progress, writtenLastBatch());
    await store.save(checkpoint);
    const end = performance.now();
    const seconds = (end - begin) / 1000;
    progress.checkpointSeconds += seconds;
    const { step, epoch, batch } = progress;
    saved = { place: placeOf(progress), step, at: end };
    const bytes = checkpoint.tensors.length + checkpoint.state.length;
    await tell(log, { kind: "checkpoint", step, epoch, batch, bytes, seconds });
  };

  const take = async (progress: Progress<P, S>, data: FitData<B>): Promise<boolean> => {
    outline = outlineOfRun(same, progress, data);
    const { checkpoint, warnings } = await store.load();
    for (const message of warnings) await warn(log, progress, message);
    began = { place: placeOf(progress), at: performance.now() };
    if (checkpoint !== undefined && !resume) throw notEmpty(checkpoint.step);
    const last = checkpoint === undefined ? null : readCheckpoint(checkpoint, outline, progress);
    const plain = settings === undefined ? undefined : plainSettings(settings);
    progress.stretches = withStretch(progress.stretches, progress, plain);
    if (checkpoint === undefined) return false;
    lastBatch = last;
    saved = { place: placeOf(progress), step: checkpoint.step, at: began.at };
    if (!(await isSameBatch(data, last))) await warn(log, progress, otherData(checkpoint.step));
    return true;
  };

  return {
    async begin(progress, data) {
      release = await store.lock?.();
      try {
        return await take(progress, data);
      } catch (error) {
        await release?.();
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
      if (isDue) await save(progress);
    },
    async finish(progress) {
      if (placeOf(progress) !== (saved ?? began).place) await save(progress);
    },
    close: async () => release?.(),
    savedStep: () => saved?.step,
  };
}

/** Keeps a warning and tells of it; on the console where nobody else listens. */
export async function warn(
  log: readonly LogSink[],
  progress: Progress<never, never> | { warnings: readonly string[] },
  message: string,
): Promise<void> {
  progress.warnings = [...progress.warnings, message];
  // oxlint-disable-next-line no-console -- a damaged checkpoint must not go unnoticed where nobody listens
  if (log.length === 0) console.warn(message.startsWith("fit: ") ? message : `fit: ${message}`);
  await tell(log, { kind: "warning", message });
}

/** Whether the data have the same numbers at the place of the last batch; true where finding out would mean to read all. */
async function isSameBatch<B>(data: FitData<B>, last: LastBatch | null): Promise<boolean> {
  if (last === null || !("epoch" in data) || typeof data.batchCount !== "number") return true;
  for await (const batch of batchesOf(data, { epoch: last.epoch, from: last.batch })) {
    return checksumOfBatch(batch) === last.crc32c;
  }
  return false;
}

function otherData(step: number): string {
  return `the data are not those that the checkpoint of step ${step} was trained on: other numbers, another order, or another seed. The run goes on, but is not what it would have become.`;
}

function notEmpty(step: number): DownhillError {
  return new DownhillError(
    "option",
    `fit: there is a checkpoint of step ${step} already. Say resume: true to go on with that run, or keep this one elsewhere.`,
  );
}
