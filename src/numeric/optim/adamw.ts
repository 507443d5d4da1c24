import { refuseExtra } from "../../engine/errors/arguments.ts";
import { type Adam, type AdamOptions, adamRule, adamTable } from "./adam.ts";
import { notNegative } from "./formulas.ts";
import { readOptions, type Scalar, within } from "./options.ts";

/** Options of `adamw`: the options of `adam`, except that the weight decay is always decoupled. */
export interface AdamwOptions extends Omit<AdamOptions, "weightDecay" | "decoupledWeightDecay"> {
  /** λ of decoupled weight decay: each step also subtracts ηλθ; 0 or more. Default 0.01. */
  readonly weightDecay?: Scalar;
}

/**
 * AdamW: Adam with decoupled weight decay, which is not divided by the size of the gradients.
 *
 * ```text
 * m ← β₁m + (1 − β₁)g
 * v ← β₂v + (1 − β₂)g²              (amsgrad: v̂ ← max(v̂, v), used instead of v)
 * θ ← θ − η · (m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε) + λθ)        t = 1, 2, …
 * ```
 *
 * These are PyTorch's rules and defaults. optax's `adamw` has λ = 0.0001, Keras's 0.004 and ε = 1e-7 before the bias
 * correction. In the paper, λ is multiplied only by the schedule multiplier and not by η.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Loshchilov, Hutter, Decoupled weight decay regularization, ICLR 2019, algorithm 2.
 * @example
 * const { init, update } = adamw({ learningRate: 0.1, weightDecay: 0.5, eps: 0 });
 * const params = { x: tensor([1, 1]) };
 * const { updates } = update({ x: tensor([2, 0]) }, init(params), params);
 * updates; // { x: f64[2] [-0.15, -0.05] }
 */
export function adamw(options: AdamwOptions = {}): Adam {
  if (arguments.length > 1) refuseExtra("adamw", arguments, 1);
  const table = { ...adamTable(), weightDecay: within(0.01, notNegative) };
  return adamRule("adamw", { ...readOptions("adamw", options, table), decoupledWeightDecay: true });
}
