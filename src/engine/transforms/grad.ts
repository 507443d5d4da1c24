import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import { checkFlags, checkOptions } from "../errors/options.ts";
import type { Tensor } from "../ir/tensor.ts";
import { full as fill } from "../prims/linear.ts";
import type { TreeDef } from "../tree/tree.ts";
import { countLeaves, unflatten } from "../tree/tree.ts";
import type { OnlyPlain, Plain, PlainSelectedArguments } from "../tree/plain-types.ts";
import type { LikeAll, TensorLike, TensorsOf } from "../tree/types.ts";
import { flattenArguments, selectArguments } from "./arguments.ts";
import { linearizeLeaves, materialize, requireScalar } from "./linearize.ts";
import { backward } from "./linear.ts";
import { transformed } from "./plain.ts";
import { tools } from "./tools.ts";
import { isIntegerIn } from "../ir/plain-number.ts";

/** Options of `grad`: the arguments to differentiate, and the form of the function's result. */
export interface GradOptions {
  /** Index of the argument to differentiate, or several; counted from 0. Default 0. */
  readonly argnums?: number | readonly number[];
  /** True if the function returns `[value, aux]`; `aux` is returned unchanged. Default false. */
  readonly hasAux?: boolean;
}

/** Types of the gradients for the arguments at the indices `N`: one type, or a list for a list of indices. */
export type SelectedArguments<A extends readonly unknown[], N> = N extends readonly number[]
  ? { [K in keyof N]: TensorsOf<A[N[K] & keyof A]> }
  : TensorsOf<A[N & keyof A]>;

interface GradResult {
  readonly value: Tensor;
  readonly aux: unknown;
  readonly grads: unknown;
}

function evaluate(
  operation: string,
  f: (...args: never[]) => unknown,
  argnums: number | readonly number[],
  hasAux: boolean,
  args: readonly unknown[],
): GradResult {
  const { leaves, defs } = flattenArguments(args, operation);
  const active = selectArguments(operation, defs, leaves, listOf(argnums));
  let result: unknown;
  const lin = linearizeLeaves(
    operation,
    (...duals: never[]) => {
      result = f(...duals);
      return result;
    },
    defs,
    leaves,
    active,
  );
  const { value, aux } = splitAux(operation, result, lin.outs, lin.outDef, hasAux);
  const cts = lin.outs.map((_, i) => (i === 0 ? fill(value.type, 1) : undefined));
  const grads = backward(lin.eqns, lin.outNodes, cts, lin.ins, tools);
  const activeLeaves = leaves.filter((_, i) => active[i]);
  const full = grads.map((g, i) => materialize(g, activeLeaves[i]!.type));
  return { value, aux, grads: regroup(defs, argnums, full) };
}

export const listOf = (argnums: number | readonly number[]): readonly number[] =>
  typeof argnums === "number" ? [argnums] : argnums;

/** Separates the value from the auxiliary result. */
function splitAux(
  operation: string,
  result: unknown,
  outs: readonly Tensor[],
  def: TreeDef,
  hasAux: boolean,
): { readonly value: Tensor; readonly aux: unknown } {
  if (!hasAux) return { value: requireScalar(operation, outs, result), aux: undefined };
  if (def.kind !== "array" || def.children.length !== 2 || def.children[0]?.kind !== "leaf") {
    throw new DownhillError("tree", `${operation}: with hasAux the function must return [value, aux].`);
  }
  const value = requireScalar(operation, outs.slice(0, 1), (result as readonly unknown[])[0]);
  return { value, aux: unflatten(def.children[1]!, outs.slice(1)) };
}

/**
 * Derivatives in the form that `argnums` requests: for one argument its structure, for several a list in their
 * order. `grads` has the order of the arguments.
 */
export function regroup(
  defs: readonly TreeDef[],
  argnums: number | readonly number[],
  grads: readonly Tensor[],
): unknown {
  const chosen = new Set(listOf(argnums));
  let next = 0;
  const starts = defs.map((def, i) => {
    const start = next;
    if (chosen.has(i)) next += leafCount(def);
    return start;
  });
  const of = (argnum: number): unknown => {
    const start = starts[argnum]!;
    const def = defs[argnum]!;
    return def.kind === "leaf" ? grads[start] : unflatten(def, grads.slice(start, start + leafCount(def)));
  };
  return typeof argnums === "number" ? of(argnums) : argnums.map(of);
}

function leafCount(def: TreeDef): number {
  return def.kind === "leaf" ? 1 : countLeaves(def);
}

/** The transform `grad` for use by another transform. Error messages show `operation`, the name of that transform. */
export function gradientFor(
  operation: string,
  f: (...args: never[]) => unknown,
  argnums: number | readonly number[] = 0,
): (...args: never[]) => unknown {
  return (...args) => evaluate(operation, f, argnums, false, args).grads;
}

function readOptions(operation: string, options: GradOptions): Required<GradOptions> {
  checkOptions(operation, options, ["argnums", "hasAux"]);
  checkFlags(operation, options, ["hasAux"]);
  return { argnums: readArgnums(operation, options), hasAux: options.hasAux ?? false };
}

/** Returns the option `argnums`. Throws `range` for an index that is not an integer of at least 0. */
export function readArgnums(
  operation: string,
  { argnums = 0 }: Pick<GradOptions, "argnums">,
): number | readonly number[] {
  for (const n of listOf(argnums)) {
    if (!isIntegerIn(n)) {
      throw new DownhillError(
        "range",
        `${operation}: argnums holds ${String(n)}; arguments count 0, 1, 2, …`,
      );
    }
  }
  return argnums;
}

/**
 * Gradient of a function that returns a scalar, as a function of the same arguments.
 *
 * The result has the structure and types of the differentiated argument (the first one by default; see `argnums`).
 * Reverse mode runs the function forward once and applies the chain rule backward once. The cost is a small
 * multiple of the cost of the function, for any number of parameters. Gradients nest: `grad(grad(f))` is the
 * second derivative.
 *
 * @throws DownhillError `shape` if the result is not a scalar, `dtype` if a differentiated argument is not
 * floating-point.
 * @example
 * const f = (x: Tensor, y: Tensor) => x.mul(y).add(sin(x));
 * grad(f)(2, 3); // 2.5838531634528574
 * grad(f, { argnums: [0, 1] })(2, 3); // [ 2.5838531634528574, 2 ]
 */
export function grad<const N extends readonly number[], A extends Tensor[]>(
  f: (...args: A) => Tensor,
  options: { readonly argnums: N; readonly hasAux?: false },
): (...args: { [K in keyof A]: TensorLike }) => { [K in keyof N]: Tensor };
export function grad(
  f: (...x: Tensor[]) => Tensor,
  options?: { readonly argnums?: number; readonly hasAux?: false },
): (...x: TensorLike[]) => Tensor;
export function grad<A extends unknown[], X, const N extends number | readonly number[] = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: { readonly argnums?: N; readonly hasAux: true },
): (...args: LikeAll<A>) => [grads: SelectedArguments<A, N>, aux: X];
export function grad<A extends unknown[], X, const N extends number | readonly number[] = 0>(
  f: ((...args: A) => readonly [number, X]) & OnlyPlain<A>,
  options: { readonly argnums?: N; readonly hasAux: true },
): (...args: A) => [grads: PlainSelectedArguments<A, N>, aux: Plain<X>];
export function grad<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: ((...args: A) => number) & OnlyPlain<A>,
  options?: { readonly argnums?: N; readonly hasAux?: false },
): (...args: A) => PlainSelectedArguments<A, N>;
export function grad<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: (...args: A) => Tensor,
  options?: { readonly argnums?: N; readonly hasAux?: false },
): (...args: LikeAll<A>) => SelectedArguments<A, N>;
export function grad(
  f: (...args: never[]) => unknown,
  options: GradOptions = {},
): (...args: never[]) => unknown {
  if (arguments.length > 2) refuseExtra("grad", arguments, 2);
  return transformed("grad", f, options, (g) => {
    const { argnums, hasAux } = readOptions("grad", options);
    return (...args) => {
      const { grads, aux } = evaluate("grad", g, argnums, hasAux, args);
      return hasAux ? [grads, aux] : grads;
    };
  });
}

/**
 * Value of a function and its gradient, at the cost of the gradient. See `grad`.
 *
 * @example
 * valueAndGrad((x: Tensor) => x.mul(x))(3); // [ 9, 6 ]
 */
export function valueAndGrad<const N extends readonly number[], A extends Tensor[]>(
  f: (...args: A) => Tensor,
  options: { readonly argnums: N; readonly hasAux?: false },
): (...args: { [K in keyof A]: TensorLike }) => [value: Tensor, grads: { [K in keyof N]: Tensor }];
export function valueAndGrad(
  f: (...x: Tensor[]) => Tensor,
  options?: { readonly argnums?: number; readonly hasAux?: false },
): (...x: TensorLike[]) => [value: Tensor, grads: Tensor];
export function valueAndGrad<A extends unknown[], X, const N extends number | readonly number[] = 0>(
  f: (...args: A) => readonly [Tensor, X],
  options: { readonly argnums?: N; readonly hasAux: true },
): (...args: LikeAll<A>) => [value: readonly [Tensor, X], grads: SelectedArguments<A, N>];
export function valueAndGrad<A extends unknown[], X, const N extends number | readonly number[] = 0>(
  f: ((...args: A) => readonly [number, X]) & OnlyPlain<A>,
  options: { readonly argnums?: N; readonly hasAux: true },
): (...args: A) => [value: [number, Plain<X>], grads: PlainSelectedArguments<A, N>];
export function valueAndGrad<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: ((...args: A) => number) & OnlyPlain<A>,
  options?: { readonly argnums?: N; readonly hasAux?: false },
): (...args: A) => [value: number, grads: PlainSelectedArguments<A, N>];
export function valueAndGrad<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: (...args: A) => Tensor,
  options?: { readonly argnums?: N; readonly hasAux?: false },
): (...args: LikeAll<A>) => [value: Tensor, grads: SelectedArguments<A, N>];
export function valueAndGrad(
  f: (...args: never[]) => unknown,
  options: GradOptions = {},
): (...args: never[]) => unknown {
  if (arguments.length > 2) refuseExtra("valueAndGrad", arguments, 2);
  return transformed("valueAndGrad", f, options, (g) => {
    const { argnums, hasAux } = readOptions("valueAndGrad", options);
    return (...args) => {
      const { value, grads, aux } = evaluate("valueAndGrad", g, argnums, hasAux, args);
      return [hasAux ? [value, aux] : value, grads];
    };
  });
}
