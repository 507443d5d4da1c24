/**
 * A part of a run that was made in one go, by one call of `fit`: where it began, when, and with what. A run that was resumed
 * has several.
 */
export interface Stretch {
  /** Steps taken, epochs finished and batches of the next one done when it began. */
  readonly step: number;
  readonly epoch: number;
  readonly batch: number;
  /** When it began, as ISO 8601 has it; absent where the checkpoint does not tell. */
  readonly time?: string;
  /** The option `settings` of its `checkpoint`; absent where there was none. */
  readonly settings?: unknown;
}

/** Where a run stands. */
export type RunPosition = Pick<Stretch, "step" | "epoch" | "batch">;

/** The stretches of a run with one that begins now; those in which nothing was done are left out. */
export function withStretch(
  former: readonly Stretch[],
  { step, epoch, batch }: RunPosition,
  settings: unknown,
): readonly Stretch[] {
  const place = { step, epoch, batch };
  const done = former.filter((_, i) => !isSame(former[i + 1] ?? place, former[i]!));
  // a checkpoint that does not tell how the run began, of an earlier version
  const begin = done.length === 0 && (epoch > 0 || batch > 0) ? [{ step: 0, epoch: 0, batch: 0 }] : [];
  const time = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  return [...begin, ...done, { ...place, time, ...(settings === undefined ? {} : { settings }) }];
}

function isSame(a: RunPosition, b: RunPosition): boolean {
  return a.epoch === b.epoch && a.batch === b.batch;
}
