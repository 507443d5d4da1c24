import {
  add,
  astype,
  div,
  expm1,
  lessEqual,
  log1p,
  maximum,
  mul,
  neg,
  sqrt,
  where,
} from "../array/elementwise.ts";
import { full, onesLike, zeros, zerosLike } from "../array/create.ts";
import { checkOptions } from "../errors/options.ts";
import type { Tensor } from "../ir/tensor.ts";
import { checkFlag, checkNumber, checkRate } from "./options.ts";
import type { Update, UpdateExtra } from "./optimizer.ts";
import { matchParameters } from "./parameters.ts";
import type { Schedule } from "./schedule.ts";
import { rateAt, scaleBack } from "./schedule.ts";

/** Options of `adam`. */
export interface AdamOptions {
  /** η, 0 or more, or a schedule. Default 0.001. */
  readonly learningRate?: number | Schedule;
  /** β₁, how much of the mean of the gradients is kept, from 0 to below 1. Default 0.9. */
  readonly beta1?: number;
  /** β₂, how much of the mean of their squares is kept, from 0 to below 1. Default 0.999. */
  readonly beta2?: number;
  /** ε, added to the root of the mean square, 0 or more. Default 1e-8. */
  readonly eps?: number;
  /** λ of a penalty `λ/2 · Σ θ²` that is added to the loss, 0 or more. Default 0. */
  readonly weightDecay?: number;
  /** Divide by the largest mean square so far. Default false. */
  readonly amsgrad?: boolean;
  /** Climb instead of descend. Default false. */
  readonly maximize?: boolean;
}

/** State of `adam`. */
export interface AdamState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** m, the running mean of the gradients. */
  readonly mean: P;
  /** v, the running mean of their squares. */
  readonly meanSquare: P;
  /** The largest v so far; `null` without `amsgrad`. */
  readonly maxMeanSquare: P | null;
}

/** `adam`, for parameters of any structure: an `Optimizer<P, AdamState<P>>` for every `P`. */
export interface Adam {
  init<P>(params: P): AdamState<P>;
  update<P>(grads: P, state: AdamState, params: P, extra?: UpdateExtra<P>): Update<P, AdamState<P>>;
  readonly learningRate: number | Schedule;
}

/**
 * Adam: each parameter moves by about the learning rate, whatever the size of its gradients.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * m ← β₁m + (1 − β₁)g
 * v ← β₂v + (1 − β₂)g²              (amsgrad: v̂ ← max(v̂, v), used in place of v)
 * θ ← θ − η · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε)        t = 1, 2, …
 * ```
 *
 * These are PyTorch's rules and defaults; the largest v of `amsgrad` is taken before the correction by `1 − β₂ᵗ`, as
 * there. optax's `adam` is the same without weight decay. Keras has ε = 1e-7 and adds it to √v before the correction
 * ("ε̂" of the paper). Weight decay enters the gradient here; that of AdamW does not.
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
  const rule = readOptions(options);
  const { learningRate, beta1, beta2, amsgrad } = rule;
  return {
    learningRate,
    init<P>(params: P): AdamState<P> {
      const { lists, rebuild } = matchParameters("adam", { params });
      const zero = rebuild(lists[0]!.map(zerosLike)) as P;
      return {
        step: zeros([], { dtype: "int32" }),
        mean: zero,
        meanSquare: zero,
        maxMeanSquare: amsgrad ? zero : null,
      };
    },
    update<P>(grads: P, state: AdamState, params: P): Update<P, AdamState<P>> {
      const { lists, rebuild, dtype } = matchParameters("adam", {
        params,
        grads,
        "state.mean": state.mean,
        "state.meanSquare": state.meanSquare,
        ...(amsgrad ? { "state.maxMeanSquare": state.maxMeanSquare } : {}),
      });
      const [xs, gs, ms, vs, tops] = lists;
      const rate = rateAt(learningRate, state.step, dtype);
      const step = add(state.step, 1);
      const t = astype(step, dtype);
      const correction = { mean: oneMinusPower(beta1, t), root: sqrt(oneMinusPower(beta2, t)) };
      const moves = xs!.map((x, i) =>
        move(rule, correction, x, { g: gs![i]!, m: ms![i]!, v: vs![i]!, top: tops?.[i] }),
      );
      return {
        updates: rebuild(moves.map(({ direction }) => scaleBack(direction, rate))) as P,
        state: {
          step,
          mean: rebuild(moves.map(({ m }) => m)) as P,
          meanSquare: rebuild(moves.map(({ v }) => v)) as P,
          maxMeanSquare: amsgrad ? (rebuild(moves.map(({ top }) => top)) as P) : null,
        },
      };
    },
  };
}

interface Moments {
  readonly m: Tensor;
  readonly v: Tensor;
  /** The largest v so far. */
  readonly top: Tensor | undefined;
}

/** `1 − β₁ᵗ` and `√(1 − β₂ᵗ)`. */
interface Correction {
  readonly mean: Tensor;
  readonly root: Tensor;
}

/** Which way to go from a parameter `x` with gradient `g`, and its next moments. */
function move(
  { beta1, beta2, eps, weightDecay, maximize }: Required<AdamOptions>,
  correction: Correction,
  x: Tensor,
  { g, ...old }: Moments & { readonly g: Tensor },
): { readonly direction: Tensor; readonly m: Tensor; readonly v: Tensor; readonly top: Tensor } {
  if (maximize) g = neg(g);
  if (weightDecay !== 0) g = add(g, mul(x, weightDecay));
  const m = add(mul(old.m, beta1), mul(g, 1 - beta1));
  const v = add(mul(old.v, beta2), mul(mul(g, g), 1 - beta2));
  const top = old.top === undefined ? v : maximum(old.top, v);
  const root = div(flatSqrt(top), astype(correction.root, x.dtype));
  const direction = div(div(m, astype(correction.mean, x.dtype)), add(root, eps));
  return { direction, m, v, top };
}

/** `1 − βᵗ` for a scalar t, without the cancellation that `βᵗ` near 1 would bring. */
function oneMinusPower(beta: number, t: Tensor): Tensor {
  const logBeta = log1p(full([], beta - 1, { dtype: t.dtype }));
  return neg(expm1(mul(t, logBeta)));
}

/**
 * √x with derivative 0 at 0, where that of √ is infinite: a gradient that is exactly 0 must not make NaN of the
 * derivative of a whole run.
 */
function flatSqrt(x: Tensor): Tensor {
  const isZero = lessEqual(x, 0); // false for NaN, which goes through
  return where(isZero, zerosLike(x), sqrt(where(isZero, onesLike(x), x)));
}

function readOptions(options: AdamOptions): Required<AdamOptions> {
  checkOptions("adam", options, [
    "learningRate",
    "beta1",
    "beta2",
    "eps",
    "weightDecay",
    "amsgrad",
    "maximize",
  ]);
  const {
    learningRate = 0.001,
    beta1 = 0.9,
    beta2 = 0.999,
    eps = 1e-8,
    weightDecay = 0,
    amsgrad = false,
    maximize = false,
  } = options;
  checkRate("adam", learningRate);
  checkNumber("adam", "beta1", beta1, { from: 0, to: 1, below: true });
  checkNumber("adam", "beta2", beta2, { from: 0, to: 1, below: true });
  checkNumber("adam", "eps", eps, { from: 0 });
  checkNumber("adam", "weightDecay", weightDecay, { from: 0 });
  checkFlag("adam", "amsgrad", amsgrad);
  checkFlag("adam", "maximize", maximize);
  return { learningRate, beta1, beta2, eps, weightDecay, amsgrad, maximize };
}
