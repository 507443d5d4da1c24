import { refuseExtra } from "../../engine/errors/arguments.ts";
import { sign } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { average, descend, notNegative, penalised } from "./formulas.ts";
import { flag, rate, readOptions, type Rate, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `lion`. */
export interface LionOptions {
  /** η, 0 or more, or a schedule. Default 0.0001. */
  readonly learningRate?: Rate;
  /** β₁, the weight of the mean in the direction of a step, from 0 to 1. Default 0.9. */
  readonly beta1?: Scalar;
  /** β₂, the decay rate of the mean of the gradients, from 0 to 1. Default 0.99. */
  readonly beta2?: Scalar;
  /** λ of decoupled weight decay: each step also subtracts ηλθ; 0 or more. Default 0. */
  readonly weightDecay?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `lion`. */
export interface LionState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
}

/** Result of `lion`: an `Optimizer<P, LionState<P>>` for every structure `P` of parameters. */
export type Lion = RuleOptimizer<LionState<object>>;

/**
 * Lion: steps in the direction of the sign of a mean of gradients. Each weight moves by exactly η, so η must be smaller
 * than Adam's by a factor of 3 to 10, and weight decay larger by the same factor.
 *
 * ```text
 * c = β₁m + (1 − β₁)g
 * θ ← θ − η(sign(c) + λθ)
 * m ← β₂m + (1 − β₂)g
 * ```
 *
 * The paper's rule and defaults, without its weight decay; optax's has λ = 0.001, and the paper uses 0.1 to 10.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Chen et al., Symbolic discovery of optimization algorithms, NeurIPS 2023, algorithm 2.
 * @example
 * const { init, update } = lion({ learningRate: 0.5 });
 * const params = { w: tensor([1, 1]) };
 * const { updates } = update({ w: tensor([4, -0.001]) }, init(params), params);
 * updates; // { w: f64[2] [-0.5, 0.5] }
 */
export function lion(options: LionOptions = {}): Lion {
  if (arguments.length > 1) refuseExtra("lion", arguments, 1);
  const read = readOptions("lion", options, {
    learningRate: rate(0.0001),
    beta1: within(0.9, { from: 0, to: 1 }),
    beta2: within(0.99, { from: 0, to: 1 }),
    weightDecay: within(0, notNegative),
    maximize: flag(false),
  });
  return followRule<LionState<object>, typeof read>({
    name: "lion",
    options: read,
    parts: { mean: zero },
    formula: ({ eta, beta1, beta2, weightDecay }) => {
      return ({ x, g, mean }) => {
        const direction = penalised(sign(average(mean, g, beta1)), x, weightDecay);
        return { change: descend(direction, eta), mean: average(mean, g, beta2) };
      };
    },
  });
}
