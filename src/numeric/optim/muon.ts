import { add, astype, div, maximum, mul } from "../array/elementwise.ts";
import { matmul, transpose } from "../array/shape.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { roundToBfloat16, roundToFloat32 } from "./bfloat16.ts";
import { average, descend, length, notNegative, penalised } from "./formulas.ts";
import { count, flag, oneOf, type Rate, rate, readOptions, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `muon`. */
export interface MuonOptions {
  /** η, 0 or more, or a schedule. Default 0.001. */
  readonly learningRate?: Rate;
  /** λ of decoupled weight decay: each step also subtracts ηλθ; 0 or more. Default 0.1. */
  readonly weightDecay?: Scalar;
  /** β, the decay rate of the mean of the gradients, from 0 to 1. Default 0.95. */
  readonly momentum?: Scalar;
  /** True for Nesterov momentum, which looks ahead along the mean. Default true. */
  readonly nesterov?: boolean;
  /** ε, the lower bound of the norm that a step is divided by, 0 or more. Default 1e-7. */
  readonly eps?: Scalar;
  /** Number of Newton–Schulz steps, 0 to 99. Default 5. */
  readonly nsSteps?: number;
  /** a, b and c of the Newton–Schulz polynomial `aX + (bXXᵀ + c(XXᵀ)²)X`. Default [3.4445, −4.775, 2.0315]. */
  readonly nsCoefficients?: readonly [a: number, b: number, c: number];
  /** Precision of the Newton–Schulz steps: that of the parameter, or bfloat16. Default `full`. */
  readonly nsPrecision?: "full" | "bfloat16";
  /**
   * Dependence of η on the shape n × m: a factor of `√max(1, n/m)` (`original`) or `0.2 √max(n, m)`
   * (`match-rms-adamw`). Default `original`.
   */
  readonly adjustLearningRate?: "original" | "match-rms-adamw";
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `muon`. */
export interface MuonState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
}

/** Result of `muon`: an `Optimizer<P, MuonState<P>>` for every structure `P` of matrices. */
export type Muon = RuleOptimizer<MuonState<object>>;

/**
 * Muon: momentum for matrices, where each step is made nearly orthogonal, so that all its singular directions have
 * equal weight. For the weight matrices of hidden layers; with `multiTransform`, use `adamw` for vectors, embeddings
 * and outputs.
 *
 * ```text
 * m ← βm + (1 − β)g
 * u = βm + (1 − β)g                 (nesterov; else u = m)
 * X = u / max(‖u‖, ε), then nsSteps times  X ← aX + (bXXᵀ + c(XXᵀ)²)X     a, b, c = 3.4445, −4.7750, 2.0315
 * θ ← θ − ηλθ − η · adjust(n, m) · X
 * ```
 *
 * These are PyTorch's rules and defaults, except for the precision: PyTorch computes X in bfloat16, regardless of the
 * dtype of the parameter. `nsPrecision: "bfloat16"` reproduces its numbers by rounding the result of each product the
 * same way. It shows the effect of eight-bit precision, but is slower, not faster. optax's `muon` automatically uses
 * Adam for parameters that are not matrices and has λ = 0.
 *
 * @throws DownhillError `shape` for a parameter that is not a matrix, `option` for an unknown option, `range` for a
 * number out of range.
 * @see Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024; Liu et al., Muon is scalable for LLM
 * training, 2025, for `match-rms-adamw`.
 * @example
 * const { init, update } = muon({ learningRate: 0.1, weightDecay: 0, nsSteps: 0 });
 * const params = { w: tensor([[0, 0]]) };
 * update({ w: tensor([[3, 4]]) }, init(params), params).updates.w.tolist(); // [[-0.06, -0.08]]
 */
export function muon(options: MuonOptions = {}): Muon {
  if (arguments.length > 1) refuseExtra("muon", arguments, 1);
  const read = readOptions<MuonOptions>("muon", options, {
    learningRate: rate(0.001),
    weightDecay: within(0.1, notNegative),
    momentum: within(0.95, { from: 0, to: 1 }),
    nesterov: flag(true),
    eps: within(1e-7, notNegative),
    nsSteps: count(5, { from: 0, to: 99 }),
    nsCoefficients: { initial: coefficients, check: checkCoefficients },
    nsPrecision: oneOf("full", ["full", "bfloat16"]),
    adjustLearningRate: oneOf("original", ["original", "match-rms-adamw"]),
    maximize: flag(false),
  });
  return followRule<MuonState<object>, typeof read>({
    name: "muon",
    options: read,
    parts: { mean: zero },
    accept: requireMatrix,
    formula: (o) => {
      const orthogonal = { full: orthogonalize, bfloat16: orthogonalizeInBfloat16 }[o.nsPrecision];
      return ({ x, g, mean }) => {
        const m = average(mean, g, o.momentum);
        const u = o.nesterov ? average(m, g, o.momentum) : m;
        const factor = factors[o.adjustLearningRate](x);
        const direction = mul(orthogonal(u, o.nsSteps, o.eps, o.nsCoefficients), factor);
        return { change: descend(penalised(direction, x, o.weightDecay), o.eta), mean: m };
      };
    },
  });
}

const factors: Readonly<Record<Required<MuonOptions>["adjustLearningRate"], (x: Tensor) => number>> = {
  original: ({ shape: [n, m] }) => Math.sqrt(Math.max(1, n! / m!)),
  "match-rms-adamw": ({ shape: [n, m] }) => 0.2 * Math.sqrt(Math.max(n!, m!)),
};

/**
 * A matrix with the singular vectors of x and singular values between about 0.7 and 1.2. It iterates a Newton–Schulz
 * polynomial whose coefficients raise small singular values fast; with these, the singular values do not converge to 1.
 */
export function orthogonalize(
  x: Tensor,
  steps: number,
  eps: Scalar,
  [a, b, c]: Required<MuonOptions>["nsCoefficients"] = coefficients,
): Tensor {
  const isTall = x.shape[0]! > x.shape[1]!;
  let y = div(isTall ? transpose(x) : x, maximum(length(x), eps));
  for (let k = 0; k < steps; k++) {
    const gram = matmul(y, transpose(y));
    y = add(mul(y, a), matmul(add(mul(gram, b), mul(matmul(gram, gram), c)), y));
  }
  return isTall ? transpose(y) : y;
}

/**
 * `orthogonalize` in bfloat16, bit for bit like PyTorch's `_zeropower_via_newtonschulz` on a CPU: sums in float32, each
 * result rounded to bfloat16. Computes in float64, which represents products of float32 exactly.
 */
export function orthogonalizeInBfloat16(
  x: Tensor,
  steps: number,
  eps: Scalar,
  [a, b, c]: Required<MuonOptions>["nsCoefficients"] = coefficients,
): Tensor {
  const isTall = x.shape[0]! > x.shape[1]!;
  const rounded = roundToBfloat16(astype(isTall ? transpose(x) : x, "float64"));
  let y = roundToBfloat16(div(rounded, roundToBfloat16(maximum(length(rounded), eps))));
  const [a32, b32, c32] = [a, b, c].map(Math.fround);
  for (let k = 0; k < steps; k++) {
    const gram = roundToBfloat16(matmul(y, transpose(y)));
    // a product plus a sum is rounded once, like in a fused multiply-add
    const square = roundToFloat32(mul(roundToFloat32(matmul(gram, gram)), c32!));
    const factor = roundToBfloat16(add(mul(gram, b32!), square));
    y = roundToBfloat16(add(mul(y, a32!), roundToFloat32(matmul(factor, y))));
  }
  return astype(isTall ? transpose(y) : y, x.dtype);
}

const coefficients: Required<MuonOptions>["nsCoefficients"] = [3.4445, -4.775, 2.0315];

function checkCoefficients(operation: string, option: string, value: unknown): void {
  if (Array.isArray(value) && value.length === 3 && value.every(Number.isFinite)) return;
  throw new DownhillError("option", `${operation}: ${option} must be a list of three finite numbers.`);
}

function requireMatrix(x: Tensor, path: () => string): void {
  if (x.ndim === 2) return;
  throw new DownhillError(
    "shape",
    `muon: ${path()} is ${showType(x.type)}; only matrices can be made orthogonal. ` +
      `Give it to another optimiser: multiTransform({ matrices: muon(), rest: adamw() }, labels).`,
  );
}
