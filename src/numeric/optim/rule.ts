import { full, zeros } from "../array/create.ts";
import { add, astype, neg } from "../array/elementwise.ts";
import { broadcastTo } from "../array/shape.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import type { Shape } from "../../engine/util/shape.ts";
import type { Rate, Scalar } from "./options.ts";
import { checkInit, checkUpdate, type Update, type UpdateExtra } from "./optimizer.ts";
import type { Parameters } from "./parameters.ts";
import { matchParameters, pathOf, readParameters, rebuild } from "./parameters.ts";
import type { Schedule } from "./schedule.ts";
import { rateAt, scaledRate } from "./schedule.ts";
import { checkState, type PartPresence, stepOf } from "./state.ts";

/**
 * The state for parameters of type `P`, given the state type `S` for `object`: `step`, and trees in the structure of
 * the parameters.
 */
export type StateOf<S, P> = {
  readonly [K in keyof S]: K extends "step" ? S[K] : null extends S[K] ? P | null : P;
};

/** An optimiser for parameters of any structure: an `Optimizer<P, …>` for every `P`. */
export interface RuleOptimizer<S> {
  init<P>(params: P): StateOf<S, P>;
  update<P>(
    grads: P,
    state: StateOf<S, unknown>,
    params: P,
    extra?: UpdateExtra<P>,
  ): Update<P, StateOf<S, P>>;
  readonly learningRate?: number | Schedule;
}

/** Names of the parts of a state other than `step`. */
type StateKey<S> = Exclude<keyof S, "step"> & string;

/** The parts of a state that belong to one parameter. Parts that only some options need may be undefined. */
type ParameterState<S> = { readonly [K in StateKey<S>]: null extends S[K] ? Tensor | undefined : Tensor };

/** Initial value and shape of a part of the state for each parameter. */
export interface StatePart {
  readonly value: Scalar;
  /** Shape of the part for a parameter of the given shape; `null` for none. Default: the same shape. */
  readonly shape?: (shape: Shape) => Shape | null;
}

/** A part of the state that is 0 initially. */
export const zero: StatePart = { value: 0 };

/**
 * The scalars of an update: the options, in the dtype of the parameter, and the values that change from step to step.
 */
export type ScalarsOf<O> = O & {
  /** Number of the current update, counted from 1. */
  readonly t: Tensor;
  /** η, the learning rate of this update; 0 for rules without one. */
  readonly eta: Scalar;
};

/** An update rule as a record: its state per parameter, and its formula. */
export interface UpdateRule<S, O extends object> {
  readonly name: string;
  readonly options: O & { readonly learningRate?: Rate; readonly maximize?: boolean };
  /** Parts of the state; `null` for a part that these options do not need. */
  readonly parts: { readonly [K in StateKey<S>]: StatePart | null };
  /** Refuses a parameter that the rule cannot update. */
  readonly accept?: (x: Tensor, path: () => string) => void;
  /**
   * The formula of the rule. It takes the scalars of an update and returns a function of one parameter. That function
   * takes the value `x`, the gradient `g` (negated if `maximize` is set) and the parameter's parts of the state. That
   * function returns the `change` to add to x, and the parts for the next update.
   */
  readonly formula: (
    scalars: ScalarsOf<O>,
  ) => (
    at: ParameterState<S> & { readonly x: Tensor; readonly g: Tensor },
  ) => ParameterState<S> & { readonly change: Tensor };
}

/** Builds the optimiser of a rule. */
export function followRule<S extends { readonly step: Tensor }, O extends object>(
  rule: UpdateRule<S, O>,
): RuleOptimizer<S> {
  const { name, options, formula } = rule;
  const { learningRate, maximize = false } = options;
  const parts = Object.entries<StatePart | null>(rule.parts);

  return {
    ...(learningRate === undefined || learningRate instanceof Tensor ? {} : { learningRate }),

    init<P>(params: P): StateOf<S, P> {
      checkInit(name, arguments);
      const parameters = readParameters(name, params);
      parameters.tensors.forEach((x, i) => rule.accept?.(x, () => pathOf(parameters, i)));
      const trees = parts.map(([key, part]) => [key, part === null ? null : startOf(part, parameters)]);
      return { step: zeros([], { dtype: "int32" }), ...Object.fromEntries(trees) } as StateOf<S, P>;
    },

    update<P>(
      grads: P,
      state: StateOf<S, unknown>,
      params: P,
      extra?: UpdateExtra<P>,
    ): Update<P, StateOf<S, P>> {
      checkUpdate(name, arguments);
      const parameters = readParameters(name, params);
      parameters.tensors.forEach((x, i) => rule.accept?.(x, () => pathOf(parameters, i)));
      const gradients = matchParameters(parameters, "grads", grads);
      const step = stepOf(name, state);
      const known = Object.fromEntries(parts.map(([key, part]) => [key, presenceOf(part)]));
      checkState(name, state, { step: "needed", ...known });
      const held = parts
        .filter(([, part]) => part !== null)
        .map(([key, part]) => {
          const tree: unknown = state[key as StateKey<S>];
          return [
            key,
            matchParameters(parameters, `state.${key}`, tree, shapesOf(part!, parameters)),
          ] as const;
        });
      const t = add(step, 1);
      const scale = extra?.rateScale;
      const formulas = perDtype((dtype) =>
        formula({
          ...castOptions(options, dtype),
          t: astype(t, dtype),
          eta: scaledRate(name, rateAt(name, learningRate ?? 0, step, dtype), scale, dtype),
        }),
      );
      const moves = parameters.tensors.map((x, i) => {
        const g = maximize ? neg(gradients[i]!) : gradients[i]!;
        const mine = Object.fromEntries(held.map(([key, tensors]) => [key, tensors[i] ?? undefined]));
        return formulas(x)({ x, g, ...(mine as ParameterState<S>) });
      });
      const trees = parts.map(([key, part]) => {
        const after = moves.map((move) => move[key as StateKey<S>] ?? null);
        return [key, part === null ? null : rebuild(parameters, after)];
      });
      const changes = moves.map(({ change }) => change);
      return {
        updates: rebuild(parameters, changes) as P,
        state: { step: t, ...Object.fromEntries(trees) } as StateOf<S, P>,
      };
    },
  };
}

/** Caches the result of `make` per dtype, so that scalars are computed once and not per parameter. */
function perDtype<T>(make: (dtype: "float64" | "float32") => T): (x: Tensor) => T {
  const made = new Map<string, T>();
  return (x) => {
    const known = made.get(x.dtype);
    if (known !== undefined) return known;
    const value = make(x.dtype as "float64" | "float32");
    made.set(x.dtype, value);
    return value;
  };
}

/** Returns the options with their tensors converted to a dtype. */
function castOptions<O extends object>(options: O, dtype: "float64" | "float32"): O {
  const entries = Object.entries<unknown>(options as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value instanceof Tensor ? astype(value, dtype) : value]),
  ) as O;
}

function presenceOf(part: StatePart | null): PartPresence {
  if (part === null) return "absent";
  return part.shape === undefined ? "needed" : "possible"; // a part with its own shape function may be missing
}

function shapesOf({ shape }: StatePart, { tensors }: Parameters): readonly (Shape | null)[] {
  return tensors.map((x) => (shape === undefined ? x.shape : shape(x.shape)));
}

function startOf(part: StatePart, parameters: Parameters): unknown {
  const shapes = shapesOf(part, parameters);
  const start = parameters.tensors.map((x, i) => {
    const shape = shapes[i]!;
    return shape === null ? null : filled(shape, part.value, x.dtype);
  });
  return rebuild(parameters, start);
}

/** An array of the given shape with every element equal to `value`. */
function filled(shape: Shape, value: Scalar, dtype: DType): Tensor {
  return typeof value === "number" ? full(shape, value, { dtype }) : broadcastTo(astype(value, dtype), shape);
}
