import type { Tensor } from "../../engine/ir/tensor.ts";
import type { Optimizer } from "../../numeric/optim/index.ts";
import type { Device } from "../../engine/runtime/index.ts";
import { flatten } from "../../engine/tree/index.ts";
import { sizeOf } from "../../engine/util/shape.ts";
import { batchesOf, type FitData, isAborted } from "./batches.ts";
import { makeBreather } from "./breathe.ts";
import { outlineOfRun, readCheckpoint, type SameSettings } from "./checkpoint/codec.ts";
import { type Saver, warn } from "./checkpoint/saver.ts";
import { diverged, type Origin, originOf, originText, readOrigin } from "./diverged.ts";
import { type DivergenceRule, hasDiverged, isReadableAgain, looksDiverged, lostRun } from "./divergence.ts";
import type { EvaluationResult, EvaluationContext, ModelSnapshot } from "./evaluate.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { type Flight, makeFlight, type NextBatch } from "./flight.ts";
import { addSums, type EpochRecord, type Evaluation, meansOf } from "./history.ts";
import { type LogSink, type StepEntry, tell } from "./log.ts";
import { shareBegin } from "./parallel/begin.ts";
import { compareBegin, compareModels, type RunIdentity } from "./parallel/compare.ts";
import { type Ranks, RunLeftError } from "./parallel/ranks.ts";
import type { Sharding } from "./parallel/sharding.ts";
import { freshEpoch, handOut, makeClock, type TrainingProgress, type RunSnapshot } from "./progress.ts";
import { bringHome, pointOf, restore } from "./resident.ts";
import { type BatchOutcome, type Stepper, type CompletedStep, runStep } from "./step.ts";
import type { FitStopReason } from "./stopped.ts";
import { isOver, type Watch, watchEpoch } from "./watch.ts";

/** Event after a step, emitted with the option `every: "step"`. */
export interface StepEvent<P, S, M = undefined> extends StepEntry, RunSnapshot<P, S, M> {}

/** Event after an epoch. */
export interface EpochEvent<P, S, M = undefined> extends EpochRecord, RunSnapshot<P, S, M> {
  readonly kind: "epoch";
}

export type FitEvent<P, S, M = undefined> = StepEvent<P, S, M> | EpochEvent<P, S, M>;

/** Return value of a hook: `"stop"` ends the run. A promise is awaited. */
export type HookResult = void | "stop" | Promise<void | "stop">;

/** Functions that are called during a run. They may keep the tensors of an event, which never change. */
export interface Hooks<P, S, M = undefined> {
  /** Called after each step. */
  readonly step?: (event: StepEvent<P, S, M>) => HookResult;
  /** Called after each epoch and its validation. */
  readonly epoch?: (event: EpochEvent<P, S, M>) => HookResult;
}

/** Parts and settings of the training loop. */
export interface TrainingLoopOptions<P, S, B> {
  /** Device that computes; undefined for the processor. */
  readonly device: Device | undefined;
  /** Opens the device again if this error reports its loss. Returns true if the run can continue from its restore point. */
  readonly recover: (error: unknown) => Promise<boolean>;
  /** Frees what `recover` has opened. */
  readonly close: () => void;
  readonly stepper: Stepper<P, S, B>;
  readonly optimizer: Optimizer<P, S>;
  readonly data: FitData<B>;
  /** The share of the data that this rank reads. */
  readonly ownData: FitData<B>;
  readonly epochs: number;
  readonly every: "epoch" | "step";
  readonly sharding: Sharding;
  /** Values that must be equal on all ranks of the run. */
  readonly identity: Omit<RunIdentity<P, S, B>, "params" | "state" | "modelState">;
  /** Settings that must equal the settings stored in the checkpoint. */
  readonly same: SameSettings;
  readonly signal: AbortSignal | undefined;
  /** Measures the model on the validation data. */
  readonly validate: ((model: ModelSnapshot<P>) => Promise<Evaluation>) | undefined;
  /** Detection of diverged runs; `undefined` if disabled. */
  readonly divergence: DivergenceWatch<P, B> | undefined;
  readonly watch: Watch;
  readonly hooks: Hooks<P, S, unknown>;
  readonly log: readonly LogSink[];
  readonly saver: Saver<P, S, B> | undefined;
}

/** Settings for noticing that a run diverges although its numbers stay finite. */
export interface DivergenceWatch<P, B> {
  readonly rule: Required<DivergenceRule>;
  /** Model at the beginning of the run. */
  readonly start: ModelSnapshot<P>;
  readonly measure: (
    model: ModelSnapshot<P>,
    data: FitData<B>,
    at: EvaluationContext,
  ) => Promise<EvaluationResult>;
}

/**
 * Runs training from its beginning or its last checkpoint, with events, logs and checkpoints. Returns the reason why it
 * ended.
 *
 * The state is saved however the run ends. An error, such as a non-finite step, is rethrown after that.
 */
export async function* runLoop<P, S, B>(
  options: TrainingLoopOptions<P, S, B>,
  progress: TrainingProgress<P, S>,
): AsyncGenerator<FitEvent<P, S, unknown>, FitStopReason> {
  const { log, epochs } = options;
  let isBegun = false;
  let stopped: FitStopReason = "left"; // the reason if the consumer leaves the loop over the run
  let failure: { readonly error: unknown } | undefined;
  try {
    const isResumed = await begin(options, progress);
    isBegun = true;
    if (progress.point !== undefined) progress.point = pointOf(progress);
    const { step, epoch, stretches } = progress;
    const parameters = (flatten(progress.params, "fit").leaves as Tensor[]).reduce(
      (n, x) => n + sizeOf(x.shape),
      0,
    );
    const told = stretches.length === 0 ? {} : { stretches };
    await tell(log, { kind: "start", step, epoch, epochs, isResumed, parameters, ...told });
    for (let isLost = true; isLost;) {
      try {
        stopped = yield* trainLoop(options, progress);
        isLost = false;
      } catch (error) {
        if (!(await options.recover(error))) throw error;
      }
    }
  } catch (error) {
    if (error instanceof RunLeftError) stopped = error.stopped;
    else failure = { error };
  } finally {
    stopped = await conclude(options, progress, stopped, failure, isBegun);
  }
  return stopped;
}

/**
 * Restores the run from its last checkpoint on all ranks, after checking that they run the same program. Returns true
 * if there was a checkpoint.
 */
async function begin<P, S, B>(
  { saver, data, identity, same, sharding: { ranks } }: TrainingLoopOptions<P, S, B>,
  progress: TrainingProgress<P, S>,
): Promise<boolean> {
  const { params, state, modelState } = progress;
  if (ranks.size > 1) await compareBegin(ranks, { ...identity, params, state, modelState });
  const outline = outlineOfRun(same, progress, data);
  const found = await saver?.begin(progress, data);
  const { checkpoint, stretches } = shareBegin(ranks, { checkpoint: found, stretches: progress.stretches });
  if (ranks.rank > 0) {
    if (checkpoint !== undefined) readCheckpoint(checkpoint, outline, progress);
    progress.stretches = stretches;
  }
  return checkpoint !== undefined;
}

/**
 * Saves the state, reports the end to the other ranks and the log, and rethrows the error that ended the run, if any.
 * Returns the reason why the run ended.
 */
async function conclude<P, S, B>(
  { saver, log, sharding: { ranks }, close }: TrainingLoopOptions<P, S, B>,
  progress: TrainingProgress<P, S>,
  stopped: FitStopReason,
  failure: { readonly error: unknown } | undefined,
  isBegun: boolean,
): Promise<FitStopReason> {
  let failed = failure;
  let why = stopped;
  await bringHome(progress).catch(() => restore(progress)); // the device may be lost
  progress.retirement.retire([], []);
  close();
  try {
    if (failed !== undefined) ranks.fail(failed.error);
    else if (stopped !== "finished" && stopped !== "early-stopping") why = ranks.leave(stopped);
  } catch (error) {
    failed ??= { error };
  }
  try {
    if (isBegun) await saver?.finish(progress);
  } catch (error) {
    // The error that ended the run takes precedence. If saving caused that error, it is not reported twice.
    if (failed === undefined) failed = { error };
    else if (messageOf(error) !== messageOf(failed.error)) await warn(log, progress, messageOf(error));
  } finally {
    await saver?.close();
  }
  try {
    why = ranks.end(why, failed);
  } catch (error) {
    failed ??= { error };
  }
  const { step, epoch } = progress;
  if (failed === undefined) {
    await tell(log, { kind: "end", stopped: why, step, epoch });
    return why;
  }
  if (!isBegun) throw failed.error;
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
  // A sink that fails now must not hide the error that ended the run.
  await tell(log, { kind: "end", stopped: outcome, step, epoch, error: messageOf(error) }).catch(() => {});
  throw error;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Trains batch by batch from the state of `progress` until the end or the signal, and returns the reason why it ended.
 * The result of a batch is stored in `progress` only if it is finite.
 *
 * @throws DownhillError `nan` at the first non-finite step, `diverged` for a run that diverges with finite numbers.
 */
async function* trainLoop<P, S, B>(
  options: TrainingLoopOptions<P, S, B>,
  progress: TrainingProgress<P, S>,
): AsyncGenerator<FitEvent<P, S, unknown>, FitStopReason> {
  const { epochs, ownData, signal, watch, hooks, log, every, saver, sharding, device } = options;
  const { ranks } = sharding;
  const breather = makeBreather();
  const wantsSteps = every === "step" || hooks.step !== undefined;
  while (progress.epoch < epochs) {
    if (isAborted(signal)) return "aborted";
    if (isOver(watch, progress.watch)) return "early-stopping";
    const batches = batchesOf(ownData, { epoch: progress.epoch, from: progress.batch, signal });
    const clock = makeClock(progress);
    const flight = makeFlight(options.stepper, device, !wantsSteps);
    try {
      for (;;) {
        clock.waits();
        const latest = await batches.next();
        clock.computes();
        // On a device, steps that have begun may remain when the epoch ends.
        const isAtEnd = latest.done === true && (isAborted(signal) || progress.pending === undefined);
        if (!isAtEnd) flight.begin(progress, latest);
        while (latest.done === true ? !flight.isEmpty() : flight.isFull()) {
          const { next, outcome } = await flight.settle();
          const taken = await acceptBatch(options, progress, next, outcome, flight);
          clock.goesOn();
          // With shards, the batches count as done only when they complete a step.
          if (sharding.count === 1 ? !next.done : taken !== undefined)
            saver?.note(ranks.size === 1 ? next.value : undefined, progress);
          if (taken !== undefined && log.length > 0 && progress.step > progress.told) {
            progress.told = progress.step;
            await tell(log, stepEntry(progress, taken));
          }
          const event = taken !== undefined && wantsSteps ? await stepEvent(progress, taken) : undefined;
          const isStopped = event !== undefined && (await hooks.step?.(event)) === "stop";
          if (saver !== undefined) await saver.saveIfDue(progress, false);
          if (event !== undefined && every === "step") yield event;
          if (isStopped) return "hook";
          if (breather.isDue()) await breather.pause();
        }
        if (latest.done || ranks.agreed() !== undefined) break;
      }
    } finally {
      clock.goesOn();
      await batches.return(undefined);
    }
    if (ranks.agreed() !== undefined || isAborted(signal)) return "aborted";
    const event = await closeEpoch(options, progress);
    const isStopped = (await hooks.epoch?.(event)) === "stop";
    await saver?.saveIfDue(progress, true);
    yield event;
    if (isStopped) return "hook";
    await refuseLostRun(options, progress);
  }
  return "finished";
}

/**
 * Ends a run that has diverged although its numbers are finite.
 *
 * @throws DownhillError `diverged` for a run whose parameters are far worse than its initial ones.
 */
async function refuseLostRun<P, S, B>(
  options: TrainingLoopOptions<P, S, B>,
  { history, params, modelState, step, epoch }: TrainingProgress<P, S>,
): Promise<void> {
  const { divergence, data, signal, sharding } = options;
  if (divergence === undefined || !isReadableAgain(data) || !looksDiverged(history, divergence.rule)) return;
  const at = { epoch: epoch - 1, step, signal };
  const { evaluation: now } = await divergence.measure({ params, modelState }, data, at);
  const { evaluation: start } = await divergence.measure(divergence.start, data, at);
  const isCut = sharding.ranks.size === 1 && isAborted(signal);
  if (isCut || !hasDiverged(now, start, divergence.rule)) return;
  throw sharding.ranks.agree(lostRun(epoch, now, start, history.at(-1)?.learningRate));
}

/**
 * Updates `progress` by the outcome of a batch, or of the step that completed an epoch. Returns the step that was taken,
 * if any.
 *
 * @throws DownhillError `nan` if it is not finite; `progress` is then unchanged.
 */
async function acceptBatch<P, S, B>(
  options: TrainingLoopOptions<P, S, B>,
  progress: TrainingProgress<P, S>,
  next: NextBatch<B>,
  outcome: BatchOutcome<P, S> | undefined,
  flight: Flight<P, S, B>,
): Promise<CompletedStep<P, S> | undefined> {
  if (outcome === undefined || !outcome.isFinite) return refuseStep(options, progress, next, outcome);
  const learningRate = rateOf(options, progress);
  const { taken, pending, batches, sums, spent } = outcome;
  progress.batch += batches;
  progress.soFar.sums = addSums(progress.soFar.sums, sums);
  const treesOf = ({ params, state, modelState, pending: waiting }: TrainingProgress<P, S>): unknown[] => [
    params,
    state,
    modelState,
    waiting?.parts.map(({ tree }) => tree),
  ];
  const before = [...treesOf(progress), ...spent];
  progress.pending = pending;
  if (taken !== undefined) {
    progress.params = taken.params;
    progress.state = taken.state;
    progress.modelState = taken.modelState;
    progress.step++;
    progress.soFar.learningRate = learningRate;
  }
  progress.retirement.retire(before, [...treesOf(progress), ...flight.states()]);
  return taken;
}

/**
 * Ends a run whose step is not finite.
 *
 * @throws DownhillError `nan`, with the first source of a non-finite number.
 */
async function refuseStep<P, S, B>(
  options: TrainingLoopOptions<P, S, B>,
  progress: TrainingProgress<P, S>,
  next: NextBatch<B>,
  outcome: BatchOutcome<P, S> | undefined,
): Promise<never> {
  const { stepper, sharding } = options;
  const repeat = (): unknown =>
    runStep(
      next.done
        ? stepper.finish(progress, progress.pending!, true)
        : stepper.take(progress, next.value, true),
    );
  await bringHome(progress);
  const found = originOf(next.done ? undefined : next.value, progress, repeat);
  const at = {
    loss: outcome?.loss,
    step: progress.step + 1,
    epoch: progress.epoch + 1,
    batch: progress.batch + Math.max(outcome?.batches ?? 0, next.done ? 0 : 1),
    learningRate: rateOf(options, progress),
  };
  // The NaN check stopped only this rank; the others do not know.
  if (outcome === undefined) throw diverged({ ...at, origin: found });
  throw sharding.ranks.agree(diverged({ ...at, origin: originOnRanks(sharding.ranks, found) }));
}

/** Returns the origin found by the lowest-numbered rank that found one; `undefined` if none did. */
function originOnRanks(ranks: Ranks, found: Origin | undefined): Origin | undefined {
  if (ranks.size === 1) return found;
  const own = found === undefined ? undefined : new TextEncoder().encode(originText(found));
  const told = ranks.share(own);
  return told === undefined ? undefined : readOrigin(new TextDecoder().decode(told));
}

/** Ends the epoch: validates, appends its record, and updates early stopping, plateau and best epoch. */
async function closeEpoch<P, S, B>(
  options: TrainingLoopOptions<P, S, B>,
  progress: TrainingProgress<P, S>,
): Promise<EpochEvent<P, S, unknown>> {
  const { validate, watch, sharding } = options;
  await bringHome(progress);
  const { params, modelState, step, soFar } = progress;
  compareModels(sharding.ranks, [params, modelState], step);
  const started = performance.now();
  const validation = await validate?.({ params, modelState });
  progress.validationSeconds += validation === undefined ? 0 : (performance.now() - started) / 1000;
  const { sums, ...rest } = soFar;
  const record: EpochRecord = {
    epoch: progress.epoch + 1,
    step,
    ...meansOf(sums),
    ...(validation === undefined ? {} : { validation }),
    rateScale: progress.watch.rateScale,
    ...rest,
  };
  const reached = handOut(progress);
  progress.watch = watchEpoch(watch, progress.watch, record, reached);
  progress.history.push(record);
  progress.epoch++;
  progress.batch = 0;
  progress.soFar = freshEpoch();
  if (progress.point !== undefined) progress.point = pointOf(progress);
  await tell(options.log, { kind: "epoch", ...record });
  return { kind: "epoch", ...record, ...reached };
}

/** Returns a step as a log entry, which is plain data. */
function stepEntry(
  { epoch, step, batch, soFar: { learningRate } }: TrainingProgress<unknown, unknown>,
  { loss, metrics, items, gradientNorms }: CompletedStep<unknown, unknown>,
): StepEntry {
  const norms = gradientNorms === undefined ? {} : { gradientNorms };
  return { kind: "step", epoch: epoch + 1, step, batch, loss, metrics, learningRate, items, ...norms };
}

/** Returns a step as an event, whose tensors its receiver may keep. */
async function stepEvent<P, S>(
  progress: TrainingProgress<P, S>,
  taken: CompletedStep<P, S>,
): Promise<StepEvent<P, S, unknown>> {
  await bringHome(progress);
  return { ...stepEntry(progress, taken), ...handOut(progress) };
}

function rateOf<P, S, B>(
  { optimizer: { learningRate } }: TrainingLoopOptions<P, S, B>,
  { step, watch }: TrainingProgress<P, S>,
): number | undefined {
  const rate = typeof learningRate === "function" ? learningRate(step) : learningRate;
  return rate === undefined ? undefined : rate * watch.rateScale;
}
