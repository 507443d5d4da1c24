import { refuseExtra } from "../../engine/errors/arguments.ts";
import { onesLike, zerosLike } from "../array/create.ts";
import { greater, less, maximum, minimum, mul, neg, sign, where } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { notNegative } from "./formulas.ts";
import { fixed, flag, readOptions, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `rprop`. */
export interface RpropOptions {
  /** Size of the first step of each weight, 0 or more; it cannot be a schedule. Default 0.01. */
  readonly learningRate?: number;
  /** η₋, the factor of a step where the gradient changed its sign, above 0 and below 1. Default 0.5. */
  readonly etaMinus?: Scalar;
  /** η₊, the factor of a step where the sign did not change, above 1. Default 1.2. */
  readonly etaPlus?: Scalar;
  /** The smallest step, 0 or more. Default 1e-6. */
  readonly minStepSize?: Scalar;
  /** The largest step, 0 or more. Default 50. */
  readonly maxStepSize?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `rprop`. */
export interface RpropState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** The last gradient, with 0 where its sign has just changed. */
  readonly gradient: P;
  /** δ, the step size of each weight. */
  readonly stepSize: P;
}

/** Result of `rprop`: an `Optimizer<P, RpropState<P>>` for every structure `P` of parameters. */
export type Rprop = RuleOptimizer<RpropState<object>>;

/**
 * Rprop: uses only the signs of the gradients. For full batches, because the sign of a mini-batch gradient is mostly
 * noise.
 *
 * ```text
 * s = sign(g · g₋)                              g₋: the last gradient
 * δ ← clip(δ · (η₊ if s > 0, η₋ if s < 0, 1 if s = 0), minStepSize, maxStepSize)
 * g ← 0 where s < 0
 * θ ← θ − δ · sign(g),   g₋ ← g
 * ```
 *
 * These are PyTorch's rules and defaults (the variant "iRprop−"); its `etas` are `etaMinus` and `etaPlus`, and its
 * `step_sizes` are `minStepSize` and `maxStepSize`. optax's `rprop` is the same.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Riedmiller, Braun, A direct adaptive method for faster backpropagation learning: the RPROP algorithm, ICNN 1993;
 * Igel, Hüsken, Improving the Rprop learning algorithm, 2000.
 * @example
 * const { init, update } = rprop({ learningRate: 0.5 });
 * const params = { w: tensor([1, 1]) };
 * const { updates } = update({ w: tensor([4, -0.001]) }, init(params), params);
 * updates; // { w: f64[2] [-0.5, 0.5] }
 */
export function rprop(options: RpropOptions = {}): Rprop {
  if (arguments.length > 1) refuseExtra("rprop", arguments, 1);
  const read = readOptions("rprop", options, {
    learningRate: fixed(0.01, notNegative),
    etaMinus: within(0.5, { from: 0, to: 1, above: true, below: true }),
    etaPlus: within(1.2, { from: 1, above: true }),
    minStepSize: within(1e-6, notNegative),
    maxStepSize: within(50, notNegative),
    maximize: flag(false),
  });
  return followRule<RpropState<object>, typeof read>({
    name: "rprop",
    options: read,
    parts: { gradient: zero, stepSize: { value: read.learningRate } },
    formula: ({ etaMinus, etaPlus, minStepSize, maxStepSize }) => {
      return ({ g, gradient, stepSize }) => {
        const agreement = sign(mul(g, gradient));
        const turned = less(agreement, 0);
        const factor = where(turned, etaMinus, where(greater(agreement, 0), etaPlus, onesLike(g)));
        const size = minimum(maximum(mul(stepSize, factor), minStepSize), maxStepSize);
        const kept = where(turned, zerosLike(g), g);
        return { change: neg(mul(sign(kept), size)), gradient: kept, stepSize: size };
      };
    },
  });
}
