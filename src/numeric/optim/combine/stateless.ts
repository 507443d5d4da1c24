import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { checkInit, checkUpdate, type GeneralOptimizer, type Update } from "../optimizer.ts";
import type { Parameters } from "../parameters.ts";
import { matchParameters, readParameters, rebuild } from "../parameters.ts";

/** Builds a link without state from a function that changes gradients or updates. */
export function stateless(
  operation: string,
  change: (gradients: readonly Tensor[], parameters: Parameters) => readonly Tensor[],
): GeneralOptimizer<null> {
  return {
    init(params: unknown): null {
      checkInit(operation, arguments);
      readParameters(operation, params);
      return null;
    },
    update<P>(grads: P, state: null, params: P): Update<P, null> {
      checkUpdate(operation, arguments);
      if ((state ?? null) !== null) {
        throw new DownhillError(
          "tree",
          `${operation}: it has no state, so the state must be null, as init returned it.`,
        );
      }
      const parameters = readParameters(operation, params);
      const changed = change(matchParameters(parameters, "grads", grads), parameters);
      return { updates: rebuild(parameters, changed) as P, state: null };
    },
  };
}
