import { refuseExtra } from "../../engine/errors/arguments.ts";
import { add, div, greater, minimum, mul, sqrt, where } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import {
  average,
  belowOne,
  descend,
  flatSqrt,
  length,
  notNegative,
  oneMinusPower,
  over,
  penalised,
} from "./formulas.ts";
import { flag, rate, readOptions, type Rate, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `lamb`. */
export interface LambOptions {
  /** η, 0 or more, or a schedule. Default 0.001. */
  readonly learningRate?: Rate;
  /** β₁, the decay rate of the mean of the gradients, at least 0 and below 1. Default 0.9. */
  readonly beta1?: Scalar;
  /** β₂, the decay rate of the mean of the squared gradients, at least 0 and below 1. Default 0.999. */
  readonly beta2?: Scalar;
  /** ε, added to the square root of the mean square, 0 or more. Default 1e-6. */
  readonly eps?: Scalar;
  /**
   * λ of weight decay: λθ is added to the step of Adam before the step is rescaled (u in the formula); 0 or more.
   * Default 0.
   */
  readonly weightDecay?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `lamb`. */
export interface LambState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
  /** v, the running mean of the squared gradients. */
  readonly meanSquare: P;
}

/** Result of `lamb`: an `Optimizer<P, LambState<P>>` for every structure `P` of parameters. */
export type Lamb = RuleOptimizer<LambState<object>>;

/**
 * LAMB: Adam whose step for each tensor has the norm of the tensor times the learning rate. For very large batches.
 *
 * ```text
 * m ← β₁m + (1 − β₁)g,   m̂ = m/(1 − β₁ᵗ)      t = 1, 2, …
 * v ← β₂v + (1 − β₂)g²,  v̂ = v/(1 − β₂ᵗ)
 * u = m̂/(√v̂ + ε) + λθ
 * θ ← θ − η · ‖θ‖/‖u‖ · u                      (‖θ‖/‖u‖: 1 if either norm is 0; norms of whole tensors)
 * ```
 *
 * The paper's rule with φ = identity, with the defaults of optax's `lamb`. PyTorch has no LAMB.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see You et al., Large batch optimization for deep learning: training BERT in 76 minutes, ICLR 2020, algorithm 2.
 * @example
 * const { init, update } = lamb({ learningRate: 0.1, eps: 0 });
 * const params = { w: tensor([3, 4]) };
 * const { updates } = update({ w: tensor([2, 2]) }, init(params), params);
 * updates; // { w: f64[2] [-0.35355339, -0.35355339] }
 */
export function lamb(options: LambOptions = {}): Lamb {
  if (arguments.length > 1) refuseExtra("lamb", arguments, 1);
  const read = readOptions("lamb", options, {
    learningRate: rate(0.001),
    beta1: within(0.9, belowOne),
    beta2: within(0.999, belowOne),
    eps: within(1e-6, notNegative),
    weightDecay: within(0, notNegative),
    maximize: flag(false),
  });
  return followRule<LambState<object>, typeof read>({
    name: "lamb",
    options: read,
    parts: { mean: zero, meanSquare: zero },
    formula: ({ t, eta, beta1, beta2, eps, weightDecay }) => {
      const correction1 = oneMinusPower(beta1, t);
      const correction2 = sqrt(oneMinusPower(beta2, t));
      return ({ x, g, mean, meanSquare }) => {
        const m = average(mean, g, beta1);
        const v = average(meanSquare, mul(g, g), beta2);
        const adapted = over(div(m, correction1), add(div(flatSqrt(v), correction2), eps), eps);
        const u = penalised(adapted, x, weightDecay);
        const [size, stride] = [length(x), length(u)];
        const known = greater(minimum(size, stride), 0);
        const ratio = where(known, div(size, where(known, stride, 1)), 1);
        return { change: descend(mul(u, ratio), eta), mean: m, meanSquare: v };
      };
    },
  });
}
