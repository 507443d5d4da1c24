import { refuseExtra } from "../../engine/errors/arguments.ts";
import { add, div, maximum, mul, pow, sub } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { descend, notNegative, penalised } from "./formulas.ts";
import { flag, rate, readOptions, type Rate, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `asgd`. */
export interface AsgdOptions {
  /** η, 0 or more, or a schedule. Default 0.01. */
  readonly learningRate?: Rate;
  /** λ₀, 0 or more: each update subtracts ηₜλ₀θ, and the rate falls as `ηₜ = η/(1 + λ₀η(t − 1))^α`. Default 0.0001. */
  readonly lambd?: Scalar;
  /** α, the exponent in the rate `η/(1 + λ₀η(t − 1))^α`, 0 or more. Default 0.75. */
  readonly alpha?: Scalar;
  /** t₀, 0 or more: averaging starts with the parameters of update t₀ + 2. Default 1e6. */
  readonly t0?: Scalar;
  /** λ of a penalty `λ/2 · Σ θ²` that is added to the loss, 0 or more. Default 0. */
  readonly weightDecay?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `asgd`. */
export interface AsgdState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /**
   * ā, the mean of the parameters after updates t₀ + 2, t₀ + 3, …; before them, the current parameters. Use it after
   * training.
   */
  readonly average: P;
}

/** Result of `asgd`: an `Optimizer<P, AsgdState<P>>` for every structure `P` of parameters. */
export type Asgd = RuleOptimizer<AsgdState<object>>;

/**
 * Averaged stochastic gradient descent: a falling learning rate, together with the mean of the parameters over the
 * updates, which is a better estimate than the last parameters.
 *
 * ```text
 * g  ← ∇f(θ) + λθ
 * ηₜ = η/(1 + λ₀η(t − 1))^α                   t = 1, 2, …
 * θ  ← θ − ηₜ(g + λ₀θ)
 * ā  ← ā + (θ − ā)/max(1, t − 1 − t₀)         (so ā = θ up to t = t₀ + 2)
 * ```
 *
 * These are PyTorch's rules and defaults, and its names (`lambd` is λ₀); its `ax` is the `average` of the state. If the
 * rate is a schedule, ηₜ is computed from the η of the same update (PyTorch: of the previous one). To average with any
 * optimiser, see `swa`.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Polyak, Juditsky, Acceleration of stochastic approximation by averaging, SIAM J. Control Optim. 30, 1992.
 * @example
 * const { init, update } = asgd({ learningRate: 0.5, lambd: 0, t0: 0 });
 * const params = { w: tensor(1) };
 * const { updates, state } = update({ w: tensor(1) }, init(params), params);
 * updates; // { w: -0.5 }
 * state.average; // { w: 0.5 }
 */
export function asgd(options: AsgdOptions = {}): Asgd {
  if (arguments.length > 1) refuseExtra("asgd", arguments, 1);
  const read = readOptions("asgd", options, {
    learningRate: rate(0.01),
    lambd: within(1e-4, notNegative),
    alpha: within(0.75, notNegative),
    t0: within(1e6, notNegative),
    weightDecay: within(0, notNegative),
    maximize: flag(false),
  });
  return followRule<AsgdState<object>, typeof read>({
    name: "asgd",
    options: read,
    parts: { average: zero },
    formula: ({ t, eta, lambd, alpha, t0, weightDecay }) => {
      const before = sub(t, 1);
      const falling = div(eta, pow(add(mul(mul(before, lambd), eta), 1), alpha));
      const share = div(1, maximum(sub(before, t0), 1));
      return ({ x, g: gradient, average }) => {
        const g = penalised(gradient, x, weightDecay);
        const change = descend(penalised(g, x, lambd), falling);
        return { change, average: add(average, mul(sub(add(x, change), average), share)) };
      };
    },
  });
}
