import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkNeededOptions } from "../../engine/errors/options.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { cosineDecay, type Optimizer } from "../../numeric/optim/index.ts";
import { checkCount, checkNumber } from "../../numeric/optim/options.ts";
import { foldIn, key } from "../../numeric/random/index.ts";
import { checkData, type FitData } from "./batches.ts";
import { makeBreather } from "./breathe.ts";
import { batchReader } from "./horizon.ts";
import { makeTraining, type TrialRun } from "./hyper-training.ts";
import {
  type Coordinates,
  coordinateSystem,
  type Hyperparameters,
  type HyperparameterSpace,
} from "./hyperparameters.ts";
import type { Loss } from "./loss.ts";

/** Options of `tune`. */
export interface TuneOptions<P, S, B, H extends string> {
  /** Initial parameters, or a function that returns those of each restart, counted from 0. */
  readonly params: P | ((restart: number) => P);
  /** Loss to minimise, as for `fit`. */
  readonly loss: Loss<NoInfer<P>, NoInfer<B>>;
  /** Batches to train on. All must have one shape; others, such as a short last one, are skipped. */
  readonly data: FitData<B>;
  /** Batches on which the result is judged. Default: batches of `data` that the preceding steps have not used. */
  readonly validation?: FitData<B>;
  /** Creates the optimiser for given hyper-parameters: `({ learningRate }) => sgd({ learningRate, momentum: 0.9 })`. */
  readonly optimizer: (hyperparameters: Readonly<Record<H, Tensor>>) => Optimizer<NoInfer<P>, S>;
  /** Initial values of the hyper-parameters. Its names select the hyper-parameters that are tuned. */
  readonly start: Hyperparameters<H>;
  /**
   * Space in which each hyper-parameter is changed. Default: `unit` for momenta, betas, rho, alpha and dampening,
   * otherwise `log`.
   */
  readonly spaces?: Readonly<Partial<Record<NoInfer<H>, HyperparameterSpace>>>;
  /** Number of training steps through which each gradient is computed, 1 or more. Default 20. */
  readonly horizon?: number;
  /** Number of steps of the hyper-parameters, 1 or more. Default 40. */
  readonly rounds?: number;
  /** Number of rounds after which training restarts, 1 or more. Default 4, so that runs of 4 horizons are covered. */
  readonly restartEvery?: number;
  /** Number of batches on which a round is judged, 1 or more. Default 8. */
  readonly judgedBy?: number;
  /**
   * Size of the first step in the coordinates, above 0. It falls to a tenth of that. Default 0.7, which doubles a rate.
   */
  readonly stepSize?: number;
  /** Seed of the random numbers passed to the loss. Default 0. */
  readonly seed?: number;
  /** Signal that ends the descent before its next round. The trial still follows. */
  readonly signal?: AbortSignal | undefined;
  /** Function that is called after the training of each round. */
  readonly onRound?: (round: TuneRound<NoInfer<H>>) => void;
}

/** One step of the hyper-parameters. */
export interface TuneRound<H extends string> {
  /** Number of the round, counted from 1. */
  readonly round: number;
  /** Hyper-parameters with which this round trained. */
  readonly hyperparameters: Hyperparameters<H>;
  /** Loss on the judging batches before the training steps. */
  readonly before: number;
  /** Loss on the judging batches after the training steps. */
  readonly after: number;
  /** Derivative of `after` with respect to each coordinate. */
  readonly gradient: Hyperparameters<H>;
  /**
   * `"descended"` if the gradient was followed; `"diverged"` if training had diverged, so that rates were lowered
   * instead.
   */
  readonly outcome: "descended" | "diverged";
}

/** Result of `tune`. */
export interface TuneResult<H extends string> {
  /** Hyper-parameters with the lowest mean loss in the trial. */
  readonly hyperparameters: Hyperparameters<H>;
  /** One entry per round. */
  readonly path: readonly TuneRound<H>[];
  /**
   * Mean loss on judging batches after three runs of `horizon · restartEvery` steps, with `start` and with the best
   * hyper-parameters.
   */
  readonly trial: { readonly start: number; readonly tuned: number };
  readonly stopped: "finished" | "aborted";
}

const trialRuns = 3;

/** Weight of the previous direction in the running mean by which the hyper-parameters move. */
const memory = 0.6;

/**
 * Tunes hyper-parameters by gradient descent: trains for a few steps, differentiates the resulting loss through all of
 * these steps, and moves the hyper-parameters against that gradient.
 *
 * ```text
 * θ₀ given,  θₜ₊₁ = θₜ + Φ(∇L(θₜ, batch t), stateₜ; h)     t < horizon, Φ the optimiser
 * J(u) = mean of L(θ_horizon, held-out batches),  h = space(u)
 * d ← 0.6 d + 0.4 ∂J/∂u / ‖∂J/∂u‖,   u ← u − s d                s falls from stepSize to a tenth of it
 * ```
 *
 * Only the direction of a gradient is used. Its size is uninformative: tiny if rates are low, and huge if training is
 * about to diverge. A round continues from the end of the previous one and restarts after `restartEvery` rounds, so
 * that both early and later steps of training count. If training has diverged, rates are divided by 10, or by less in
 * later rounds. It counts as diverged if the loss is not finite or more than doubled, or if it rose in the first round
 * after a restart. Finally, a trial of three such runs compares four candidates: the start, the end of the descent, its
 * mean over the last quarter of the rounds, and one round. That round has the lowest loss among the last ones before a
 * restart.
 *
 * A horizon is short, and the best values for few steps are not always the best for many. Good rates for the end of a
 * long run are lower than the rates found here. See Wu, Ren, Liao, Grosse, Understanding short-horizon bias in
 * stochastic meta-optimization, ICLR 2018.
 *
 * @throws DownhillError `range` for a start outside its space, `option` for unknown options and for an optimiser that
 *   cannot be differentiated, `data` and `tree` for invalid arguments.
 * @see Maclaurin, Duvenaud, Adams, Gradient-based hyperparameter optimization through reversible learning, ICML 2015.
 * @example
 * const { hyperparameters, trial } = await tune({
 *   params: { w: tensor([1, -1]) },
 *   loss: ({ w }, { scale }) => sum(mul(scale, square(w))),
 *   data: [{ scale: tensor([1, 4]) }],
 *   optimizer: ({ learningRate }) => sgd({ learningRate }),
 *   start: { learningRate: 1e-4 },
 *   horizon: 5,
 * });
 * // steps of η multiply w by 1 − 2η and 1 − 8η: best is a little below η = 0.2
 * hyperparameters.learningRate.toFixed(2); // 0.19
 * trial.tuned < 0.01 * trial.start; // true
 */
export async function tune<P, S, B, H extends string>(
  options: TuneOptions<P, S, B, H>,
): Promise<TuneResult<H>> {
  if (arguments.length > 1) refuseExtra("tune", arguments, 1);
  const { rounds, horizon, restartEvery, judgedBy, stepSize, seed, signal, onRound } = checked(options);
  const system = coordinateSystem("tune", options.start, options.spaces);
  const training = makeTraining<P, S, B, H>({
    params: options.params,
    loss: options.loss,
    optimizerAt: (u) => options.optimizer(system.tensorsAt(u)),
  });
  const stepAt = cosineDecay({ from: stepSize, to: stepSize / 10, steps: rounds });
  const reader = batchReader("tune", options.data, foldIn(key(seed), 0));
  const judges =
    options.validation === undefined ? reader : batchReader("tune", options.validation, foldIn(key(seed), 1));
  const breather = makeBreather();
  const path: TuneRound<H>[] = [];
  const late: Coordinates<H>[] = [];
  const isAborted = (): boolean => signal?.aborted === true;
  let u = system.start;
  let direction = system.combine(() => 0, u);
  try {
    const trial: TrialRun<B>[] = [];
    while (trial.length < trialRuns) {
      const steps = await reader.takeSeveral(restartEvery, horizon);
      trial.push({ steps, judging: await judges.take(judgedBy) });
    }
    let [restart, age] = [0, 0];
    let lowest = { u, loss: Infinity };
    let lane = training.begin(system.traced(u), restart);
    for (let round = 1; round <= rounds && !isAborted(); round++) {
      const [{ before, after, end }, gradient] = training.differentiate(
        system.traced(u),
        lane,
        await reader.take(horizon),
        await judges.take(judgedBy),
      );
      const slopes = system.numbers(gradient);
      const length = Math.hypot(...Object.values<number>(slopes));
      const isSound = Number.isFinite(length) && !hasDiverged(before, after, age === 0);
      const outcome = isSound ? "descended" : "diverged";
      const entry = {
        round,
        hyperparameters: system.valuesAt(u),
        before,
        after,
        gradient: slopes,
        outcome,
      } as const;
      path.push(entry);
      onRound?.(entry);
      const used = u;
      if (isSound) {
        direction = system.combine(
          (d, g) => memory * d + (1 - memory) * (g / (length || 1)),
          direction,
          slopes,
        );
        u = system.combine((at, d) => at - stepAt(round - 1) * d, u, direction);
        lane = end;
        if (round > (3 / 4) * rounds) late.push(u);
      } else {
        u = system.lower(u, stepAt(round - 1) / stepSize);
        direction = system.combine(() => 0, u);
      }
      if (isSound && age + 1 === restartEvery && after < lowest.loss) lowest = { u: used, loss: after };
      if (!isSound || ++age === restartEvery) {
        age = 0;
        lane = training.begin(system.traced(u), ++restart);
      }
      if (breather.isDue()) await breather.pause();
    }
    const candidates = [
      system.start,
      u,
      lowest.u,
      ...(late.length === 0 ? [] : [system.combine(mean, ...late)]),
    ];
    const losses = candidates.map((at) => training.trial(system.traced(at), trial));
    const best = losses.indexOf(Math.min(...losses));
    return {
      hyperparameters: system.valuesAt(candidates[best]!),
      path,
      trial: { start: losses[0]!, tuned: losses[best]! },
      stopped: isAborted() ? "aborted" : "finished",
    };
  } finally {
    await reader.close();
    await judges.close();
  }
}

function mean(...values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** True if the loss is not finite or more than doubled; after a restart, if it rose by more than 2 %. */
function hasDiverged(before: number, after: number, isFresh: boolean): boolean {
  const most = isFresh ? 0.02 : 1; // Very small steps may raise the loss on other batches slightly.
  return !(after - before <= most * Math.abs(before));
}

/**
 * Checks the options of `tune` and fills in defaults.
 *
 * @throws DownhillError `option`, `range` or `data`, naming the invalid option.
 */
function checked<P, S, B, H extends string>(
  options: TuneOptions<P, S, B, H>,
): Required<
  Pick<TuneOptions<P, S, B, H>, "rounds" | "horizon" | "restartEvery" | "judgedBy" | "stepSize" | "seed">
> &
  Pick<TuneOptions<P, S, B, H>, "signal" | "onRound"> {
  checkNeededOptions("tune", options, optionNames);
  const {
    rounds = 40,
    horizon = 20,
    restartEvery = 4,
    judgedBy = 8,
    stepSize = 0.7,
    seed = 0,
    ...rest
  } = options;
  for (const [name, value] of Object.entries({ rounds, horizon, restartEvery, judgedBy })) {
    checkCount("tune", name, value, { from: 1 });
  }
  checkNumber("tune", "stepSize", stepSize, { from: 0, above: true });
  if (typeof options.loss !== "function") {
    throw new DownhillError("option", "tune: loss must be a function (params, batch) => a scalar tensor.");
  }
  if (typeof options.optimizer !== "function") {
    throw new DownhillError(
      "option",
      "tune: optimizer must be a function of the hyper-parameters, as in ({ learningRate }) => sgd({ learningRate }).",
    );
  }
  checkData(options.data, "tune: data");
  if (options.validation !== undefined) checkData(options.validation, "tune: validation");
  const { signal, onRound } = rest;
  return { rounds, horizon, restartEvery, judgedBy, stepSize, seed, signal, ...(onRound && { onRound }) };
}

const optionNames = [
  "params",
  "loss",
  "data",
  "validation",
  "optimizer",
  "start",
  "spaces",
  "horizon",
  "rounds",
  "restartEvery",
  "judgedBy",
  "stepSize",
  "seed",
  "signal",
  "onRound",
];
