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
  /** Initial parameters: nested tensors. They are not changed. */
  readonly params: P;
  /** Loss to minimise, as for `fit`. */
  readonly loss: Loss<NoInfer<P>, NoInfer<B>, NoInfer<M>>;
  /** Initial state of the model, if it has one, as for `fit`. */
  readonly modelState?: M;
  /** Batches. They are read repeatedly until the test is over. */
  readonly data: FitData<B>;
  /** Creates the optimiser with a learning rate schedule: `(learningRate) => sgd({ learningRate, momentum: 0.9 })`. */
  readonly optimizer: (learningRate: Schedule) => Optimizer<NoInfer<P>, S>;
  /** Rate of the first step, above 0. Default 1e-6. */
  readonly from?: number;
  /** Rate of the last step, above `from`. Default 10. */
  readonly to?: number;
  /** Number of steps, 10 or more. Default 100. */
  readonly steps?: number;
  /** Growth of the rate per step: by a constant factor (default) or by a constant amount. */
  readonly shape?: "exponential" | "linear";
  /** Number of losses on each side of a step that enter its average, 0 or more. Default a twentieth of `steps`. */
  readonly smoothing?: number;
  /**
   * The test ends when the mean of the last `smoothing` + 1 losses exceeds that of the first ones, f, by more than
   * (`divergence` − 1) · |f|. Above 1. Default 2.
   */
  readonly divergence?: number;
  /** Seed of the random numbers passed to the loss. Default 0. */
  readonly seed?: number;
  /** Ends the test before its next step. */
  readonly signal?: AbortSignal | undefined;
}

/** Learning rates suggested by the test. */
export interface RateSuggestion {
  /** Lowest useful rate, at which the loss has fallen by a tenth of its total fall. Suitable as `base` of `cyclic`. */
  readonly base: number;
  /**
   * Highest useful rate, at which the loss has fallen by nine tenths of its total fall. Suitable as `max` of `cyclic`
   * and `oneCycle`.
   */
  readonly max: number;
  /** Rate up to `max` at which the loss falls most from one step to the next. Suitable as a constant rate. */
  readonly steepest: number;
}

/** Result of a range test. */
export interface LrRange {
  /** Rate of each step. */
  readonly rates: readonly number[];
  /** Loss of each batch, before the step at that rate. */
  readonly losses: readonly number[];
  /** Mean of the losses of each step and its neighbours. */
  readonly smoothed: readonly number[];
  /** Index of the step with the lowest averaged loss, counted from 0. */
  readonly best: number;
  /** Suggested rates; `null` if the loss never fell by more than its noise. */
  readonly suggestion: RateSuggestion | null;
  /** Reason for the end: all rates were tried, the loss rose too far or became non-finite, or the signal was raised. */
  readonly stopped: "finished" | "diverged" | "aborted";
}

/**
 * Performs a learning rate range test: trains for some steps while the rate rises, and finds the rates at which the
 * loss falls.
 *
 * ```text
 * rate(t) = from · (to / from)^(t / (steps − 1))         exponential
 * rate(t) = from + (to − from) · t / (steps − 1)         linear
 * s(t) = mean of loss(t − smoothing … t + smoothing),    fall = s(0) − min s
 * d    = the first step from which on all losses are above s(0); no mean includes losses on both sides of d
 * base: the first rate where s ≤ s(0) − 0.1 · fall,  max: the first where s ≤ s(0) − 0.9 · fall
 * ```
 *
 * The paper observes the accuracy during a linear rise over some epochs. Its lowest rate is the one at which the
 * accuracy begins to rise, and its highest the one at which the accuracy becomes ragged or falls. Tenths of the fall of
 * the loss quantify this. The average is centred on its step, so that it does not lag behind the rates. Losses after
 * the start of divergence do not affect the averages of earlier steps.
 *
 * @throws DownhillError `range` for values out of range, such as rates that do not rise; `option`, `data` and `tree`
 *   for invalid arguments.
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
    divergence: false, // the test has its own limit
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

/** Averages the losses and derives the suggested rates, by the formulas of `lrRangeTest`. */
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

/** Checks the options of the test and fills in defaults; `fit` checks the others. */
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
