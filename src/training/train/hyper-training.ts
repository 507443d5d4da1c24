import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { Optimizer } from "../../numeric/optim/index.ts";
import { requireOptimizer } from "../../numeric/optim/optimizer.ts";
import { readParameters, rebuild } from "../../numeric/optim/parameters.ts";
import { makeJitted as jit } from "../../engine/runtime/jitted.ts";
import { valueAndGrad } from "../../engine/transforms/index.ts";
import { type OptimizerRun, runStretch, type StackedBatches, type UnrolledHorizon } from "./horizon.ts";
import type { TracedCoordinates } from "./hyperparameters.ts";
import type { Loss } from "./loss.ts";

/** The model, loss and optimiser whose hyper-parameters are tuned. */
export interface TrainingSource<P, S, B, H extends string> {
  /** Initial parameters, or a function that returns those of each restart. */
  readonly params: P | ((restart: number) => P);
  readonly loss: Loss<P, B>;
  /** Creates the optimiser for given hyper-parameter coordinates. */
  readonly optimizerAt: (u: TracedCoordinates<H>) => Optimizer<P, S>;
}

/** Training as a differentiable function of the coordinates of its hyper-parameters. */
export interface TunableTraining<P, S, B, H extends string> {
  /** Creates the initial state of a run. */
  begin(u: TracedCoordinates<H>, restart: number): OptimizerRun<P, S>;
  /**
   * Trains from `lane`, one step per batch in `steps`. Returns the loss on `judging` before and after these steps, the
   * parameters and state at the end, and the gradient of the final loss with respect to `u`.
   */
  differentiate(
    u: TracedCoordinates<H>,
    lane: OptimizerRun<P, S>,
    steps: StackedBatches<B>,
    judging: StackedBatches<B>,
  ): [HorizonOutcome<P, S>, TracedCoordinates<H>];
  /**
   * Trains anew for each run and returns the mean of the final losses on `judging`. It is infinite if a final loss is
   * not finite.
   */
  trial(u: TracedCoordinates<H>, runs: readonly TrialRun<B>[]): number;
}

export interface HorizonOutcome<P, S> {
  readonly before: number;
  readonly after: number;
  readonly end: OptimizerRun<P, S>;
}

/** Batches of one run of a trial: those for training, in stacks, and those for the final loss. */
export interface TrialRun<B> {
  readonly steps: readonly StackedBatches<B>[];
  readonly judging: StackedBatches<B>;
}

/**
 * Compiles training for hyper-parameter tuning. @throws DownhillError `option` for an optimiser whose steps depend on a
 * search.
 */
export function makeTraining<P, S, B, H extends string>({
  params,
  loss,
  optimizerAt,
}: TrainingSource<P, S, B, H>): TunableTraining<P, S, B, H> {
  type Arguments = [
    u: TracedCoordinates<H>,
    lane: OptimizerRun<P, S>,
    steps: StackedBatches<B>,
    judging: StackedBatches<B>,
  ];
  const stretch = (...[u, lane, steps, judging]: Arguments): UnrolledHorizon<P, S> =>
    runStretch(loss, optimizerAt(u), lane, steps, judging);
  const withEnd = (...args: Arguments): readonly [Tensor, UnrolledHorizon<P, S>] => {
    const end = stretch(...args);
    return [end.after, end];
  };
  const run = jit(stretch as never) as unknown as typeof stretch;
  const slope = jit(valueAndGrad(withEnd as never, { hasAux: true }) as never) as unknown as (
    ...args: Arguments
  ) => [ReturnType<typeof withEnd>, TracedCoordinates<H>];
  const begin = (u: TracedCoordinates<H>, restart: number): OptimizerRun<P, S> => {
    const at = readParameters(
      "tune",
      typeof params === "function" ? (params as (k: number) => P)(restart) : params,
    );
    const start = rebuild(at, at.tensors) as P;
    const optimizer = optimizerAt(u);
    requireOptimizer("tune", optimizer, "the result of optimizer");
    if (optimizer.searches) throw notDifferentiable();
    return { params: start, state: optimizer.init(start) };
  };
  return {
    begin,
    differentiate(...args) {
      const [[after, end], gradient] = slope(...args);
      return [{ before: end.before.item(), after: after.item(), end }, gradient];
    },
    trial(u, runs) {
      const losses = runs.map(({ steps, judging }, restart) => {
        let lane = begin(u, restart);
        let reached = Infinity;
        for (const some of steps) {
          const end = run(u, lane, some, judging);
          [lane, reached] = [end, end.after.item()];
        }
        return Number.isFinite(reached) ? reached : Infinity;
      });
      return losses.reduce((sum, each) => sum + each, 0) / losses.length;
    },
  };
}

function notDifferentiable(): DownhillError {
  return new DownhillError(
    "option",
    "tune: the steps of this optimiser depend on a search over loss values, so they cannot be differentiated. " +
      "Use an optimiser such as sgd or adam.",
  );
}
