/** Part of a run made by one call of `fit`: its start, time and settings. A run that was resumed has several. */
export interface Stretch {
  /**
   * Number of steps taken before the stretch. `epoch` is the number of finished epochs, and `batch` the number of
   * batches done in the next epoch.
   */
  readonly step: number;
  readonly epoch: number;
  readonly batch: number;
  /** Time of its beginning in ISO 8601; absent if the checkpoint does not record it. */
  readonly time?: string;
  /** The value that this call of `fit` received as `checkpoint.settings`. Absent if none was given. */
  readonly settings?: unknown;
}

/** Position in a run: numbers of steps, finished epochs, and batches of the next epoch. */
export type RunPosition = Pick<Stretch, "step" | "epoch" | "batch">;

/**
 * Appends a stretch that begins now, and removes stretches in which nothing was done. For a checkpoint without
 * stretches, from an earlier version, adds one from the beginning of the run.
 */
export function withStretch(
  former: readonly Stretch[],
  { step, epoch, batch }: RunPosition,
  settings: unknown,
): readonly Stretch[] {
  const place = { step, epoch, batch };
  const done = former.filter((_, i) => !isSame(former[i + 1] ?? place, former[i]!));
  // A checkpoint of an earlier version, which does not record the beginning of the run.
  const begin = done.length === 0 && (epoch > 0 || batch > 0) ? [{ step: 0, epoch: 0, batch: 0 }] : [];
  const time = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  return [...begin, ...done, { ...place, time, ...(settings === undefined ? {} : { settings }) }];
}

function isSame(a: RunPosition, b: RunPosition): boolean {
  return a.epoch === b.epoch && a.batch === b.batch;
}
