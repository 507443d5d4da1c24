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
 * Applies links in sequence: the updates of each link are the gradients of the next. Links before an optimiser change
 * gradients (`clipByGlobalNorm`, `addDecayedWeights`). Links after it change steps (`scaleBySchedule`, `lookahead`,
 * `projectBox`) or observe them (`ema`, `swa`).
 *
 * The state is the list of the states of the links. Like optax's `chain`, but the learning rate belongs to the
 * optimiser instead of being a separate link.
 *
 * @throws DownhillError `option` if there are no links, or a link is not an optimiser.
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
      "chain: needs at least one link, as in chain(clipByGlobalNorm(1), adam()).",
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
        throw new DownhillError(
          "tree",
          `chain: the state must be a list of ${all.length}, as init returned it.`,
        );
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
