import { refuseExtra } from "../../engine/errors/arguments.ts";
import { add, div, maximum, minimum, mul, pow, sqrt, sub } from "../array/elementwise.ts";
import { mean } from "../array/reduce.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { average, descend, notNegative, rootMeanSquare, squareOf } from "./formulas.ts";
import { flag, optional, type Rate, rate, readOptions, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer } from "./rule.ts";

/** Options of `adafactor`. */
export interface AdafactorOptions {
  /** η, the largest relative step, 0 or more, or a schedule. Default 0.01. */
  readonly learningRate?: Rate;
  /** Exponent of t in the weight `t^β₂decay` of a new gradient in the mean squares, 0 or less. Default −0.8. */
  readonly beta2Decay?: Scalar;
  /**
   * ε₁, the lower bound of the root mean square of a gradient element, 0 or more; `null` for the machine epsilon of the
   * dtype. Default `null`.
   */
  readonly eps1?: Scalar | null;
  /**
   * ε₂, the lower bound of the root mean square of a parameter tensor, to which its step is proportional; 0 or more.
   * Default 0.001.
   */
  readonly eps2?: Scalar;
  /**
   * d: a step is shortened if the root mean square of its normalised gradient (u in the formula) exceeds d. Above 0.
   * Default 1.
   */
  readonly d?: Scalar;
  /** λ of decoupled weight decay: each step also subtracts ηλθ; 0 or more. Default 0. */
  readonly weightDecay?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `adafactor`. */
export interface AdafactorState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /**
   * r, the running mean square of each row of a matrix's gradients, with a last axis of size 1; `null` for vectors and
   * scalars.
   */
  readonly rows: P | null;
  /**
   * c, the running mean square of each column of a matrix's gradients, with a last axis but one of size 1; `null` for
   * vectors and scalars.
   */
  readonly columns: P | null;
  /** v, the running mean square of each gradient element of a vector or scalar; `null` for matrices. */
  readonly meanSquare: P | null;
}

/** Result of `adafactor`: an `Optimizer<P, AdafactorState<P>>` for every structure `P` of parameters. */
export type Adafactor = RuleOptimizer<AdafactorState<object>>;

/**
 * Adafactor: for a matrix, stores only the mean squares of rows and columns, n + m numbers instead of nm. Steps are
 * relative to the root mean square of the tensor.
 *
 * ```text
 * b = t^β₂decay,   ρ = min(η, 1/√t)                           t = 1, 2, …
 * r ← (1 − b)r + b · (mean of g² over each row),  c ← the same over columns
 * v = rcᵀ / max(mean(r), ε₁)                                  (vectors: v ← (1 − b)v + bg²)
 * u = g / √max(v, ε₁²)
 * θ ← θ − ηλθ − max(ε₂, rms(θ)) · ρ · u / max(1, rms(u)/d)    rms: root mean square of a whole tensor
 * ```
 *
 * These are PyTorch's rules and defaults; its `eps` is `[eps1, eps2]`. The paper adds ε₁ to g² instead; optax's
 * `adafactor` follows the paper, factors only axes of size 128 or more, and has no lower bound of v. For an array of
 * three or more axes, the last two are rows and columns.
 *
 * @throws DownhillError `option` for an unknown option, `range` for a number out of range.
 * @see Shazeer, Stern, Adafactor: adaptive learning rates with sublinear memory cost, ICML 2018, algorithm 4.
 * @example
 * const { init, update } = adafactor({ learningRate: 0.1 });
 * const params = { w: tensor([3, -3]) };
 * const { updates } = update({ w: tensor([5, 0.5]) }, init(params), params);
 * updates; // { w: f64[2] [-0.3, -0.3] }
 */
export function adafactor(options: AdafactorOptions = {}): Adafactor {
  if (arguments.length > 1) refuseExtra("adafactor", arguments, 1);
  const read = readOptions<AdafactorOptions>("adafactor", options, {
    learningRate: rate(0.01),
    beta2Decay: within(-0.8, { to: 0 }),
    eps1: optional(within(0, notNegative)),
    eps2: within(0.001, notNegative),
    d: within(1, { from: 0, above: true }),
    weightDecay: within(0, notNegative),
    maximize: flag(false),
  });
  return followRule<AdafactorState<object>, typeof read>({
    name: "adafactor",
    options: read,
    parts: {
      rows: { value: 0, shape: (shape) => (shape.length < 2 ? null : [...shape.slice(0, -1), 1]) },
      columns: {
        value: 0,
        shape: (shape) => (shape.length < 2 ? null : [...shape.slice(0, -2), 1, shape.at(-1)!]),
      },
      meanSquare: { value: 0, shape: (shape) => (shape.length < 2 ? shape : null) },
    },
    formula: ({ t, eta, beta2Decay, eps1, eps2, d, weightDecay }) => {
      const taken = pow(t, beta2Decay);
      const kept = sub(1, taken);
      const towards = (v: Tensor, x: Tensor): Tensor => average(v, x, kept);
      const rho = minimum(eta, div(1, sqrt(t)));
      return ({ x, g, rows, columns, meanSquare }) => {
        const floor = eps1 ?? (x.dtype === "float64" ? 2 ** -52 : 2 ** -23);
        const squared = mul(g, g);
        const r = rows && towards(rows, mean(squared, { axis: -1, keepdims: true }));
        const c = columns && towards(columns, mean(squared, { axis: -2, keepdims: true }));
        const v = meanSquare && towards(meanSquare, squared);
        const size = v ?? div(mul(r!, c!), maximum(mean(r!, { axis: -2, keepdims: true }), floor));
        const u = mul(g, div(1, sqrt(maximum(size, squareOf(floor)))));
        const alpha = mul(maximum(rootMeanSquare(x), eps2), rho);
        const excess = maximum(div(rootMeanSquare(u), d), 1);
        const shrunk = descend(mul(x, weightDecay), eta);
        return { change: add(descend(u, div(alpha, excess)), shrunk), rows: r, columns: c, meanSquare: v };
      };
    },
  });
}
