import { refuseExtra } from "../../engine/errors/arguments.ts";
import { abs, add, div, maximum, mul } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { average, belowOne, descend, notNegative, oneMinusPower, over, penalised } from "./formulas.ts";
import { flag, rate, readOptions, type Rate, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `adamax`. */
export interface AdamaxOptions {
  /** η, 0 or more, or a schedule. Default 0.002. */
  readonly learningRate?: Rate;
  /** β₁, the decay rate of the mean of the gradients, at least 0 and below 1. Default 0.9. */
  readonly beta1?: Scalar;
  /** β₂, the decay rate of the largest absolute gradient so far, at least 0 and below 1. Default 0.999. */
  readonly beta2?: Scalar;
  /** ε, added to the absolute value of each gradient, 0 or more. Default 1e-8. */
  readonly eps?: Scalar;
  /** λ of a penalty `λ/2 · Σ θ²` that is added to the loss, 0 or more. Default 0. */
  readonly weightDecay?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `adamax`. */
export interface AdamaxState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
  /** u, the largest absolute gradient so far, decayed by β₂ per update. */
  readonly largest: P;
}

/** Result of `adamax`: an `Optimizer<P, AdamaxState<P>>` for every structure `P` of parameters. */
export type Adamax = RuleOptimizer<AdamaxState<object>>;

/**
 * Adamax: Adam with a decaying maximum of the absolute gradients instead of their mean square.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * m ← β₁m + (1 − β₁)g
 * u ← max(β₂u, |g| + ε)
 * θ ← θ − η/(1 − β₁ᵗ) · m/u                   t = 1, 2, …
 * ```
 *
 * These are PyTorch's rules and defaults. The paper has no ε; optax has ε inside the maximum as here, Keras adds it to u.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Kingma, Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 2.
 * @example
 * const { init, update } = adamax({ learningRate: 0.1, eps: 0 });
 * const params = { w: tensor([1, 1]) };
 * const { updates } = update({ w: tensor([4, -0.25]) }, init(params), params);
 * updates; // { w: f64[2] [-0.1, 0.1] }
 */
export function adamax(options: AdamaxOptions = {}): Adamax {
  if (arguments.length > 1) refuseExtra("adamax", arguments, 1);
  const read = readOptions("adamax", options, {
    learningRate: rate(0.002),
    beta1: within(0.9, belowOne),
    beta2: within(0.999, belowOne),
    eps: within(1e-8, notNegative),
    weightDecay: within(0, notNegative),
    maximize: flag(false),
  });
  return followRule<AdamaxState<object>, typeof read>({
    name: "adamax",
    options: read,
    parts: { mean: zero, largest: zero },
    formula: ({ t, eta, beta1, beta2, eps, weightDecay }) => {
      const correction = oneMinusPower(beta1, t);
      return ({ x, g: gradient, mean, largest }) => {
        const g = penalised(gradient, x, weightDecay);
        const m = average(mean, g, beta1);
        const u = maximum(mul(largest, beta2), add(abs(g), eps));
        return { change: descend(over(div(m, correction), u, eps), eta), mean: m, largest: u };
      };
    },
  });
}
