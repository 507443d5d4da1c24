import { refuseExtra } from "../../engine/errors/arguments.ts";
import { add, mul, sub } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { average, descend, flatSqrt, notNegative, over, penalised } from "./formulas.ts";
import { flag, rate, readOptions, type Rate, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `rmsprop`. */
export interface RmspropOptions {
  /** η, 0 or more, or a schedule. Default 0.01. */
  readonly learningRate?: Rate;
  /** α, the decay rate of the mean of the squared gradients, from 0 to 1. Default 0.99. */
  readonly alpha?: Scalar;
  /** ε, added to the square root of the mean square, 0 or more. Default 1e-8. */
  readonly eps?: Scalar;
  /** λ of a penalty `λ/2 · Σ θ²` that is added to the loss, 0 or more. Default 0. */
  readonly weightDecay?: Scalar;
  /** β, the factor by which each step multiplies the velocity, from 0 to 1. Default 0: no momentum. */
  readonly momentum?: Scalar;
  /** True to divide by the standard deviation of the gradients instead of their root mean square. Default false. */
  readonly centered?: boolean;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `rmsprop`. */
export interface RmspropState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** v, the running mean of the squared gradients. */
  readonly meanSquare: P;
  /** m, the running mean of the gradients; `null` unless `centered`. */
  readonly mean: P | null;
  /** b, the velocity of each parameter; `null` without momentum. */
  readonly velocity: P | null;
}

/** Result of `rmsprop`: an `Optimizer<P, RmspropState<P>>` for every structure `P` of parameters. */
export type Rmsprop = RuleOptimizer<RmspropState<object>>;

/**
 * RMSProp: the gradient divided by the root of the running mean of its square.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * v ← αv + (1 − α)g²
 * d ← g / (√v + ε)                  (centered: m ← αm + (1 − α)g, and v − m² instead of v)
 * θ ← θ − ηd                        (momentum: b ← βb + d, θ ← θ − ηb)
 * ```
 *
 * These are PyTorch's rules and defaults. optax and Keras have α = 0.9, add ε inside the square root and include the
 * learning rate in the velocity; Keras has η = 0.001 and ε = 1e-7.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Tieleman, Hinton, Lecture 6.5 of Neural networks for machine learning, 2012; Graves, Generating sequences with
 * recurrent neural networks, 2013, for `centered`.
 * @example
 * const { init, update } = rmsprop({ learningRate: 0.1, alpha: 0.75, eps: 0 });
 * const params = { w: tensor([1, 1]) };
 * const { updates } = update({ w: tensor([3, -5]) }, init(params), params);
 * updates; // { w: f64[2] [-0.2, 0.2] }
 */
export function rmsprop(options: RmspropOptions = {}): Rmsprop {
  if (arguments.length > 1) refuseExtra("rmsprop", arguments, 1);
  const read = readOptions("rmsprop", options, {
    learningRate: rate(0.01),
    alpha: within(0.99, { from: 0, to: 1 }),
    eps: within(1e-8, notNegative),
    weightDecay: within(0, notNegative),
    momentum: within(0, { from: 0, to: 1 }),
    centered: flag(false),
    maximize: flag(false),
  });
  return followRule<RmspropState<object>, typeof read>({
    name: "rmsprop",
    options: read,
    parts: {
      meanSquare: zero,
      mean: read.centered ? zero : null,
      velocity: read.momentum === 0 ? null : zero,
    },
    formula: ({ eta, alpha, eps, weightDecay, momentum }) => {
      return ({ x, g: gradient, meanSquare, mean, velocity }) => {
        const g = penalised(gradient, x, weightDecay);
        const v = average(meanSquare, mul(g, g), alpha);
        const m = mean && average(mean, g, alpha);
        const spread = m === undefined ? v : sub(v, mul(m, m));
        const direction = over(g, add(flatSqrt(spread), eps), eps);
        const b = velocity && add(mul(velocity, momentum), direction);
        return { change: descend(b ?? direction, eta), meanSquare: v, mean: m, velocity: b };
      };
    },
  });
}
