import { refuseExtra } from "../../engine/errors/arguments.ts";
import { full } from "../array/create.ts";
import { add, div, expm1, greater, less, log, mul, neg, sqrt, sub, where } from "../array/elementwise.ts";
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
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `radam`. */
export interface RadamOptions {
  /** η, 0 or more, or a schedule. Default 0.001. */
  readonly learningRate?: Rate;
  /** β₁, the decay rate of the mean of the gradients, at least 0 and below 1. Default 0.9. */
  readonly beta1?: Scalar;
  /** β₂, the decay rate of the mean of the squared gradients, at least 0 and below 1. Default 0.999. */
  readonly beta2?: Scalar;
  /** ε, added to √v, 0 or more. Default 1e-8. */
  readonly eps?: Scalar;
  /** λ, 0 or more: adds the penalty `λ/2 · Σ θ²` to the loss, unless `decoupledWeightDecay` is true. Default 0. */
  readonly weightDecay?: Scalar;
  /** True to subtract ηλθ from the parameters instead of adding λθ to the gradient. Default false. */
  readonly decoupledWeightDecay?: boolean;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `radam`. */
export interface RadamState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
  /** v, the running mean of the squared gradients. */
  readonly meanSquare: P;
}

/** Result of `radam`: an `Optimizer<P, RadamState<P>>` for every structure `P` of parameters. */
export type Radam = RuleOptimizer<RadamState<object>>;

/**
 * RAdam: Adam that steps by the mean of the gradients alone while there are too few gradients to estimate their size,
 * and by a rectified step from then on.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * m ← β₁m + (1 − β₁)g,   m̂ = m/(1 − β₁ᵗ)      t = 1, 2, …
 * v ← β₂v + (1 − β₂)g²
 * ρ = ρ∞ − 2tβ₂ᵗ/(1 − β₂ᵗ),  ρ∞ = 2/(1 − β₂) − 1
 * ρ > 5:  θ ← θ − η m̂ r √(1 − β₂ᵗ)/(√v + ε),  r² = (ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ)
 * else:   θ ← θ − η m̂
 * ```
 *
 * These are PyTorch's rules and defaults: the bound is 5, where the paper and Keras have 4, and ε is added before the
 * bias correction of √v. optax's `radam` adds it afterwards and has the bound 5.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Liu, Jiang, He, Chen, Liu, Gao, Han, On the variance of the adaptive learning rate and beyond, ICLR 2020, algorithm 2.
 * @example
 * const { init, update } = radam({ learningRate: 0.1 });
 * const params = { w: tensor(1) };
 * const { updates } = update({ w: tensor(4) }, init(params), params);
 * updates; // { w: -0.4 }
 */
export function radam(options: RadamOptions = {}): Radam {
  if (arguments.length > 1) refuseExtra("radam", arguments, 1);
  const read = readOptions("radam", options, {
    learningRate: rate(0.001),
    beta1: within(0.9, belowOne),
    beta2: within(0.999, belowOne),
    eps: within(1e-8, notNegative),
    weightDecay: within(0, notNegative),
    decoupledWeightDecay: flag(false),
    maximize: flag(false),
  });
  return followRule<RadamState<object>, typeof read>({
    name: "radam",
    options: read,
    parts: { mean: zero, meanSquare: zero },
    formula: ({ t, eta, beta1, beta2, eps, weightDecay, decoupledWeightDecay }) => {
      const [correction1, correction2] = [oneMinusPower(beta1, t), oneMinusPower(beta2, t)];
      const end = sub(div(full([], 2, { dtype: t.dtype }), complement(beta2)), 1);
      const rho = memoryLength(beta2, t);
      const isKnown = greater(rho, 5);
      const safe = where(isKnown, rho, 6); // the square root of a negative number would make derivatives NaN
      const rectified = div(
        mul(mul(sub(safe, 4), sub(safe, 2)), end),
        mul(mul(sub(end, 4), sub(end, 2)), safe),
      );
      const factor = sqrt(mul(where(isKnown, rectified, 1), correction2));
      return ({ x, g: gradient, mean, meanSquare }) => {
        const g = decoupledWeightDecay ? gradient : penalised(gradient, x, weightDecay);
        const m = average(mean, g, beta1);
        const v = average(meanSquare, mul(g, g), beta2);
        const plain = div(m, correction1);
        const adapted = over(mul(plain, factor), add(flatSqrt(v), eps), eps);
        const direction = where(isKnown, adapted, plain);
        const change = descend(decoupledWeightDecay ? penalised(direction, x, weightDecay) : direction, eta);
        return { change, mean: m, meanSquare: v };
      };
    },
  });
}

/**
 * `ρ = ρ∞ − 2tβᵗ/(1 − βᵗ)`. With L = −ln β and u = tL it is `(ρ∞ − 2/L) + (2/L)(1 − u/(eᵘ − 1))`: near β = 1 the two
 * large terms of the first form cancel, so that float32 would keep only four digits.
 */
function memoryLength(beta: Scalar, t: Tensor): Tensor {
  const decay = typeof beta === "number" ? -Math.log(beta) : neg(log(beta)); // L
  const twice = typeof decay === "number" ? 2 / decay : div(2, decay); // 2/L
  const offset =
    typeof beta === "number" && typeof twice === "number"
      ? 2 / (1 - beta) - 1 - twice
      : sub(sub(div(2, sub(1, beta)), 1), twice);
  const u = mul(t, decay);
  const u2 = mul(u, u);
  // 1 − u/(eᵘ − 1) = u/2 − u²/12 + u⁴/720 − u⁶/30240 + …
  const tail = sub(1 / 12, mul(u2, sub(1 / 720, div(u2, 30240))));
  const series = mul(u, sub(0.5, mul(u, tail)));
  const bend = where(less(u, 0.1), series, sub(1, div(u, expm1(u))));
  return add(mul(bend, twice), offset);
}
