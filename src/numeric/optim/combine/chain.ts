import { DownhillError } from "../../../engine/errors/index.ts";
import {
  checkInit,
  checkUpdate,
  type GeneralOptimizer,
  requireOptimizer,
  type Update,
  type UpdateExtra,
} from "../optimizer.ts";

/**
 * One after the other: the updates of each are the gradients of the next. What comes before an optimiser changes
 * gradients (`clipByGlobalNorm`, `addDecayedWeights`); what comes after it changes steps (`scaleBySchedule`,
 * `lookahead`, `projectBox`) or watches them (`ema`, `swa`).
 *
 * The state is the list of the states. As optax's `chain`; there the learning rate is a link of its own, here it belongs
 * to the optimiser.
 *
 * @throws DownhillError `option` if there is nothing to chain, or a link is no optimiser.
 * @example
 * const { init, update } = chain(clipByGlobalNorm(1), sgd({ learningRate: 0.5 }));
 * const params = { w: tensor([0, 0]) };
 * const { updates } = update({ w: tensor([30, 40]) }, init(params), params);
 * updates; // { w: f64[2] [-0.29999999, -0.39999999] }
 */
export function chain<S extends readonly unknown[]>(
  ...links: { readonly [K in keyof S]: GeneralOptimizer<S[K]> }
): GeneralOptimizer<S> {
  const all = links as readonly GeneralOptimizer<unknown>[];
  if (all.length === 0) {
    throw new DownhillError(
      "option",
      "chain: there is nothing to chain, as in chain(clipByGlobalNorm(1), adam()).",
    );
  }
  all.forEach((link, i) => requireOptimizer("chain", link, `link ${i + 1}`));
  const learningRate = all.find((link) => link.learningRate !== undefined)?.learningRate;
  return {
    ...(learningRate === undefined ? {} : { learningRate }),
    ...(all.some(({ searches }) => searches) ? { searches: true } : {}),
    init(params) {
      checkInit("chain", arguments);
      return all.map((link) => link.init(params)) as unknown as S;
    },
    update<P>(grads: P, state: S, params: P, extra?: UpdateExtra<P>): Update<P, S> {
      checkUpdate("chain", arguments);
      if (!Array.isArray(state) || state.length !== all.length) {
        throw new DownhillError("tree", `chain: the state must be a list of ${all.length}, as init gave it.`);
      }
      const states: unknown[] = [];
      let updates = grads;
      all.forEach((link, i) => {
        const next = link.update(updates, state[i], params, extra);
        updates = next.updates;
        states.push(next.state);
      });
      return { updates, state: states as unknown as S };
    },
  };
}
