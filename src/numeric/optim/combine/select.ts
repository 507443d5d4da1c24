// Assigns values and optimisers to parts of the parameters.
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { asTensor } from "../../../engine/prims/lift.ts";
import { countLeaves, leafPaths, nodeTypeOf, type TreeDef } from "../../../engine/tree/index.ts";
import type { GeneralOptimizer, Update, UpdateExtra } from "../optimizer.ts";
import type { Parameters } from "../parameters.ts";
import { matchParameters, readParameters, rebuild } from "../parameters.ts";

/**
 * A value for each parameter: one for all, a tree of values, or a function of the path (`layers[0].w`) and the
 * parameter. A tree has the structure of the parameters, and a value may stand for a whole subtree.
 */
export type PerParameter<V> = V | PerParameterTree<V> | ((path: string, x: Tensor) => V);

/** Arrays and objects nested like the parameters, with values as leaves. A leaf may stand for a whole subtree. */
export type PerParameterTree<V> =
  readonly (V | PerParameterTree<V>)[] | { readonly [key: string]: V | PerParameterTree<V> };

/**
 * Returns the value of each parameter, in the order of the parameters. For a single parameter, `readLeaf` converts a
 * value that `isValue` rejects, such as a nested array, or returns undefined.
 *
 * @throws DownhillError `tree` for a parameter without a value, and for a value without a parameter.
 */
export function valuePerParameter<V>(
  parameters: Parameters,
  what: string,
  given: PerParameter<unknown>,
  isValue: (value: unknown) => value is V,
  readLeaf: (value: unknown) => V | undefined = () => undefined,
): readonly V[] {
  const { operation, def, tensors } = parameters;
  const check = (value: unknown, path: string): V => {
    const read = isValue(value) ? value : readLeaf(value);
    if (read !== undefined) return read;
    throw new DownhillError(
      "tree",
      `${operation}: ${what} has no value for ${path === "" ? "the parameter" : path}.`,
    );
  };
  const paths = leafPaths(def, "").map((path) => path.replace(/^\./, ""));
  if (typeof given === "function") {
    const f = given as (path: string, x: Tensor) => unknown;
    return tensors.map((x, i) => check(f(paths[i]!, asTensor(x, operation)), paths[i]!));
  }
  let next = 0;
  const walk = (node: TreeDef, value: unknown): V[] => {
    if (isValue(value)) {
      const n = countLeaves(node);
      next += n;
      return Array.from({ length: n }, () => value);
    }
    if (node.kind === "static") return [];
    if (node.kind === "leaf" || typeof value !== "object" || value === null)
      return [check(value, paths[next++]!)];
    if (node.kind === "instance")
      return walk(node.children[0], nodeTypeOf(value)?.toTree(value as never) ?? value);
    const keys = node.kind === "array" ? node.children.map((_, i) => String(i)) : node.keys;
    const extra = Object.keys(value).find((key) => !keys.includes(key));
    if (extra !== undefined) {
      throw new DownhillError(
        "tree",
        `${operation}: ${what} has ${JSON.stringify(extra)}, which is not a parameter.`,
      );
    }
    return node.children.flatMap((child, i) => walk(child, (value as Record<string, unknown>)[keys[i]!]));
  };
  return walk(def, given);
}

/** Runs an optimiser on chosen parameters only, as if the other parameters did not exist. Their updates are `null`. */
export interface SubsetOptimizer {
  readonly init: <S>(optimizer: GeneralOptimizer<S>) => S;
  readonly update: <S>(
    optimizer: GeneralOptimizer<S>,
    state: S,
  ) => { readonly updates: readonly (Tensor | null)[]; readonly state: S };
}

/** Returns functions that run an optimiser on the parameters whose entry in `chosen` is true. */
export function partOf<P>(
  parameters: Parameters,
  chosen: readonly boolean[],
  gradients: readonly Tensor[] = parameters.tensors,
  extra?: UpdateExtra<P>,
): SubsetOptimizer {
  const { tensors, operation } = parameters;
  const only = (all: readonly Tensor[]): unknown =>
    rebuild(
      parameters,
      all.map((x, i) => (chosen[i]! ? x : null)),
    );
  const params = only(tensors);
  return {
    init: (optimizer) => optimizer.init(params),
    update<S>(optimizer: GeneralOptimizer<S>, state: S) {
      const { updates, state: next }: Update<unknown, S> = optimizer.update(
        only(gradients),
        state,
        params,
        within(),
      );
      const changed = matchParameters(readParameters(operation, params), "updates", updates);
      let at = 0;
      return { updates: chosen.map((is) => (is ? changed[at++]! : null)), state: next };
    },
  };

  /**
   * Returns `extra` with a `valueAndGrad` of the chosen parameters only; the other parameters keep their values.
   * Without `valueAndGrad`, returns `extra` unchanged.
   */
  function within(): UpdateExtra<unknown> | undefined {
    if (extra?.valueAndGrad === undefined) return extra as UpdateExtra<unknown> | undefined;
    const whole = extra.valueAndGrad;
    const valueAndGrad = (part: unknown): [Tensor, unknown] => {
      const moved = readParameters(operation, part).tensors;
      let at = 0;
      const [value, grads] = whole(
        rebuild(
          parameters,
          tensors.map((x, i) => (chosen[i]! ? moved[at++]! : x)),
        ) as P,
      );
      return [value, only(matchParameters(parameters, "grads", grads))];
    };
    const { value, rateScale } = extra;
    return {
      ...(value === undefined ? {} : { value }),
      ...(rateScale === undefined ? {} : { rateScale }),
      valueAndGrad,
    };
  }
}
