import type { Tensor } from "../ir/tensor.ts";
import type { Optimizer } from "../optim/index.ts";
import { flatten } from "../tree/index.ts";
import { sizeOf } from "../util/shape.ts";
import { batchesOf, type FitData, isAborted } from "./batches.ts";
import { makeBreather } from "./breathe.ts";
import { type Saver, warn } from "./checkpoint/saver.ts";
import { diverged, originOf } from "./diverged.ts";
import { type DivergenceRule, hasDiverged, isReadableAgain, looksDiverged, lostRun } from "./divergence.ts";
import type { MeasuredAt } from "./evaluate.ts";
import { DownhillError } from "../errors/index.ts";
import { addBatch, type EpochRecord, type Evaluation, itemsOf, meansOf } from "./history.ts";
import { type LogSink, type StepEntry, tell } from "./log.ts";
import type { Reduction } from "./loss.ts";
import { freshEpoch, handOut, makeClock, type Progress } from "./progress.ts";
import type { Outcome, Stepper, Taken } from "./step.ts";
import { isOver, type Watch, watchEpoch } from "./watch.ts";

/** After a step, if `every` asks for them. */
export interface StepEvent<P, S> extends StepEntry {
  readonly params: P;
  readonly state: S;
}

/** After an epoch. */
export interface EpochEvent<P, S> extends EpochRecord {
  readonly kind: "epoch";
  readonly params: P;
  readonly state: S;
}

export type FitEvent<P, S> = StepEvent<P, S> | EpochEvent<P, S>;

/**
 * Why a run ended: all epochs done, the signal, its loop was left, no more progress (`earlyStopping`), or a hook said so.
 * A run that diverges or fails ends with an error instead.
 */
export type Stopped = "finished" | "aborted" | "left" | "early-stopping" | "hook";

/** What a hook may give back: `"stop"` ends the run; a promise is waited for. */
export type HookResult = void | "stop" | Promise<void | "stop">;

/** Plain functions that are called as a run goes on, with what stays as it is: tensors are never changed. */
export interface Hooks<P, S> {
  /** After each step. */
  readonly step?: (event: StepEvent<P, S>) => HookResult;
  /** After each epoch, its validation included. */
  readonly epoch?: (event: EpochEvent<P, S>) => HookResult;
}

/** What the loop has to know. */
export interface LoopOptions<P, S, B> {
  readonly stepper: Stepper<P, S, B>;
  readonly optimizer: Optimizer<P, S>;
  readonly data: FitData<B>;
  readonly epochs: number;
  readonly every: "epoch" | "step";
  readonly reduction: Reduction;
  readonly signal: AbortSignal | undefined;
  /** Measures the parameters on the validation data. */
  readonly validate: ((params: P) => Promise<Evaluation>) | undefined;
  /** How to tell that a run is lost, and what measures it for that; `undefined` for never. */
  readonly divergence: DivergenceWatch<P, B> | undefined;
  readonly watch: Watch;
  readonly hooks: Hooks<P, S>;
  readonly log: readonly LogSink[];
  readonly saver: Saver<P, S, B> | undefined;
}

/** How to tell that a run is lost though its numbers are finite. */
export interface DivergenceWatch<P, B> {
  readonly rule: Required<DivergenceRule>;
  /** The parameters of the beginning. */
  readonly start: P;
  readonly measure: (params: P, data: FitData<B>, at: MeasuredAt) => Promise<Evaluation>;
}

/**
 * A run from its beginning or its last checkpoint on, with what is told and saved of it; returns why it ended.
 *
 * However it ends, what it has reached is saved. A step that is not finite, and whatever else was thrown, is thrown on
 * after that.
 */
export async function* runLoop<P, S, B>(
  options: LoopOptions<P, S, B>,
  progress: Progress<P, S>,
): AsyncGenerator<FitEvent<P, S>, Stopped> {
  const { saver, log, epochs, data } = options;
  const isResumed = (await saver?.begin(progress, data)) ?? false;
  const { step, epoch, stretches } = progress;
  const parameters = (flatten(progress.params, "fit").leaves as Tensor[]).reduce(
    (n, x) => n + sizeOf(x.shape),
    0,
  );
  let stopped: Stopped = "left"; // what it is if the loop over the run is left
  let failure: { readonly error: unknown } | undefined;
  try {
    const told = stretches.length === 0 ? {} : { stretches };
    await tell(log, { kind: "start", step, epoch, epochs, isResumed, parameters, ...told });
    stopped = yield* trainLoop(options, progress);
  } catch (error) {
    failure = { error };
  } finally {
    await conclude(options, progress, stopped, failure);
  }
  return stopped;
}

/** Saves what was reached, tells of the end, and throws what ended the run, if something did. */
async function conclude<P, S, B>(
  { saver, log }: LoopOptions<P, S, B>,
  progress: Progress<P, S>,
  stopped: Stopped,
  failure: { readonly error: unknown } | undefined,
): Promise<void> {
  let failed = failure;
  try {
    await saver?.finish(progress);
  } catch (error) {
    // what ended the run counts for more, and if it was this, it need not be told twice
    if (failed === undefined) failed = { error };
    else if (messageOf(error) !== messageOf(failed.error)) await warn(log, progress, messageOf(error));
  } finally {
    await saver?.close();
  }
  const { step, epoch } = progress;
  if (failed === undefined) return tell(log, { kind: "end", stopped, step, epoch });
  let { error } = failed;
  const isDiverged = error instanceof DownhillError && (error.code === "nan" || error.code === "diverged");
  const savedStep = saver?.savedStep();
  if (isDiverged && savedStep !== undefined) {
    const { code, message, cause } = error as DownhillError;
    error = new DownhillError(code, `${message} The checkpoint holds the state after step ${savedStep}.`, {
      cause,
    });
  }
  const outcome = isDiverged ? "diverged" : "failed";
  // a sink that fails now, perhaps again, must not hide what ended the run
  await tell(log, { kind: "end", stopped: outcome, step, epoch, error: messageOf(error) }).catch(() => {});
  throw error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Epoch after epoch and batch after batch from where `progress` stands, until the end or the signal; returns which. What
 * a batch leads to is taken over into `progress` only if it is finite.
 *
 * @throws DownhillError `nan` at the first step that is not.
 */
async function* trainLoop<P, S, B>(
  options: LoopOptions<P, S, B>,
  progress: Progress<P, S>,
): AsyncGenerator<FitEvent<P, S>, Stopped> {
  const { epochs, data, signal, watch, hooks, log, every, saver } = options;
  const breather = makeBreather();
  const wantsSteps = every === "step" || hooks.step !== undefined;
  while (progress.epoch < epochs) {
    if (isAborted(signal)) return "aborted";
    if (isOver(watch, progress.watch)) return "early-stopping";
    const batches = batchesOf(data, { epoch: progress.epoch, from: progress.batch, signal });
    const clock = makeClock(progress);
    try {
      for (;;) {
        clock.waits();
        const next = await batches.next();
        clock.computes();
        if (next.done && (isAborted(signal) || progress.pending === undefined)) break;
        const taken = takeBatch(options, progress, next);
        clock.goesOn();
        if (!next.done) saver?.note(next.value, progress);
        if (taken !== undefined && log.length > 0) await tell(log, stepEntry(progress, taken));
        const event = taken !== undefined && wantsSteps ? stepEvent(progress, taken) : undefined;
        const isStopped = event !== undefined && (await hooks.step?.(event)) === "stop";
        if (saver !== undefined) await saver.saveIfDue(progress, false);
        if (event !== undefined && every === "step") yield event;
        if (isStopped) return "hook";
        if (breather.isDue()) await breather.pause();
        if (next.done) break;
      }
    } finally {
      clock.goesOn();
      await batches.return(undefined);
    }
    if (isAborted(signal)) return "aborted";
    const event = await closeEpoch(options, progress);
    const isStopped = (await hooks.epoch?.(event)) === "stop";
    await saver?.saveIfDue(progress, true);
    yield event;
    if (isStopped) return "hook";
    await refuseLostRun(options, progress);
  }
  return "finished";
}

/** @throws DownhillError `diverged` for a run whose parameters are far worse than those it began with. */
async function refuseLostRun<P, S, B>(
  options: LoopOptions<P, S, B>,
  { history, params, step, epoch }: Progress<P, S>,
): Promise<void> {
  const { divergence, data, signal } = options;
  if (divergence === undefined || !isReadableAgain(data) || !looksDiverged(history, divergence.rule)) return;
  const at = { epoch: epoch - 1, step, signal };
  const now = await divergence.measure(params, data, at);
  const start = await divergence.measure(divergence.start, data, at);
  if (isAborted(signal) || !hasDiverged(now, start, divergence.rule)) return;
  throw lostRun(epoch, now, start, history.at(-1)?.learningRate);
}

/**
 * Takes the next batch, or what is pending where there is none, into `progress`; gives the step that was taken, if one was.
 *
 * @throws DownhillError `nan` if it is not finite; `progress` is as it was.
 */
function takeBatch<P, S, B>(
  options: LoopOptions<P, S, B>,
  progress: Progress<P, S>,
  next: IteratorResult<B, undefined>,
): Taken<P, S> | undefined {
  const { stepper, reduction } = options;
  const items = next.done ? 0 : itemsOf(next.value);
  const learningRate = rateOf(options, progress);
  const attempt = (): Outcome<P, S> =>
    next.done ? stepper.finish(progress, progress.pending!) : stepper.take(progress, next.value, items);
  const outcome = attemptStep(attempt);
  if (outcome === undefined || !outcome.isFinite) {
    const batch = next.done ? undefined : next.value;
    throw diverged({
      loss: outcome?.loss,
      step: progress.step + 1,
      epoch: progress.epoch + 1,
      batch: progress.batch + (next.done ? 0 : 1),
      learningRate,
      origin: originOf(batch, progress.state, attempt),
    });
  }
  const { taken, pending, loss, metrics } = outcome;
  if (!next.done) {
    progress.batch++;
    progress.soFar.sums = addBatch(progress.soFar.sums, items, loss, metrics, reduction);
  }
  const before = [progress.params, progress.state, progress.pending?.gradients];
  progress.pending = pending;
  if (taken !== undefined) {
    progress.params = taken.params;
    progress.state = taken.state;
    progress.step++;
    progress.soFar.learningRate = learningRate;
  }
  progress.retirement.retire(before, [progress.params, progress.state, pending?.gradients]);
  return taken;
}

/** What a step gives; nothing where debugging stopped it at a number that is not finite. */
function attemptStep<T>(step: () => T): T | undefined {
  try {
    return step();
  } catch (error) {
    if (error instanceof DownhillError && error.code === "nan") return undefined;
    throw error;
  }
}

/** Ends the epoch: validates, writes its record, and looks at what is watched. */
async function closeEpoch<P, S, B>(
  options: LoopOptions<P, S, B>,
  progress: Progress<P, S>,
): Promise<EpochEvent<P, S>> {
  const { validate, watch } = options;
  const { params, state, step, soFar } = progress;
  const begin = performance.now();
  const validation = await validate?.(params);
  progress.validationSeconds += validation === undefined ? 0 : (performance.now() - begin) / 1000;
  const { sums, ...rest } = soFar;
  const record: EpochRecord = {
    epoch: progress.epoch + 1,
    step,
    ...meansOf(sums),
    ...(validation === undefined ? {} : { validation }),
    rateScale: progress.watch.rateScale,
    ...rest,
  };
  progress.watch = watchEpoch(watch, progress.watch, record, params);
  progress.history.push(record);
  progress.epoch++;
  progress.batch = 0;
  progress.soFar = freshEpoch();
  handOut(progress);
  await tell(options.log, { kind: "epoch", ...record });
  return { kind: "epoch", ...record, params, state };
}

/** A step as plain data. */
function stepEntry(
  { epoch, step, batch, soFar: { learningRate } }: Progress<unknown, unknown>,
  { loss, metrics, items }: Taken<unknown, unknown>,
): StepEntry {
  return { kind: "step", epoch: epoch + 1, step, batch, loss, metrics, learningRate, items };
}

/** A step as others may hold on to it. */
function stepEvent<P, S>(progress: Progress<P, S>, taken: Taken<P, S>): StepEvent<P, S> {
  const { params, state } = handOut(progress);
  return { ...stepEntry(progress, taken), params, state };
}

function rateOf<P, S, B>(
  { optimizer: { learningRate } }: LoopOptions<P, S, B>,
  { step, watch }: Progress<P, S>,
): number | undefined {
  const rate = typeof learningRate === "function" ? learningRate(step) : learningRate;
  return rate === undefined ? undefined : rate * watch.rateScale;
}
