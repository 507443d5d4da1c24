import { full, zeros } from "../../array/create.ts";
import { add, astype } from "../../array/elementwise.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { didYouMean } from "../../../engine/util/suggest.ts";
import type { Scalar } from "../options.ts";
import {
  checkInit,
  checkUpdate,
  type GeneralOptimizer,
  type Update,
  type UpdateExtra,
} from "../optimizer.ts";
import { readParameters } from "../parameters.ts";
import { checkState, stepOf } from "../state.ts";
import type { Schedule } from "../schedule.ts";
import { rateAt } from "../schedule.ts";

/** Options of an optimiser in which each number may also be a scalar tensor or a schedule. */
export type Injected<O> = { readonly [K in keyof O]: number extends O[K] ? O[K] | Scalar | Schedule : O[K] };

/** State of `injectHyperparameters`. */
export interface InjectedState<S> {
  /** Number of updates made. */
  readonly step: Tensor;
  /**
   * Values of the hyper-parameters that the last update used. Values that are not schedules may be replaced for the
   * next update.
   */
  readonly hyperparameters: Readonly<Record<string, Tensor>>;
  readonly inner: S;
}

/**
 * Keeps the hyper-parameters of an optimiser in its state, so that they can follow separate schedules (the momentum of
 * a one-cycle run). They can also be inspected, or changed between updates without recompilation.
 *
 * `names` selects the options; by default, all options that are numbers, scalars or schedules. Options that must be
 * known at compile time (integers such as `nsSteps`) cannot be among them. Like optax's `inject_hyperparams`.
 *
 * @throws DownhillError the errors of `make` for the options at step 0, and `option` for a name without such an option.
 * @example
 * const { init, update } = injectHyperparameters(sgd, { learningRate: 1, momentum: 0.5 });
 * const params = { w: tensor(0) };
 * const state = init(params);
 * const changed = { ...state, hyperparameters: { ...state.hyperparameters, learningRate: tensor(0.25) } };
 * update({ w: tensor(1) }, changed, params).updates; // { w: -0.25 }
 */
export function injectHyperparameters<O extends object, S>(
  make: (options?: O) => GeneralOptimizer<S>,
  options: Injected<O>,
  names?: readonly (keyof O & string)[],
): GeneralOptimizer<InjectedState<S>> {
  if (arguments.length > 3) refuseExtra("injectHyperparameters", arguments, 3);
  if (typeof make !== "function" || typeof options !== "object" || options === null) {
    throw new DownhillError(
      "option",
      "injectHyperparameters: needs an optimiser's function and its options, as in (adam, { learningRate: 0.1 }).",
    );
  }
  if (!isListOrNothing(names)) {
    throw new DownhillError(
      "option",
      'injectHyperparameters: the names must be a list of options, as in ["momentum"].',
    );
  }
  const given = options as Readonly<Record<string, unknown>>;
  const wanted = names ?? Object.keys(given).filter((name) => isInjectable(given[name]));
  const injected = wanted.map((name) => [name, valueOf(name, given)] as const);
  const withValues = (value: (from: Scalar | Schedule, name: string) => unknown): O =>
    ({ ...given, ...Object.fromEntries(injected.map(([name, from]) => [name, value(from, name)])) }) as O;
  const atStart = withValues((from) => (typeof from === "function" ? from(zeros([])) : from));
  const { learningRate } = make(atStart); // refuses options that are out of range
  return {
    ...(typeof given["learningRate"] === "function"
      ? { learningRate: given["learningRate"] as Schedule }
      : learningRate === undefined
        ? {}
        : { learningRate }),
    init(params) {
      checkInit("injectHyperparameters", arguments);
      const { dtype } = readParameters("injectHyperparameters", params);
      const hyperparameters = Object.fromEntries(
        injected.map(([name]) => {
          const value = (atStart as Readonly<Record<string, Scalar>>)[name]!;
          return [name, typeof value === "number" ? full([], value, { dtype }) : astype(value, dtype)];
        }),
      );
      return { step: zeros([], { dtype: "int32" }), hyperparameters, inner: make(atStart).init(params) };
    },
    update<P>(
      grads: P,
      state: InjectedState<S>,
      params: P,
      extra?: UpdateExtra<P>,
    ): Update<P, InjectedState<S>> {
      checkUpdate("injectHyperparameters", arguments);
      const { dtype } = readParameters("injectHyperparameters", params);
      const parts = { step: "needed", hyperparameters: "needed", inner: "possible" } as const;
      checkState("injectHyperparameters", state, parts);
      const step = stepOf("injectHyperparameters", state);
      const hyperparameters = Object.fromEntries(
        injected.map(([name, from]) => {
          const value =
            typeof from === "function"
              ? rateAt("injectHyperparameters", from, step, dtype, {})
              : state.hyperparameters[name];
          if (value !== undefined) return [name, astype(value, dtype)];
          throw new DownhillError("tree", `injectHyperparameters: state.hyperparameters lacks "${name}".`);
        }),
      );
      const optimizer = make(withValues((_, name) => hyperparameters[name]));
      const { updates, state: inner } = optimizer.update(grads, state.inner, params, extra);
      return { updates, state: { step: add(step, 1), hyperparameters, inner } };
    },
  };
}

function valueOf(name: string, options: Readonly<Record<string, unknown>>): Scalar | Schedule {
  const value = options[name];
  if (isInjectable(value)) return value;
  const what = value === undefined ? "is not among the options" : "is no number, scalar or schedule";
  throw new DownhillError(
    "option",
    `injectHyperparameters: "${name}" ${what}.${value === undefined ? didYouMean(name, Object.keys(options)) : ""}`,
  );
}

function isListOrNothing(names: unknown): boolean {
  return names === undefined || Array.isArray(names);
}

function isInjectable(value: unknown): value is Scalar | Schedule {
  return typeof value === "number" || typeof value === "function" || value instanceof Tensor;
}
