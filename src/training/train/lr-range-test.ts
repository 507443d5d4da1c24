import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkChoice, checkNeededOptions } from "../../engine/errors/options.ts";
import { exponentialDecay, linearDecay, type Optimizer, type Schedule } from "../../numeric/optim/index.ts";
import { checkCount, checkNumber } from "../../numeric/optim/options.ts";
import type { FitData } from "./batches.ts";
import { fit } from "./fit.ts";
import type { Loss } from "./loss.ts";

/** Options of `lrRangeTest`. */
export interface LrRangeTestOptions<P, S, B, M = undefined> {
  /** Where to start: nested tensors. They are not changed. */
  readonly params: P;
  /** What is to become small, as `fit` takes it. */
  readonly loss: Loss<NoInfer<P>, NoInfer<B>, NoInfer<M>>;
  /** The first state of the model, where it has one, as `fit` takes it. */
  readonly modelState?: M;
  /** The batches; they are read again and again until the test is over. */
  readonly data: FitData<B>;
  /** The optimiser with such a learning rate: `(learningRate) => sgd({ learningRate, momentum: 0.9 })`. */
  readonly optimizer: (learningRate: Schedule) => Optimizer<NoInfer<P>, S>;
  /** The rate of the first step, above 0. Default 1e-6. */
  readonly from?: number;
  /** The rate of the last step, above `from`. Default 10. */
  readonly to?: number;
  /** Steps from the one to the other, 10 or more. Default 100. */
  readonly steps?: number;
  /** Whether each rate is a multiple of the one before it (default), or as much above it as that was. */
  readonly shape?: "exponential" | "linear";
  /** Half the number of losses beside each other that are averaged, 0 or more. Default a twentieth of `steps`. */
  readonly smoothing?: number;
  /** The test is over where the averaged loss is so many times the first, above 1. Default 2. */
  readonly divergence?: number;
  /** Seed of the random numbers that the loss is given. Default 0. */
  readonly seed?: number;
  /** Ends the test before its next step. */
  readonly signal?: AbortSignal | undefined;
}

/** Rates that are worth a try. */
export interface RateSuggestion {
  /** The lowest: a tenth of the fall of the loss is behind it. `base` of `cyclic`. */
  readonly base: number;
  /** The highest: nine tenths of the fall are behind it. `max` of `cyclic` and `oneCycle`. */
  readonly max: number;
  /** Where the loss falls most from step to step, up to the highest: a rate to train with that stays. */
  readonly steepest: number;
}

/** What a range test has found. */
export interface LrRange {
  /** The rate of each step. */
  readonly rates: readonly number[];
  /** The loss of each batch, before the step at that rate. */
  readonly losses: readonly number[];
  /** The same, averaged over neighbours. */
  readonly smoothed: readonly number[];
  /** The step with the lowest averaged loss, from 0. */
  readonly best: number;
  /** `null` where the loss never fell by more than its noise. */
  readonly suggestion: RateSuggestion | null;
  /** Whether all rates were tried, the loss rose too far or was not finite, or the signal came. */
  readonly stopped: "finished" | "diverged" | "aborted";
}

/**
 * The learning rate range test: trains for some steps while the rate rises, and looks at which rates the loss falls.
 *
 * ```text
 * rate(t) = from · (to / from)^(t / (steps − 1))         exponential
 * rate(t) = from + (to − from) · t / (steps − 1)         linear
 * s(t) = mean of loss(t − smoothing … t + smoothing),    fall = s(0) − min s
 * d    = the first step from which on all losses are above s(0): no mean reaches across it
 * base: the first rate where s ≤ s(0) − 0.1 · fall,  max: the first where s ≤ s(0) − 0.9 · fall
 * ```
 *
 * The paper watches the accuracy under a linear rise over some epochs, and takes for the lowest rate the one at which it
 * begins to rise and for the highest the one at which it becomes ragged or falls; tenths of the fall say the same in
 * numbers. The average has its step in the middle, so that it does not lag behind the rates; losses that have shot up do not
 * count for the rates before.
 *
 * @throws DownhillError `range` for rates that do not rise and the like, `option`, `data` and `tree` for misuse.
 * @see Smith, Cyclical learning rates for training neural networks, arXiv 1506.01186, section 3.3.
 * @example
 * // a step multiplies the error of the slope by 1 − 15η, so rates above 2/15 diverge
 * const { suggestion, stopped } = await lrRangeTest({
 *   params: { slope: tensor(0) },
 *   loss: ({ slope }, { x, y }) => meanSquaredError(mul(slope, x), y),
 *   data: dataset({ x: [1, 2, 3, 4], y: [2, 4, 6, 8] }).batch("full"),
 *   optimizer: (learningRate) => sgd({ learningRate }),
 * });
 * stopped; // 'diverged'
 * suggestion.max < 2 / 15; // true
 */
export async function lrRangeTest<P, S, B, M = undefined>(
  options: LrRangeTestOptions<P, S, B, M>,
): Promise<LrRange> {
  if (arguments.length > 1) refuseExtra("lrRangeTest", arguments, 1);
  const { from, to, steps, shape, smoothing, divergence } = checked(options);
  const { params, loss, modelState, data, optimizer, seed, signal } = options;
  const span = steps - 1;
  const rate =
    shape === "linear"
      ? linearDecay({ from, to, steps: span })
      : exponentialDecay({ from, factor: to / from, every: span });
  const run = fit<P, S, B, M>({
    params,
    loss,
    modelState,
    data,
    optimizer: optimizer(rate),
    epochs: Infinity,
    every: "step",
    divergence: false, // it has a bound of its own
    signal,
    ...(seed === undefined ? {} : { seed }),
  });
  const losses: number[] = [];
  const window = smoothing + 1;
  let stopped: LrRange["stopped"] = "finished";
  try {
    for await (const event of run) {
      if (event.kind !== "step") continue;
      losses.push(event.loss);
      const [first, last] = [meanOf(losses.slice(0, window)), meanOf(losses.slice(-window))];
      if (last > first + (divergence - 1) * Math.abs(first)) stopped = "diverged";
      if (stopped === "diverged" || losses.length === steps) break;
    }
    if (stopped === "finished" && losses.length < steps) stopped = "aborted";
  } catch (error) {
    if (!(error instanceof DownhillError && error.code === "nan") || losses.length === 0) throw error;
    stopped = "diverged";
  }
  const rates = losses.map((_, t) => rate(t));
  return { rates, losses, stopped, ...judge(rates, losses, smoothing) };
}

/** The averaged losses and what they say of the rates. */
function judge(
  rates: readonly number[],
  losses: readonly number[],
  smoothing: number,
): Pick<LrRange, "smoothed" | "best" | "suggestion"> {
  const beginning = meanOf(losses.slice(0, smoothing + 1));
  const diverging = 1 + losses.findLastIndex((loss) => loss <= beginning);
  const smoothed = losses.map((_, t) => {
    const [from, to] = t < diverging ? [0, diverging] : [diverging, losses.length];
    return meanOf(losses.slice(Math.max(from, t - smoothing), Math.min(to, t + smoothing + 1)));
  });
  const lowest = Math.min(...smoothed);
  const best = smoothed.indexOf(lowest);
  const [first = Number.NaN] = smoothed;
  const fall = first - lowest;
  const noise = Math.sqrt(meanOf(losses.slice(0, best + 1).map((loss, t) => (loss - smoothed[t]!) ** 2)));
  if (!(fall > noise)) return { smoothed, best, suggestion: null };
  const rateAfter = (part: number): number => rates[smoothed.findIndex((s) => s <= first - part * fall)]!;
  const highest = smoothed.findIndex((s) => s <= first - 0.9 * fall);
  let steepest = 1;
  for (let t = 1; t <= Math.max(1, highest); t++) {
    if (smoothed[t]! - smoothed[t - 1]! < smoothed[steepest]! - smoothed[steepest - 1]!) steepest = t;
  }
  const suggestion = { base: rateAfter(0.1), max: rateAfter(0.9), steepest: rates[steepest]! };
  return { smoothed, best, suggestion };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

type CheckedRangeOptions = Required<
  Pick<
    LrRangeTestOptions<unknown, unknown, unknown>,
    "from" | "to" | "steps" | "shape" | "smoothing" | "divergence"
  >
>;

/** The options of the test itself with their defaults; `fit` checks the others. */
function checked<P, S, B, M>(options: LrRangeTestOptions<P, S, B, M>): CheckedRangeOptions {
  const operation = "lrRangeTest";
  checkNeededOptions(operation, options, [
    "params",
    "loss",
    "modelState",
    "data",
    "optimizer",
    "from",
    "to",
    "steps",
    "shape",
    "smoothing",
    "divergence",
    "seed",
    "signal",
  ]);
  const { from = 1e-6, to = 10, steps = 100, shape = "exponential", divergence = 2 } = options;
  checkNumber(operation, "from", from, { from: 0, above: true });
  checkNumber(operation, "to", to, { from, above: true });
  checkCount(operation, "steps", steps, { from: 10 });
  checkChoice(operation, "shape", shape, ["exponential", "linear"]);
  const { smoothing = Math.round(steps / 20) } = options;
  checkCount(operation, "smoothing", smoothing, { from: 0 });
  checkNumber(operation, "divergence", divergence, { from: 1, above: true });
  if (typeof options.optimizer !== "function") {
    throw new DownhillError(
      "option",
      "lrRangeTest: optimizer must be a function of the rate, as in (learningRate) => sgd({ learningRate }).",
    );
  }
  return { from, to, steps, shape, smoothing, divergence };
}
