import { refuseExtra } from "../../engine/errors/arguments.ts";
import { add, div, mul, pow, sqrt, sub } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import {
  average,
  belowOne,
  descend,
  flatSqrt,
  notNegative,
  oneMinusPower,
  over,
  penalised,
} from "./formulas.ts";
import { flag, rate, readOptions, type Rate, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `nadam`. */
export interface NadamOptions {
  /** η, 0 or more, or a schedule. Default 0.002. */
  readonly learningRate?: Rate;
  /** β₁, the decay rate of the mean of the gradients, at least 0 and below 1. Default 0.9. */
  readonly beta1?: Scalar;
  /** β₂, the decay rate of the mean of the squared gradients, at least 0 and below 1. Default 0.999. */
  readonly beta2?: Scalar;
  /** ε, added to the square root of the mean square, 0 or more. Default 1e-8. */
  readonly eps?: Scalar;
  /** λ, 0 or more: adds the penalty `λ/2 · Σ θ²` to the loss, unless `decoupledWeightDecay` is true. Default 0. */
  readonly weightDecay?: Scalar;
  /** ψ, the rate at which the momentum rises to β₁: `μₜ = β₁(1 − 0.96^(tψ)/2)`, 0 or more. Default 0.004. */
  readonly momentumDecay?: Scalar;
  /** True to subtract ηλθ from the parameters instead of adding λθ to the gradient. Default false. */
  readonly decoupledWeightDecay?: boolean;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `nadam`. */
export interface NadamState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
  /** v, the running mean of the squared gradients. */
  readonly meanSquare: P;
  /** μ₁μ₂ … μₜ, one scalar per parameter. */
  readonly momentumProduct: P;
}

/** Result of `nadam`: an `Optimizer<P, NadamState<P>>` for every structure `P` of parameters. */
export type Nadam = RuleOptimizer<NadamState<object>>;

/**
 * NAdam: Adam with Nesterov momentum, which looks ahead along the mean of the gradients.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * μₜ = β₁(1 − ½ · 0.96^(tψ))                  t = 1, 2, …
 * m ← β₁m + (1 − β₁)g
 * v ← β₂v + (1 − β₂)g²
 * m̂ = μₜ₊₁m/(1 − μ₁ … μₜ₊₁) + (1 − μₜ)g/(1 − μ₁ … μₜ)
 * θ ← θ − η · m̂ / (√(v/(1 − β₂ᵗ)) + ε)
 * ```
 *
 * These are PyTorch's rules and defaults. optax's `nadam` differs because it has no schedule of μ; Keras has η = 0.001,
 * ψ = 0.004 and ε = 1e-7.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Dozat, Incorporating Nesterov momentum into Adam, ICLR workshop 2016.
 * @example
 * const { init, update } = nadam({ learningRate: 0.1, momentumDecay: 0, eps: 0 });
 * const params = { w: tensor(1) };
 * const { updates } = update({ w: tensor(4) }, init(params), params);
 * updates.w.item().toFixed(5); // "-0.10564"
 */
export function nadam(options: NadamOptions = {}): Nadam {
  if (arguments.length > 1) refuseExtra("nadam", arguments, 1);
  const read = readOptions("nadam", options, {
    learningRate: rate(0.002),
    beta1: within(0.9, belowOne),
    beta2: within(0.999, belowOne),
    eps: within(1e-8, notNegative),
    weightDecay: within(0, notNegative),
    momentumDecay: within(0.004, notNegative),
    decoupledWeightDecay: flag(false),
    maximize: flag(false),
  });
  return followRule<NadamState<object>, typeof read>({
    name: "nadam",
    options: read,
    parts: { mean: zero, meanSquare: zero, momentumProduct: { value: 1, shape: () => [] } },
    formula: ({ t, eta, beta1, beta2, eps, weightDecay, momentumDecay, decoupledWeightDecay }) => {
      const mu = (k: Tensor): Tensor => mul(sub(1, mul(pow(0.96, mul(k, momentumDecay)), 0.5)), beta1);
      const [now, next] = [mu(t), mu(add(t, 1))];
      const correction = sqrt(oneMinusPower(beta2, t));
      return ({ x, g: gradient, mean, meanSquare, momentumProduct }) => {
        const g = decoupledWeightDecay ? gradient : penalised(gradient, x, weightDecay);
        const m = average(mean, g, beta1);
        const v = average(meanSquare, mul(g, g), beta2);
        const product = mul(momentumProduct, now);
        const ahead = mul(m, div(next, sub(1, mul(product, next))));
        const here = mul(g, div(sub(1, now), sub(1, product)));
        const root = add(div(flatSqrt(v), correction), eps);
        const direction = over(add(ahead, here), root, eps);
        const change = descend(decoupledWeightDecay ? penalised(direction, x, weightDecay) : direction, eta);
        return { change, mean: m, meanSquare: v, momentumProduct: product };
      };
    },
  });
}
