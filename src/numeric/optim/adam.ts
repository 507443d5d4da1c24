import { refuseExtra } from "../../engine/errors/arguments.ts";
import { add, div, maximum, mul, sqrt, sub } from "../array/elementwise.ts";
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
  productOf,
} from "./formulas.ts";
import { flag, type OptionSpec, type Rate, rate, readOptions, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `adam`. */
export interface AdamOptions {
  /** η, 0 or more, or a schedule. Default 0.001. */
  readonly learningRate?: Rate;
  /** β₁, the decay rate of the mean of the gradients, at least 0 and below 1. Default 0.9. */
  readonly beta1?: Scalar;
  /** β₂, the decay rate of the mean of the squared gradients, at least 0 and below 1. Default 0.999. */
  readonly beta2?: Scalar;
  /** ε, added to the square root of the mean square, 0 or more. Default 1e-8. */
  readonly eps?: Scalar;
  /** λ, 0 or more: adds the penalty `λ/2 · Σ θ²` to the loss, unless `decoupledWeightDecay` is true. Default 0. */
  readonly weightDecay?: Scalar;
  /** True to subtract ηλθ from the parameters instead of adding λθ to the gradient, as in `adamw`. Default false. */
  readonly decoupledWeightDecay?: boolean;
  /** True to divide by the square root of the largest mean square so far (AMSGrad). Default false. */
  readonly amsgrad?: boolean;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `adam`. */
export interface AdamState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
  /** v, the running mean of the squared gradients. */
  readonly meanSquare: P;
  /** The largest v so far; `null` without `amsgrad`. */
  readonly maxMeanSquare: P | null;
}

/** Result of `adam`: an `Optimizer<P, AdamState<P>>` for every structure `P` of parameters. */
export type Adam = RuleOptimizer<AdamState<object>>;

/**
 * Adam: each parameter moves by about the learning rate, regardless of the size of its gradients.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * m ← β₁m + (1 − β₁)g
 * v ← β₂v + (1 − β₂)g²              (amsgrad: v̂ ← max(v̂, v), used instead of v)
 * θ ← θ − η · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)        t = 1, 2, …
 * ```
 *
 * These are PyTorch's rules and defaults; like there, the maximum of `amsgrad` is taken before the bias correction by
 * `1 − β₂ᵗ`. optax's `adam` is the same without weight decay. Keras has ε = 1e-7 and adds it to √v before the
 * correction ("ε̂" of the paper). Weight decay enters the gradient unless it is decoupled; in `adamw` it always is.
 * With ε = 0, a parameter whose gradient was always 0 does not move. On some convex losses Adam diverges from the
 * minimum and `amsgrad` does not: `examples/adam-counter-example.mjs`.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Kingma, Ba, Adam: a method for stochastic optimization, ICLR 2015, algorithm 1; Reddi, Kale, Kumar, On the
 * convergence of Adam and beyond, ICLR 2018, for `amsgrad`.
 * @example
 * const { init, update } = adam({ learningRate: 0.1 });
 * const params = { x: tensor([1, 1]) };
 * const { updates } = update({ x: tensor([2, 0.002]) }, init(params), params);
 * updates; // { x: f64[2] [-0.1, -0.0999995] }
 */
export function adam(options: AdamOptions = {}): Adam {
  if (arguments.length > 1) refuseExtra("adam", arguments, 1);
  const table = { ...adamTable(), weightDecay: within(0, notNegative), decoupledWeightDecay: flag(false) };
  return adamRule("adam", readOptions("adam", options, table));
}

/** Returns the specifications (defaults and ranges) of the options that `adam` and `adamw` share. */
export function adamTable(): {
  readonly [K in Exclude<keyof AdamOptions, "weightDecay" | "decoupledWeightDecay">]-?: OptionSpec<
    Required<AdamOptions>[K]
  >;
} {
  return {
    learningRate: rate(0.001),
    beta1: within(0.9, belowOne),
    beta2: within(0.999, belowOne),
    eps: within(1e-8, notNegative),
    amsgrad: flag(false),
    maximize: flag(false),
  };
}

/** Builds an optimiser with Adam's update rule, for `adam` and `adamw`. `name` appears in error messages. */
export function adamRule(name: string, options: Required<AdamOptions>): Adam {
  return followRule<AdamState<object>, typeof options>({
    name,
    options,
    parts: { mean: zero, meanSquare: zero, maxMeanSquare: options.amsgrad ? zero : null },
    formula: ({ t, eta, beta1, beta2, eps, weightDecay, decoupledWeightDecay: decoupled }) => {
      // scalars, because multiplying by them is faster than dividing
      const correctedEta = div(eta, oneMinusPower(beta1, t));
      const correction2 = div(1, sqrt(oneMinusPower(beta2, t)));
      return ({ x, g: gradient, mean, meanSquare, maxMeanSquare }) => {
        const g = decoupled ? gradient : penalised(gradient, x, weightDecay);
        const m = average(mean, g, beta1);
        const v = average(meanSquare, mul(g, g), beta2);
        const top = maxMeanSquare === undefined ? v : maximum(maxMeanSquare, v);
        const root = add(mul(flatSqrt(top), correction2), eps);
        const step = descend(over(m, root, eps), correctedEta);
        const change = decoupled && weightDecay !== 0 ? sub(step, mul(x, productOf(weightDecay, eta))) : step;
        return { change, mean: m, meanSquare: v, maxMeanSquare: top };
      };
    },
  });
}
