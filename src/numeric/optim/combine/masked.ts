import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import {
  checkInit,
  checkUpdate,
  type GeneralOptimizer,
  requireOptimizer,
  type Update,
  type UpdateExtra,
} from "../optimizer.ts";
import { matchParameters, type Parameters, readParameters, rebuild } from "../parameters.ts";
import { partOf, type PerParameter, valuePerParameter } from "./select.ts";

/**
 * Applies `inner` only to the parameters for which `mask` is true. All other gradients pass through unchanged, as in
 * optax: use it for links that change gradients, and `multiTransform` with `freeze` to keep parameters constant.
 *
 * `mask` is a tree of booleans, in which one boolean may stand for a whole subtree, or a function of the path of a
 * parameter.
 *
 * @throws DownhillError `tree` if the mask does not fit the parameters or is false for all of them.
 * @example
 * const { init, update } = masked(addDecayedWeights(0.5), { w: true, b: false });
 * const params = { w: tensor([2, 4]), b: tensor(2) };
 * const { updates } = update({ w: tensor([0, 0]), b: tensor(0) }, init(params), params);
 * updates; // { w: f64[2] [1, 2], b: 0 }
 */
export function masked<S>(inner: GeneralOptimizer<S>, mask: PerParameter<boolean>): GeneralOptimizer<S> {
  if (arguments.length > 2) refuseExtra("masked", arguments, 2);
  requireOptimizer("masked", inner, "the first argument");
  const choose = (parameters: Parameters): readonly boolean[] => {
    const chosen = valuePerParameter(parameters, "the mask", mask, isBoolean);
    if (!chosen.includes(true)) {
      throw new DownhillError("tree", `masked: the mask selects no parameter.`);
    }
    return chosen;
  };
  return {
    ...inner,
    init(params) {
      checkInit("masked", arguments);
      const parameters = readParameters("masked", params);
      return partOf(parameters, choose(parameters)).init(inner);
    },
    update<P>(grads: P, state: S, params: P, extra?: UpdateExtra<P>): Update<P, S> {
      checkUpdate("masked", arguments);
      const parameters = readParameters("masked", params);
      const gradients = matchParameters(parameters, "grads", grads);
      const part = partOf(parameters, choose(parameters), gradients, extra);
      const { updates, state: next } = part.update(inner, state);
      return {
        updates: rebuild(
          parameters,
          updates.map((u, i) => u ?? gradients[i]!),
        ) as P,
        state: next,
      };
    },
  };
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === "boolean";
}
