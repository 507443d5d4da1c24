import { refuseExtra } from "../../engine/errors/arguments.ts";
import { add, div, mul, sign, sqrt, sub } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import {
  average,
  belowOne,
  complement,
  descend,
  flatSqrt,
  notNegative,
  oneMinusPower,
  over,
  penalised,
} from "./formulas.ts";
import { flag, rate, readOptions, type Rate, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer } from "./rule.ts";

/** Options of `yogi`. */
export interface YogiOptions {
  /** η, 0 or more, or a schedule. Default 0.01. */
  readonly learningRate?: Rate;
  /** β₁, the decay rate of the mean of the gradients, at least 0 and below 1. Default 0.9. */
  readonly beta1?: Scalar;
  /** β₂, the decay rate of the mean of the squared gradients, at least 0 and below 1. Default 0.999. */
  readonly beta2?: Scalar;
  /** ε, added to the square root of the mean square, 0 or more. Default 0.001. */
  readonly eps?: Scalar;
  /** Initial value of m and v, 0 or more. Default 1e-6. */
  readonly initialAccumulatorValue?: Scalar;
  /** λ of a penalty `λ/2 · Σ θ²` that is added to the loss, 0 or more. Default 0. */
  readonly weightDecay?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `yogi`. */
export interface YogiState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
  /** v, which follows the squared gradients in steps of (1 − β₂)g². */
  readonly meanSquare: P;
}

/** Result of `yogi`: an `Optimizer<P, YogiState<P>>` for every structure `P` of parameters. */
export type Yogi = RuleOptimizer<YogiState<object>>;

/**
 * Yogi: Adam whose v changes by at most (1 − β₂)g² per step, so that a few small gradients do not make the effective
 * rate jump up.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * m ← β₁m + (1 − β₁)g
 * v ← v − (1 − β₂) sign(v − g²) g²
 * θ ← θ − η · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)        t = 1, 2, …
 * ```
 *
 * The defaults are the paper's; the bias corrections by 1 − βᵗ and the initial value 1e-6 of m and v follow optax and
 * the authors' code; algorithm 2 of the paper has neither. PyTorch and Keras have no Yogi.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Zaheer, Reddi, Sachan, Kale, Kumar, Adaptive methods for nonconvex optimization, NeurIPS 2018, algorithm 2.
 * @example
 * const { init, update } = yogi({ learningRate: 0.1, eps: 0, initialAccumulatorValue: 0 });
 * const params = { w: tensor([1, 1]) };
 * const { updates } = update({ w: tensor([4, -0.25]) }, init(params), params);
 * updates; // { w: f64[2] [-0.1,  0.1] }
 */
export function yogi(options: YogiOptions = {}): Yogi {
  if (arguments.length > 1) refuseExtra("yogi", arguments, 1);
  const read = readOptions("yogi", options, {
    learningRate: rate(0.01),
    beta1: within(0.9, belowOne),
    beta2: within(0.999, belowOne),
    eps: within(0.001, notNegative),
    initialAccumulatorValue: within(1e-6, notNegative),
    weightDecay: within(0, notNegative),
    maximize: flag(false),
  });
  return followRule<YogiState<object>, typeof read>({
    name: "yogi",
    options: read,
    parts: {
      mean: { value: read.initialAccumulatorValue },
      meanSquare: { value: read.initialAccumulatorValue },
    },
    formula: ({ t, eta, beta1, beta2, eps, weightDecay }) => {
      const correction1 = oneMinusPower(beta1, t);
      const correction2 = sqrt(oneMinusPower(beta2, t));
      return ({ x, g: gradient, mean, meanSquare }) => {
        const g = penalised(gradient, x, weightDecay);
        const m = average(mean, g, beta1);
        const squared = mul(g, g);
        const v = sub(meanSquare, mul(mul(sign(sub(meanSquare, squared)), squared), complement(beta2)));
        const root = add(div(flatSqrt(v), correction2), eps);
        return { change: descend(over(div(m, correction1), root, eps), eta), mean: m, meanSquare: v };
      };
    },
  });
}
