import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { zeros } from "../../array/create.ts";
import { add, equal, mul, rem, sub, where } from "../../array/elementwise.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { count, fixed, readOptions } from "../options.ts";
import { checkInit, checkUpdate, type GeneralOptimizer, type Update } from "../optimizer.ts";
import { matchParameters, readParameters, rebuild } from "../parameters.ts";
import { checkState, stepOf } from "../state.ts";

/** Options of `lookahead`. */
export interface LookaheadOptions {
  /** k, the number of steps between updates of the slow weights, 1 or more. Default 6. */
  readonly every?: number;
  /** α, the fraction by which the slow weights move towards the fast ones, from 0 to 1. Default 0.5. */
  readonly slowStep?: number;
}

/** State of `lookahead`. */
export interface LookaheadState {
  /** Number of updates made. */
  readonly step: Tensor;
  /** φ, the slow weights, in the structure of the parameters. */
  readonly slow: unknown;
}

/**
 * Lookahead, for use after an optimiser in a chain: every k steps it moves the slow weights towards the parameters and
 * then sets the parameters to the slow weights.
 *
 * ```text
 * θ ← θ + update
 * every k updates:  φ ← φ + α(θ − φ),  θ ← φ
 * ```
 *
 * This is the paper's method; its experiments use k = 5 to 10 and α = 0.5 to 0.8, and optax's `lookahead` has no
 * defaults. The state of the optimiser is not reset ("maintain" in the paper).
 *
 * @throws DownhillError `range` if `every` is not an integer of 1 or more or `slowStep` not from 0 to 1.
 * @see Zhang, Lucas, Hinton, Ba, Lookahead optimizer: k steps forward, 1 step back, NeurIPS 2019, algorithm 1.
 * @example
 * const { init, update } = chain(sgd({ learningRate: 1 }), lookahead({ every: 1, slowStep: 0.25 }));
 * const params = { w: tensor(4) };
 * update({ w: tensor(4) }, init(params), params).updates; // { w: -1 }
 */
export function lookahead(options: LookaheadOptions = {}): GeneralOptimizer<LookaheadState> {
  if (arguments.length > 1) refuseExtra("lookahead", arguments, 1);
  const { every, slowStep } = readOptions<LookaheadOptions>("lookahead", options, {
    every: count(6, { from: 1 }),
    slowStep: fixed(0.5, { from: 0, to: 1 }),
  });
  return {
    init(params) {
      checkInit("lookahead", arguments);
      const parameters = readParameters("lookahead", params);
      return { step: zeros([], { dtype: "int32" }), slow: rebuild(parameters, parameters.tensors) };
    },
    update<P>(updates: P, state: LookaheadState, params: P): Update<P, LookaheadState> {
      checkUpdate("lookahead", arguments);
      const parameters = readParameters("lookahead", params);
      checkState("lookahead", state, { step: "needed", slow: "needed" });
      const step = add(stepOf("lookahead", state), 1);
      const isTime = equal(rem(step, every), 0);
      const changes = matchParameters(parameters, "updates", updates);
      const slow = matchParameters(parameters, "state.slow", state.slow);
      const next = parameters.tensors.map((x, i) => {
        const fast = add(x, changes[i]!);
        return where(isTime, add(slow[i]!, mul(sub(fast, slow[i]!), slowStep)), slow[i]!);
      });
      const back = parameters.tensors.map((x, i) => where(isTime, sub(next[i]!, x), changes[i]!));
      return { updates: rebuild(parameters, back) as P, state: { step, slow: rebuild(parameters, next) } };
    },
  };
}
