import type { EpochRecord, ItemSums } from "./history.ts";
import { noItems } from "./history.ts";
import { makeRetirement, type Retirement } from "./retire.ts";
import type { Stretch } from "./stretches.ts";
import type { TrainingState } from "./step.ts";
import type { WatchState } from "./watch.ts";

/** What an epoch that is going on has added up so far: plain data. */
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
 * How far a run has come: all that is needed to go on from there. The loop changes it, `soFar` and `history`; everything
 * else that it holds is immutable.
 */
export interface TrainingProgress<P, S> extends TrainingState<P, S> {
  params: P;
  state: S;
  modelState: unknown;
  step: number;
  pending: TrainingState<P, S>["pending"];
  /** Epochs finished. */
  epoch: number;
  /** Batches of the next epoch that are done. */
  batch: number;
  soFar: EpochTotals;
  history: EpochRecord[];
  /** Of a run with checkpoints: how it came to where it is. */
  stretches: readonly Stretch[];
  watch: WatchState<P>;
  readonly rateScale: number;
  validationSeconds: number;
  checkpointSeconds: number;
  warnings: readonly string[];
  /** Which of its tensors others may hold. */
  readonly retirement: Retirement;
}

/** Where the time of a run went, in seconds; of a resumed run, in all its parts together. */
export interface RunTime {
  /** Waiting for batches of the training data. */
  readonly data: number;
  /** Steps. */
  readonly compute: number;
  readonly validation: number;
  /** Writing checkpoints. */
  readonly checkpoints: number;
}

/** A run that has not begun. */
export function progressAt<P, S>(
  params: P,
  state: S,
  modelState: unknown,
  watch: WatchState<P>,
): TrainingProgress<P, S> {
  const retirement = makeRetirement();
  retirement.keep(params, state, modelState);
  return {
    retirement,
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
    validationSeconds: 0,
    checkpointSeconds: 0,
    warnings: [],
  };
}

/** What a run has reached, for others, who may hold on to it. */
export interface RunSnapshot<P, S, M> {
  readonly params: P;
  /** State of the optimiser. */
  readonly state: S;
  /** State of the model, where it has one. */
  readonly modelState: M;
}

/** Parameters and states for others, who may hold on to them. */
export function handOut<P, S>(progress: TrainingProgress<P, S>): RunSnapshot<P, S, unknown> {
  const { params, state, modelState, retirement } = progress;
  retirement.keep(params, state, modelState);
  return { params, state, modelState: modelState ?? undefined };
}

/** Where the time of a run went so far. */
export function timeOf({ history, soFar, ...progress }: TrainingProgress<unknown, unknown>): RunTime {
  const parts = [...history, soFar];
  return {
    data: parts.reduce((total, { dataSeconds }) => total + dataSeconds, 0),
    compute: parts.reduce((total, { computeSeconds }) => total + computeSeconds, 0),
    validation: progress.validationSeconds,
    checkpoints: progress.checkpointSeconds,
  };
}

/** Tells where the time of an epoch goes, and adds it up in `progress`. */
export interface Clock {
  /** From now on the run waits for a batch. */
  waits(): void;
  /** From now on it computes. */
  computes(): void;
  /** From now on it does something else. */
  goesOn(): void;
}

/** The clock of the epoch in which `progress` stands. */
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
