import { asFloating } from "../../array/promote.ts";
import { refuseExtra, refuseExtraOfMethod } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { isFloating } from "../../../engine/ir/types.ts";
import { count, fixed, oneOf, readOptions } from "../options.ts";
import { checkState } from "../state.ts";
import { type ScheduleArithmetic, ofNumbers, ofTensorsLike, type FormulaOperand } from "./arithmetic.ts";

/** Options of `reduceOnPlateau`. */
export interface ReduceOnPlateauOptions {
  /**
   * Direction of improvement: `min` if the metric should become small (a loss), `max` if large (an accuracy). Default
   * "min".
   */
  readonly mode?: "min" | "max";
  /** Factor of the rate at a reduction, at least 0 and below 1. Default 0.1. */
  readonly factor?: number;
  /** Number of consecutive epochs without improvement that are tolerated; the next one reduces the rate. Default 10. */
  readonly patience?: number;
  /** Margin by which a metric must beat the best one to count as an improvement, 0 or more. Default 0.0001. */
  readonly threshold?: number;
  /** Meaning of `threshold`: a fraction of the best metric, or a difference. Default "relative". */
  readonly thresholdMode?: "relative" | "absolute";
  /** Number of epochs after a reduction that are not counted as bad. Default 0. */
  readonly cooldown?: number;
  /** Lower bound of the rate, 0 or more. Default 0. */
  readonly floor?: number;
  /** Reductions of the rate by no more than this are not made; 0 or more. Default 1e-8. */
  readonly eps?: number;
  /** The rate before any reduction, above 0, to which `floor` and `eps` refer. Default 1. */
  readonly learningRate?: number;
}

/** State of `reduceOnPlateau`: numbers, or scalars inside `jit` and `scan`. */
export interface PlateauState<X = number> {
  /** The current learning rate: `learningRate · scale`. */
  readonly rate: X;
  /** The best metric so far. */
  readonly best: X;
  /** Number of consecutive epochs without improvement, outside `cooldown`. */
  readonly bad: X;
  /** Remaining epochs of `cooldown`. */
  readonly cooldown: X;
}

/** Result of an update: the scale of the learning rate for the next epoch, and the next state. */
export interface PlateauUpdate<X = number> {
  readonly scale: X;
  readonly state: PlateauState<X>;
}

/** Lowers the learning rate according to a metric, with one update per epoch. */
export interface ReduceOnPlateau {
  init(): PlateauState;
  update(metric: number, state: PlateauState): PlateauUpdate;
  update(metric: Tensor, state: PlateauState<Tensor | number>): PlateauUpdate<Tensor>;
}

/**
 * Lowers the learning rate when a metric has stopped improving: a schedule with state, updated with the metric once per
 * epoch.
 *
 * ```text
 * improvement: metric < best · (1 − threshold)   (relative; absolute: metric < best − threshold; "max": reversed)
 * bad ← improvement ? 0 : bad + 1                (0 while cooling down)
 * bad > patience: rate ← max(rate · factor, floor), cooldown and bad are reset
 * ```
 *
 * Rules and defaults are those of PyTorch's `ReduceLROnPlateau`, which reduces in epoch `patience + 1` of a plateau. So
 * "reduce after k epochs without improvement" is `patience: k − 1`. The `patience` of Keras's callback of the same name
 * and of optax's `reduce_on_plateau` is k itself; Keras's `min_delta` is an absolute threshold, optax's `min_scale` a
 * lower bound of the scale. A NaN never counts as an improvement.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @example
 * const { init, update } = reduceOnPlateau({ factor: 0.5, patience: 1 });
 * let state = init();
 * const scales = [];
 * for (const loss of [1, 0.8, 0.8, 0.8, 0.7]) {
 *   const next = update(loss, state);
 *   state = next.state;
 *   scales.push(next.scale);
 * }
 * scales; // [1, 1, 1, 0.5, 0.5]
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): ReduceOnPlateau {
  if (arguments.length > 1) refuseExtra("reduceOnPlateau", arguments, 1);
  const read = readOptions("reduceOnPlateau", options, {
    mode: oneOf("min", ["min", "max"]),
    factor: fixed(0.1, { from: 0, to: 1, below: true }),
    patience: count(10, {}),
    threshold: fixed(1e-4, { from: 0 }),
    thresholdMode: oneOf("relative", ["relative", "absolute"]),
    cooldown: count(0, {}),
    floor: fixed(0, { from: 0 }),
    eps: fixed(1e-8, { from: 0 }),
    learningRate: fixed(1, { from: 0, above: true }),
  });
  const { mode, factor, patience, threshold, thresholdMode, floor, eps, learningRate } = read;
  const sign = mode === "min" ? -1 : 1;
  if (mode === "min" && thresholdMode === "relative" && threshold >= 1) {
    throw new DownhillError(
      "range",
      `reduceOnPlateau: a relative threshold must be below 1, because otherwise nothing is an improvement; got ${threshold}.`,
    );
  }

  const next = <X>(
    a: ScheduleArithmetic<X>,
    metric: X,
    state: PlateauState<FormulaOperand<X>>,
  ): PlateauUpdate<X> => {
    const { rate, best, bad } = state;
    const bound =
      thresholdMode === "relative" ? a.mul(best, 1 + sign * threshold) : a.add(best, sign * threshold);
    const [low, high] = mode === "min" ? [metric, bound] : [bound, metric];
    const counted = a.ifLess(0, state.cooldown, 0, a.ifLess(low, high, 0, a.add(bad, 1)));
    const cooled = a.max(0, a.sub(state.cooldown, 1));
    const lower = a.max(a.mul(rate, factor), floor);
    const reduced = a.ifLess(eps, a.sub(rate, lower), lower, rate);
    const nextRate = a.ifLess(patience, counted, reduced, rate);
    return {
      scale: a.div(nextRate, learningRate),
      state: {
        rate: nextRate,
        best: a.ifLess(low, high, metric, best),
        bad: a.ifLess(patience, counted, 0, counted),
        cooldown: a.ifLess(patience, counted, read.cooldown, cooled),
      },
    };
  };

  function update(metric: number, state: PlateauState): PlateauUpdate;
  function update(metric: Tensor, state: PlateauState<Tensor | number>): PlateauUpdate<Tensor>;
  function update(
    metric: number | Tensor,
    state: PlateauState | PlateauState<Tensor | number>,
  ): PlateauUpdate | PlateauUpdate<Tensor> {
    if (arguments.length > 2) refuseExtraOfMethod("reduceOnPlateau", arguments, 2);
    checkState("reduceOnPlateau", state, {
      rate: "needed",
      best: "needed",
      bad: "needed",
      cooldown: "needed",
    });
    for (const [part, x] of Object.entries<unknown>({ ...state })) {
      if (typeof x === "number" || (typeof metric !== "number" && x instanceof Tensor && x.ndim === 0))
        continue;
      const expected = typeof metric === "number" ? "a number, like the metric" : "a number or a scalar";
      throw new DownhillError("tree", `reduceOnPlateau: the state's ${part} must be ${expected}.`);
    }
    if (typeof metric === "number") return next(ofNumbers, metric, state as PlateauState);
    if (!(metric instanceof Tensor) || metric.ndim > 0 || !isFloating(metric.dtype)) {
      const got = metric instanceof Tensor ? showType(metric.type) : String(metric);
      throw new DownhillError(
        "shape",
        `reduceOnPlateau: the metric must be a number or a floating scalar, got ${got}.`,
      );
    }
    const x = asFloating(metric, "reduceOnPlateau");
    return next(ofTensorsLike(x), x, state);
  }
  const worst = mode === "min" ? Infinity : -Infinity;
  return { init: () => ({ rate: learningRate, best: worst, bad: 0, cooldown: 0 }), update };
}
