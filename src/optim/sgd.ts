import { add, equal, mul, neg, where } from "../array/elementwise.ts";
import { zeros, zerosLike } from "../array/create.ts";
import { DownhillError } from "../errors/index.ts";
import { checkOptions } from "../errors/options.ts";
import type { Tensor } from "../ir/tensor.ts";
import { checkFlag, checkNumber, checkRate } from "./options.ts";
import type { Update, UpdateExtra } from "./optimizer.ts";
import { matchParameters } from "./parameters.ts";
import type { Schedule } from "./schedule.ts";
import { rateAt, scaleBack } from "./schedule.ts";

/** Options of `sgd`. */
export interface SgdOptions {
  /** η, 0 or more, or a schedule. Default 0.001. */
  readonly learningRate?: number | Schedule;
  /** β, how much of the last velocity is kept, from 0 to 1. Default 0: no velocity. */
  readonly momentum?: number;
  /** The part of each gradient but the first that does not enter the velocity, from 0 to 1. Default 0. */
  readonly dampening?: number;
  /** Look ahead along the velocity (needs momentum and no dampening). Default false. */
  readonly nesterov?: boolean;
  /** λ of a penalty `λ/2 · Σ θ²` that is added to the loss, 0 or more. Default 0. */
  readonly weightDecay?: number;
  /** Climb instead of descend. Default false. */
  readonly maximize?: boolean;
}

/** State of `sgd`. */
export interface SgdState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** v of each parameter; `null` without momentum. */
  readonly velocity: P | null;
}

/** `sgd`, for parameters of any structure: an `Optimizer<P, SgdState<P>>` for every `P`. */
export interface Sgd {
  init<P>(params: P): SgdState<P>;
  update<P>(grads: P, state: SgdState, params: P, extra?: UpdateExtra<P>): Update<P, SgdState<P>>;
  readonly learningRate: number | Schedule;
}

/**
 * Gradient descent, with momentum if asked for: stochastic, by mini-batches or full, as the gradient it is given.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * v ← βv + (1 − dampening) · g      (first step: v ← g)
 * θ ← θ − ηv                        (nesterov: θ ← θ − η(g + βv))
 * ```
 *
 * Without momentum `θ ← θ − ηg`. These are PyTorch's rules and defaults. optax's `sgd` is the same without dampening
 * and weight decay. Keras takes the rate into the velocity, `v ← βv − ηg`, `θ ← θ + v`: the same for a constant η, but
 * a change of η reaches its velocity only slowly.
 *
 * @throws DownhillError `option` for an unknown option or one that needs another, `range` for a number out of range.
 * @see Polyak, Some methods of speeding up the convergence of iteration methods, 1964; Sutskever, Martens, Dahl, Hinton,
 * On the importance of initialization and momentum in deep learning, ICML 2013 (Nesterov's form, from which PyTorch's
 * and ours differs in that η multiplies the velocity).
 * @example
 * const { init, update } = sgd({ learningRate: 0.1, momentum: 0.9 });
 * const params = { x: tensor(1) };
 * const { updates, state } = update({ x: tensor(2) }, init(params), params);
 * applyUpdates(params, updates); // { x: 0.8 }
 * state.velocity; // { x: 2 }
 */
export function sgd(options: SgdOptions = {}): Sgd {
  const rule = readOptions(options);
  const { learningRate, momentum } = rule;
  return {
    learningRate,
    init<P>(params: P): SgdState<P> {
      const { lists, rebuild } = matchParameters("sgd", { params });
      const velocity = momentum === 0 ? null : (rebuild(lists[0]!.map(zerosLike)) as P);
      return { step: zeros([], { dtype: "int32" }), velocity };
    },
    update<P>(grads: P, state: SgdState, params: P): Update<P, SgdState<P>> {
      const { step, velocity } = state;
      const trees = momentum === 0 ? { params, grads } : { params, grads, "state.velocity": velocity };
      const { lists, rebuild, dtype } = matchParameters("sgd", trees);
      const [xs, gs, vs] = lists;
      const rate = rateAt(learningRate, step, dtype);
      const isFirst = equal(step, 0);
      const moves = xs!.map((x, i) => move(rule, x, gs![i]!, vs?.[i], isFirst));
      return {
        updates: rebuild(moves.map(({ direction }) => scaleBack(direction, rate))) as P,
        state: {
          step: add(step, 1),
          velocity: momentum === 0 ? null : (rebuild(moves.map(({ v }) => v)) as P),
        },
      };
    },
  };
}

/** Which way to go from a parameter `x` with gradient `g` and velocity `v`, and the next velocity. */
function move(
  { momentum, dampening, nesterov, weightDecay, maximize }: Required<SgdOptions>,
  x: Tensor,
  g: Tensor,
  v: Tensor | undefined,
  isFirst: Tensor,
): { readonly direction: Tensor; readonly v: Tensor } {
  if (maximize) g = neg(g);
  if (weightDecay !== 0) g = add(g, mul(x, weightDecay));
  if (v === undefined) return { direction: g, v: g };
  let next = add(mul(v, momentum), mul(g, 1 - dampening));
  if (dampening !== 0) next = where(isFirst, g, next);
  return { direction: nesterov ? add(g, mul(next, momentum)) : next, v: next };
}

function readOptions(options: SgdOptions): Required<SgdOptions> {
  checkOptions("sgd", options, [
    "learningRate",
    "momentum",
    "dampening",
    "nesterov",
    "weightDecay",
    "maximize",
  ]);
  const {
    learningRate = 0.001,
    momentum = 0,
    dampening = 0,
    nesterov = false,
    weightDecay = 0,
    maximize = false,
  } = options;
  checkRate("sgd", learningRate);
  checkNumber("sgd", "momentum", momentum, { from: 0, to: 1 });
  checkNumber("sgd", "dampening", dampening, { from: 0, to: 1 });
  checkNumber("sgd", "weightDecay", weightDecay, { from: 0 });
  checkFlag("sgd", "nesterov", nesterov);
  checkFlag("sgd", "maximize", maximize);
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new DownhillError(
      "option",
      `sgd: nesterov needs a momentum above 0 and no dampening, got momentum ${momentum} and dampening ${dampening}.`,
    );
  }
  return { learningRate, momentum, dampening, nesterov, weightDecay, maximize };
}
