import { refuseExtra } from "../../engine/errors/arguments.ts";
import { onesLike, zerosLike } from "../array/create.ts";
import { add, mul, notEqual, sqrt, div, where } from "../array/elementwise.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { average, belowOne, descend, flatSqrt, notNegative, oneMinusPower } from "./formulas.ts";
import { flag, type Rate, rate, readOptions, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `sparseAdam`. */
export interface SparseAdamOptions {
  /** η, 0 or more, or a schedule. Default 0.001. */
  readonly learningRate?: Rate;
  /** β₁, the decay rate of the mean of the gradients, at least 0 and below 1. Default 0.9. */
  readonly beta1?: Scalar;
  /** β₂, the decay rate of the mean of the squared gradients, at least 0 and below 1. Default 0.999. */
  readonly beta2?: Scalar;
  /** ε, added to √v, 0 or more. Default 1e-8. */
  readonly eps?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `sparseAdam`. */
export interface SparseAdamState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
  /** v, the running mean of the squared gradients. */
  readonly meanSquare: P;
}

/** Result of `sparseAdam`: an `Optimizer<P, SparseAdamState<P>>` for every structure `P` of parameters. */
export type SparseAdam = RuleOptimizer<SparseAdamState<object>>;

/**
 * Adam for embeddings: elements with a gradient of exactly 0 in a step keep their means and do not move.
 *
 * ```text
 * where g ≠ 0:
 *   m ← β₁m + (1 − β₁)g
 *   v ← β₂v + (1 − β₂)g²
 *   θ ← θ − η · √(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε)        t = 1, 2, … counts all updates
 * ```
 *
 * Rule and defaults are PyTorch's. PyTorch updates the rows of a sparse gradient; this updates elements whose gradient
 * is not 0. Unlike in `adam`, ε is added before the bias correction.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @example
 * const { init, update } = sparseAdam({ learningRate: 0.1, eps: 0 });
 * const params = { rows: tensor([[1], [1]]) };
 * const { updates } = update({ rows: tensor([[3], [0]]) }, init(params), params);
 * applyUpdates(params, updates).rows.at(1); // f64[1] [1]
 */
export function sparseAdam(options: SparseAdamOptions = {}): SparseAdam {
  if (arguments.length > 1) refuseExtra("sparseAdam", arguments, 1);
  const read = readOptions("sparseAdam", options, {
    learningRate: rate(0.001),
    beta1: within(0.9, belowOne),
    beta2: within(0.999, belowOne),
    eps: within(1e-8, notNegative),
    maximize: flag(false),
  });
  return followRule<SparseAdamState<object>, typeof read>({
    name: "sparseAdam",
    options: read,
    parts: { mean: zero, meanSquare: zero },
    formula: ({ t, eta, beta1, beta2, eps }) => {
      const correction = div(sqrt(oneMinusPower(beta2, t)), oneMinusPower(beta1, t));
      return ({ g, mean, meanSquare }) => {
        const took = notEqual(g, 0);
        const m = where(took, average(mean, g, beta1), mean);
        const v = where(took, average(meanSquare, mul(g, g), beta2), meanSquare);
        const root = where(took, add(flatSqrt(v), eps), onesLike(g));
        const direction = where(took, mul(div(m, root), correction), zerosLike(g));
        return { change: descend(direction, eta), mean: m, meanSquare: v };
      };
    },
  });
}
