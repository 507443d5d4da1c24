import { refuseExtra } from "../../engine/errors/arguments.ts";
import { add, div, mul, sub } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { descend, flatSqrt, notNegative, over, penalised } from "./formulas.ts";
import { flag, rate, readOptions, type Rate, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer } from "./rule.ts";

/** Options of `adagrad`. */
export interface AdagradOptions {
  /** η, 0 or more, or a schedule. Default 0.01. */
  readonly learningRate?: Rate;
  /** κ, the decay of the learning rate `η/(1 + κ·(t − 1))`, 0 or more. Default 0. */
  readonly learningRateDecay?: Scalar;
  /** λ of a penalty `λ/2 · Σ θ²` that is added to the loss, 0 or more. Default 0. */
  readonly weightDecay?: Scalar;
  /** Initial value of the sum of squares, 0 or more. Default 0. */
  readonly initialAccumulatorValue?: Scalar;
  /** ε, added to the square root of the sum, 0 or more. Default 1e-10. */
  readonly eps?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `adagrad`. */
export interface AdagradState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** s, the sum of the squares of all gradients. */
  readonly sumOfSquares: P;
}

/** Result of `adagrad`: an `Optimizer<P, AdagradState<P>>` for every structure `P` of parameters. */
export type Adagrad = RuleOptimizer<AdagradState<object>>;

/**
 * Adagrad: each weight has its own learning rate, which falls with the sum of its squared gradients. A weight of a rare
 * feature keeps a large rate for the few times that the feature occurs.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * s ← s + g²
 * θ ← θ − η/(1 + κ(t − 1)) · g / (√s + ε)        t = 1, 2, …
 * ```
 *
 * These are PyTorch's rules and defaults. optax and Keras start with a sum of 0.1 (here: 0) and add ε = 1e-7 inside the
 * square root.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Duchi, Hazan, Singer, Adaptive subgradient methods for online learning and stochastic optimization, JMLR 12, 2011.
 * @example
 * const { init, update } = adagrad({ learningRate: 0.5 });
 * const params = { w: tensor([1, 1]) };
 * const { updates } = update({ w: tensor([4, 0.25]) }, init(params), params);
 * updates; // { w: f64[2] [-0.5, -0.5] }
 */
export function adagrad(options: AdagradOptions = {}): Adagrad {
  if (arguments.length > 1) refuseExtra("adagrad", arguments, 1);
  const read = readOptions("adagrad", options, {
    learningRate: rate(0.01),
    learningRateDecay: within(0, notNegative),
    weightDecay: within(0, notNegative),
    initialAccumulatorValue: within(0, notNegative),
    eps: within(1e-10, notNegative),
    maximize: flag(false),
  });
  return followRule<AdagradState<object>, typeof read>({
    name: "adagrad",
    options: read,
    parts: { sumOfSquares: { value: read.initialAccumulatorValue } },
    formula: ({ t, eta, learningRateDecay, weightDecay, eps }) => {
      const falling = learningRateDecay === 0 ? eta : div(eta, add(mul(sub(t, 1), learningRateDecay), 1));
      return ({ x, g: gradient, sumOfSquares }) => {
        const g = penalised(gradient, x, weightDecay);
        const s = add(sumOfSquares, mul(g, g));
        const direction = over(g, add(flatSqrt(s), eps), eps);
        return { change: descend(direction, falling), sumOfSquares: s };
      };
    },
  });
}
