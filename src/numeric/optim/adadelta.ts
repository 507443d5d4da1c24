import { refuseExtra } from "../../engine/errors/arguments.ts";
import { add, mul } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { average, descend, flatSqrt, notNegative, over, penalised } from "./formulas.ts";
import { flag, rate, readOptions, type Rate, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `adadelta`. */
export interface AdadeltaOptions {
  /** η, 0 or more, or a schedule. Default 1. */
  readonly learningRate?: Rate;
  /** ρ, the decay rate of the running means, from 0 to 1. Default 0.9. */
  readonly rho?: Scalar;
  /** ε, added under both square roots, 0 or more. Default 1e-6. */
  readonly eps?: Scalar;
  /** λ of a penalty `λ/2 · Σ θ²` that is added to the loss, 0 or more. Default 0. */
  readonly weightDecay?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `adadelta`. */
export interface AdadeltaState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** v, the running mean of the squared gradients. */
  readonly meanSquare: P;
  /** u, the running mean of the squared steps. */
  readonly meanSquareStep: P;
}

/** Result of `adadelta`: an `Optimizer<P, AdadeltaState<P>>` for every structure `P` of parameters. */
export type Adadelta = RuleOptimizer<AdadeltaState<object>>;

/**
 * Adadelta: steps in the units of the parameters, without a learning rate that must be tuned.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * v ← ρv + (1 − ρ)g²
 * d ← √(u + ε) / √(v + ε) · g
 * u ← ρu + (1 − ρ)d²
 * θ ← θ − ηd
 * ```
 *
 * These are PyTorch's rules and defaults; the paper has η = 1 and ρ = 0.95. Keras has η = 0.001 and ρ = 0.95, ε = 1e-7.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Zeiler, ADADELTA: an adaptive learning rate method, 2012, algorithm 1.
 * @example
 * const { init, update } = adadelta({ rho: 0.5, eps: 1 });
 * const params = { w: tensor(1) };
 * const { updates } = update({ w: tensor(4) }, init(params), params);
 * updates; // { w: -1.3333333333333333 }
 */
export function adadelta(options: AdadeltaOptions = {}): Adadelta {
  if (arguments.length > 1) refuseExtra("adadelta", arguments, 1);
  const read = readOptions("adadelta", options, {
    learningRate: rate(1),
    rho: within(0.9, { from: 0, to: 1 }),
    eps: within(1e-6, notNegative),
    weightDecay: within(0, notNegative),
    maximize: flag(false),
  });
  return followRule<AdadeltaState<object>, typeof read>({
    name: "adadelta",
    options: read,
    parts: { meanSquare: zero, meanSquareStep: zero },
    formula: ({ eta, rho, eps, weightDecay }) => {
      return ({ x, g: gradient, meanSquare, meanSquareStep }) => {
        const g = penalised(gradient, x, weightDecay);
        const v = average(meanSquare, mul(g, g), rho);
        const d = mul(over(flatSqrt(add(meanSquareStep, eps)), flatSqrt(add(v, eps)), eps), g);
        const u = average(meanSquareStep, mul(d, d), rho);
        return { change: descend(d, eta), meanSquare: v, meanSquareStep: u };
      };
    },
  });
}
