import { add, equal, mul, where } from "../array/elementwise.ts";
import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import { complement, descend, notNegative, penalised } from "./formulas.ts";
import { flag, type Rate, rate, readOptions, type Scalar, within } from "./options.ts";
import { followRule, type RuleOptimizer, zero } from "./rule.ts";

/** Options of `sgd`. */
export interface SgdOptions {
  /** η, 0 or more, or a schedule. Default 0.001. */
  readonly learningRate?: Rate;
  /** β, the decay rate of the velocity, from 0 to 1. Default 0: no velocity. */
  readonly momentum?: Scalar;
  /** Fraction of each gradient except the first that does not enter the velocity, from 0 to 1. Default 0. */
  readonly dampening?: Scalar;
  /**
   * True for Nesterov momentum, which looks ahead along the velocity (needs momentum and no dampening). Default false.
   */
  readonly nesterov?: boolean;
  /** λ of a penalty `λ/2 · Σ θ²` that is added to the loss, 0 or more. Default 0. */
  readonly weightDecay?: Scalar;
  /** True to maximise instead of minimise. Default false. */
  readonly maximize?: boolean;
}

/** State of `sgd`. */
export interface SgdState<P = unknown> {
  /** Number of updates made. */
  readonly step: Tensor;
  /** v, the velocity of each parameter; `null` without momentum. */
  readonly velocity: P | null;
}

/** Result of `sgd`: an `Optimizer<P, SgdState<P>>` for every structure `P` of parameters. */
export type Sgd = RuleOptimizer<SgdState<object>>;

/**
 * Gradient descent, optionally with momentum. It is stochastic, mini-batch or full-batch descent, depending on the
 * gradients passed.
 *
 * ```text
 * g ← ∇f(θ) + λθ
 * v ← βv + (1 − dampening) · g      (first step: v ← g)
 * θ ← θ − ηv                        (nesterov: θ ← θ − η(g + βv))
 * ```
 *
 * Without momentum `θ ← θ − ηg`. These are PyTorch's rules and defaults. optax's `sgd` is the same without dampening
 * and weight decay. Keras includes the rate in the velocity, `v ← βv − ηg`, `θ ← θ + v`. This is equal for a constant
 * η, but a change of η affects its velocity only slowly. A third form, `v ← βv + (1 − β)g` (`dampening` β, except for
 * the first step), equals the first with η/(1 − β) instead of η. Its velocity is a mean of the gradients, so that β can
 * change without changing the size of the steps. An example: η falls from 0.1 to 0.01 after many steps along a gradient
 * of 1 with β = 0.9. Then the steps of PyTorch's form go from 1 to 0.1 at once, and those of Keras's form to 0.91,
 * 0.829, … towards 0.1.
 *
 * @throws DownhillError `option` for an unknown option or one that requires another, `range` for a number out of range.
 * @see Polyak, Some methods of speeding up the convergence of iteration methods, 1964; Sutskever, Martens, Dahl,
 * Hinton, On the importance of initialization and momentum in deep learning, ICML 2013 (Nesterov's form; PyTorch's
 * form, which is used here, differs in that η multiplies the velocity).
 * @example
 * const { init, update } = sgd({ learningRate: 0.1, momentum: 0.9 });
 * const params = { x: tensor(1) };
 * const { updates, state } = update({ x: tensor(2) }, init(params), params);
 * applyUpdates(params, updates); // { x: 0.8 }
 * state.velocity; // { x: 2 }
 */
export function sgd(options: SgdOptions = {}): Sgd {
  if (arguments.length > 1) refuseExtra("sgd", arguments, 1);
  const read = readOptions("sgd", options, {
    learningRate: rate(0.001),
    momentum: within(0, { from: 0, to: 1 }),
    dampening: within(0, { from: 0, to: 1 }),
    nesterov: flag(false),
    weightDecay: within(0, notNegative),
    maximize: flag(false),
  });
  if (read.nesterov && (read.momentum === 0 || read.dampening !== 0)) {
    throw new DownhillError(
      "option",
      `sgd: nesterov needs a momentum above 0 and no dampening, got momentum ${String(read.momentum)} and dampening ${String(read.dampening)}.`,
    );
  }
  return followRule<SgdState<object>, typeof read>({
    name: "sgd",
    options: read,
    parts: { velocity: read.momentum === 0 ? null : zero },
    formula: ({ eta, momentum, dampening, nesterov, weightDecay, t }) => {
      const isFirst = equal(t, 1);
      return ({ x, g: gradient, velocity }) => {
        const g = penalised(gradient, x, weightDecay);
        if (velocity === undefined) return { change: descend(g, eta), velocity };
        const pushed = add(mul(velocity, momentum), mul(g, complement(dampening)));
        const v = dampening === 0 ? pushed : where(isFirst, g, pushed);
        const direction = nesterov ? add(g, mul(v, momentum)) : v;
        return { change: descend(direction, eta), velocity: v };
      };
    },
  });
}
