import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";

/** Value of a function that a constraint limits: a scalar or an array. */
export type ConstrainedValue =
  Tensor | number | readonly number[] | Float64Array | readonly (readonly number[])[];

/** A limit on the values of a function of the parameters, made by `equality`, `atMost`, `atLeast` or `between`. */
export interface Constraint<P = unknown, A extends readonly unknown[] = readonly unknown[]> {
  readonly name: string | undefined;
  readonly low: TensorLike;
  readonly high: TensorLike;
  /** The limited function of the parameters and the further arguments. */
  f(params: P, ...args: A): ConstrainedValue;
  /** Prepares a search under constraints. Constraints bring their solver, so that other programs do not contain it. */
  readonly prepare: PrepareConstrained;
}

/** Prepares `minimize` with the option `constraints`: returns a function of the start and the further arguments. */
export type PrepareConstrained = (
  operation: string,
  f: (...given: never[]) => Tensor | number,
  options: object,
) => (x0: unknown, args: readonly unknown[]) => Generator<void, unknown, void>;

/** Names of the options that only apply with constraints. */
const constrainedOptions = ["constraintTolerance"] as const;

/**
 * The solver of a list of constraints; `undefined` without constraints.
 *
 * @throws DownhillError `option` for anything but a list of constraints, and for options that need constraints.
 */
export function solverOf(operation: string, options: object): PrepareConstrained | undefined {
  const given = (typeof options === "object" && options !== null ? options : {}) as Record<string, unknown>;
  const list = given["constraints"];
  if (list === undefined || (Array.isArray(list) && list.length === 0)) {
    const odd =
      given["method"] === "interior-point"
        ? 'method: "interior-point"'
        : constrainedOptions.find((name) => given[name] !== undefined);
    if (odd === undefined) return undefined;
    throw new DownhillError(
      "option",
      `${operation}: ${odd} needs constraints. Pass constraints: [atMost(f, high), …], or omit it.`,
    );
  }
  const wrong = Array.isArray(list) ? (list as readonly unknown[]).find((item) => !isConstraint(item)) : list;
  if (wrong === undefined) return (list as readonly Constraint[])[0]!.prepare;
  throw new DownhillError(
    "option",
    `${operation}: constraints must be a list of equality(f, target), atMost(f, high), atLeast(f, low) and between(f, low, high); ` +
      `got ${describe(wrong)}${Array.isArray(list) ? " in the list" : ""}.`,
  );
}

function isConstraint(item: unknown): item is Constraint {
  return typeof item === "object" && item !== null && typeof (item as Constraint).prepare === "function";
}

function describe(value: unknown): string {
  if (isConstraint(value)) return "one constraint that is not in a list";
  if (typeof value === "function") return "a function";
  return value === null ? "null" : typeof value === "object" ? "an object" : JSON.stringify(value);
}
