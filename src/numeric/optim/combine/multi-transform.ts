import { zerosLike } from "../../array/create.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { didYouMean } from "../../../engine/util/suggest.ts";
import {
  checkInit,
  checkUpdate,
  type GeneralOptimizer,
  requireOptimizer,
  type Update,
  type UpdateExtra,
} from "../optimizer.ts";
import { matchParameters, type Parameters, readParameters, rebuild } from "../parameters.ts";
import { checkState } from "../state.ts";
import { partOf, type PerParameter, valuePerParameter } from "./select.ts";
import { stateless } from "./stateless.ts";

/**
 * Splits the parameters into groups that have their own optimisers and learning rates, like PyTorch's `param_groups`.
 *
 * `labels` names the group of each parameter: a tree of names, in which one name may stand for a whole subtree, or a
 * function of the path of a parameter. The state is an object with the state of each group, `null` for a group without
 * parameters.
 *
 * @throws DownhillError `tree` if the labels do not fit the parameters, `option` for a label without an optimiser.
 * @example
 * const { init, update } = multiTransform(
 *   { slow: sgd({ learningRate: 0.1 }), fast: sgd({ learningRate: 1 }), still: freeze() },
 *   { w: "slow", b: "fast", embedding: "still" },
 * );
 * const params = { w: tensor([0, 0]), b: tensor(0), embedding: tensor([5]) };
 * const { updates } = update({ w: tensor([1, 2]), b: tensor(3), embedding: tensor([4]) }, init(params), params);
 * updates; // { w: f64[2] [-0.1, -0.2], b: -3, embedding: f64[1] [0] }
 */
export function multiTransform<S extends Readonly<Record<string, unknown>>>(
  optimizers: { readonly [K in keyof S]: GeneralOptimizer<S[K]> },
  labels: PerParameter<string>,
): GeneralOptimizer<{ readonly [K in keyof S]: S[K] | null }> {
  if (arguments.length > 2) refuseExtra("multiTransform", arguments, 2);
  type State = { readonly [K in keyof S]: S[K] | null };
  const groups = Object.entries<GeneralOptimizer<unknown>>(optimizers ?? {});
  if (groups.length === 0) {
    throw new DownhillError(
      "option",
      "multiTransform: needs an object with an optimiser for each label, as in { fast: adam() }.",
    );
  }
  groups.forEach(([name, optimizer]) => requireOptimizer("multiTransform", optimizer, name));
  const names = groups.map(([name]) => name);
  const labelsOf = (parameters: Parameters): readonly string[] => {
    const given = valuePerParameter(parameters, "the tree of labels", labels, isString);
    const unknown = given.find((label) => !names.includes(label));
    if (unknown === undefined) return given;
    throw new DownhillError(
      "option",
      `multiTransform: no optimiser for the label ${JSON.stringify(unknown)}.${didYouMean(unknown, names) || ` Known labels: ${names.join(", ")}.`}`,
    );
  };
  return {
    ...(groups.some(([, { searches }]) => searches) ? { searches: true } : {}),
    init(params) {
      checkInit("multiTransform", arguments);
      const parameters = readParameters("multiTransform", params);
      const mine = labelsOf(parameters);
      const states = groups.map(([name, optimizer]) => {
        if (!mine.includes(name)) return [name, null]; // optimisers refuse an empty tree
        const chosen = mine.map((label) => label === name);
        return [name, partOf(parameters, chosen).init(optimizer)];
      });
      return Object.fromEntries(states) as State;
    },
    update<P>(grads: P, state: State, params: P, extra?: UpdateExtra<P>): Update<P, State> {
      checkUpdate("multiTransform", arguments);
      const parameters = readParameters("multiTransform", params);
      const gradients = matchParameters(parameters, "grads", grads);
      const mine = labelsOf(parameters);
      const parts = names.map((name) => [name, mine.includes(name) ? "possible" : "absent"] as const);
      checkState("multiTransform", state, Object.fromEntries(parts));
      const updates: Tensor[] = [...gradients];
      const states = groups.map(([name, optimizer]) => {
        if (!mine.includes(name)) return [name, null];
        const chosen = mine.map((label) => label === name);
        const part = partOf(parameters, chosen, gradients, extra).update(optimizer, state[name]);
        part.updates.forEach((u, i) => {
          if (u !== null) updates[i] = u;
        });
        return [name, part.state];
      });
      return { updates: rebuild(parameters, updates) as P, state: Object.fromEntries(states) as State };
    },
  };
}

/** An optimiser whose updates are all 0, for parameters of a `multiTransform` that stay constant. */
export function freeze(): GeneralOptimizer<null> {
  if (arguments.length > 0) refuseExtra("freeze", arguments, 0);
  return stateless("freeze", (gradients) => gradients.map(zerosLike));
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
