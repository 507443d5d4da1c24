import type { EpochRecord, ItemSums } from "./history.ts";
import { noItems } from "./history.ts";
import { pointOf, type RestorePoint } from "./resident.ts";
import { makeDeviceRetirement, makeRetirement, type Retirement } from "./retire.ts";
import type { Stretch } from "./stretches.ts";
import type { TrainingState } from "./step.ts";
import type { WatchState } from "./watch.ts";

/** Totals of the unfinished epoch. Plain data. */
export interface EpochTotals {
  sums: ItemSums;
  learningRate: number | undefined;
  seconds: number;
  dataSeconds: number;
  computeSeconds: number;
}

export function freshEpoch(): EpochTotals {
  return { sums: noItems, learningRate: undefined, seconds: 0, dataSeconds: 0, computeSeconds: 0 };
}

/**
 * State of a run, sufficient to continue it. The loop mutates this object, `soFar` and `history`; everything else in it
 * is immutable.
 */
export interface TrainingProgress<P, S> extends TrainingState<P, S> {
  params: P;
  state: S;
  modelState: unknown;
  step: number;
  pending: TrainingState<P, S>["pending"];
  /** Number of finished epochs. */
  epoch: number;
  /** Number of batches done in the next epoch. */
  batch: number;
  soFar: EpochTotals;
  history: EpochRecord[];
  /** Stretches so far, in a run with checkpoints. */
  stretches: readonly Stretch[];
  watch: WatchState<P>;
  readonly rateScale: number;
  /** Last step in the log. Steps that are repeated after the loss of a device are not logged again. */
  told: number;
  validationSeconds: number;
  checkpointSeconds: number;
  warnings: readonly string[];
  /** Last state on the processor of a run on a device; undefined without a device. */
  point: RestorePoint<P, S> | undefined;
  /** Tracks which tensors may still be used by code outside of the training loop, so that the others can be freed. */
  readonly retirement: Retirement;
}

/** Seconds that a run has spent on each activity. For a resumed run, over all its stretches. */
export interface RunTime {
  /** Time spent waiting for batches of training data. */
  readonly data: number;
  /** Time spent on steps. */
  readonly compute: number;
  readonly validation: number;
  /** Time spent writing checkpoints. */
  readonly checkpoints: number;
}

/** Creates the state of a run that has not begun. */
export function progressAt<P, S>(
  params: P,
  state: S,
  modelState: unknown,
  watch: WatchState<P>,
  isOnDevice: boolean,
): TrainingProgress<P, S> {
  const retirement = isOnDevice ? makeDeviceRetirement() : makeRetirement();
  retirement.keep(params, state, modelState);
  const progress: TrainingProgress<P, S> = {
    retirement,
    point: undefined,
    params,
    state,
    modelState,
    step: 0,
    pending: undefined,
    epoch: 0,
    batch: 0,
    soFar: freshEpoch(),
    history: [],
    stretches: [],
    watch,
    get rateScale() {
      return this.watch.rateScale;
    },
    told: 0,
    validationSeconds: 0,
    checkpointSeconds: 0,
    warnings: [],
  };
  if (isOnDevice) progress.point = pointOf(progress);
  return progress;
}

/** Parameters and states of a run that outside code may keep. */
export interface RunSnapshot<P, S, M> {
  readonly params: P;
  /** State of the optimiser. */
  readonly state: S;
  /** State of the model, if it has one. */
  readonly modelState: M;
}

/** Returns parameters and states for outside code, and marks their tensors as kept so that they are not freed. */
export function handOut<P, S>(
  progress: Pick<TrainingProgress<P, S>, "params" | "state" | "modelState" | "retirement">,
): RunSnapshot<P, S, unknown> {
  const { params, state, modelState, retirement } = progress;
  retirement.keep(params, state, modelState);
  return { params, state, modelState: modelState ?? undefined };
}

/** Returns the duration of a run so far, by activity. */
export function timeOf({ history, soFar, ...progress }: TrainingProgress<unknown, unknown>): RunTime {
  const parts = [...history, soFar];
  return {
    data: parts.reduce((total, { dataSeconds }) => total + dataSeconds, 0),
    compute: parts.reduce((total, { computeSeconds }) => total + computeSeconds, 0),
    validation: progress.validationSeconds,
    checkpoints: progress.checkpointSeconds,
  };
}

/** Measures the time that the activities of an epoch take, and adds their durations to `progress`. */
export interface Clock {
  /** Starts counting time as waiting for a batch. */
  waits(): void;
  /** Starts counting time as computation. */
  computes(): void;
  /** Starts counting time as neither waiting nor computation. */
  goesOn(): void;
}

/** Creates the clock of the unfinished epoch of `progress`. */
export function makeClock(progress: TrainingProgress<unknown, unknown>): Clock {
  const { soFar } = progress;
  let last = performance.now();
  let part: "dataSeconds" | "computeSeconds" | undefined;
  const switchTo = (next: typeof part): void => {
    const now = performance.now();
    const spent = (now - last) / 1000;
    soFar.seconds += spent;
    if (part !== undefined) soFar[part] += spent;
    last = now;
    part = next;
  };
  return {
    waits: () => switchTo("dataSeconds"),
    computes: () => switchTo("computeSeconds"),
    goesOn: () => switchTo(undefined),
  };
}
