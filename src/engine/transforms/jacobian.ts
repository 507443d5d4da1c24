import { refuseExtra } from "../errors/arguments.ts";

import { checkOptions } from "../errors/options.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType } from "../ir/types.ts";
import { equal, indicator } from "../prims/arithmetic.ts";
import { iota } from "../prims/index-ops.ts";
import { permute, reshape } from "../prims/shape.ts";
import { withTrace } from "../trace/bind.ts";

import { unflatten } from "../tree/tree.ts";
import type { OnlyPlain, Plain, PlainJacobian } from "../tree/plain-types.ts";
import type { Like, LikeAll, TensorLike, TensorsOf } from "../tree/types.ts";
import { range, sizeOf } from "../util/shape.ts";
import { flattenArguments, selectArguments } from "./arguments.ts";
import { BatchTrace } from "./batch.ts";
import { type SelectedArguments, gradientFor, listOf, readArgnums, regroup } from "./grad.ts";
import { derivativeAlong, linearizeLeaves, materialize, type Linearization } from "./linearize.ts";
import { backward, pushForward } from "./linear.ts";
import { transformed } from "./plain.ts";
import { tools } from "./tools.ts";

/** Unit vectors of a type, one per row: shape [n, …shape]. */
function basis(type: ArrayType): Tensor {
  const n = sizeOf(type.shape);
  const square = equal(iota("int32", [n, n], 0), iota("int32", [n, n], 1));
  return reshape(indicator(square, arrayType(type.dtype, [])), [n, ...type.shape]);
}

export interface JacobianOptions {
  /** Index of the argument to differentiate, or several; counted from 0. Default 0. */
  readonly argnums?: number | readonly number[];
}

type JacobianOperation = "jacfwd" | "jacrev";

function jacobian(
  mode: JacobianOperation,
  f: (...args: never[]) => unknown,
  options: JacobianOptions,
  args: readonly unknown[],
): unknown {
  const argnums = readArgnums(mode, options);
  const { leaves, defs } = flattenArguments(args, mode);
  const active = selectArguments(mode, defs, leaves, listOf(argnums));
  const lin = linearizeLeaves(mode, f, defs, leaves, active);
  const inTypes = leaves.filter((_, i) => active[i]).map((x) => x.type);
  // blocks[out][in] has the shape of the result, then that of the argument
  const blocks = mode === "jacfwd" ? forwardBlocks(lin, inTypes) : reverseBlocks(lin, inTypes);
  return unflatten(
    lin.outDef,
    blocks.map((row) => regroup(defs, argnums, row)),
  );
}

/**
 * Computes the Jacobian in forward mode: for each argument, the tape runs forward once on a batch of all unit vectors.
 */
function forwardBlocks(lin: Linearization, inTypes: readonly ArrayType[]): Tensor[][] {
  const columns = inTypes.map((type, i) => {
    const n = sizeOf(type.shape);
    return batched(n, (wrap, unwrap) => {
      const tangents = inTypes.map((other, j) =>
        j === i ? wrap(basis(type)) : materialize(undefined, other),
      );
      return pushForward(lin.eqns, lin.ins, tangents, lin.outNodes).map((t, k) =>
        unwrap(materialize(t, lin.outs[k]!.type)),
      );
    }).map((t, k) => {
      const outRank = lin.outs[k]!.shape.length;
      const behind = permute(t, [...range(1, outRank + 1), 0]); // batch after the axes of the result
      return reshape(behind, [...lin.outs[k]!.shape, ...type.shape]);
    });
  });
  return lin.outs.map((_, k) => columns.map((column) => column[k]!));
}

/**
 * Computes the Jacobian in reverse mode: for each result, the tape runs backward once on a batch of all unit vectors.
 */
function reverseBlocks(lin: Linearization, inTypes: readonly ArrayType[]): Tensor[][] {
  return lin.outs.map((out, k) =>
    batched(sizeOf(out.shape), (wrap, unwrap) => {
      const cts = lin.outs.map((_, j) => (j === k ? wrap(basis(out.type)) : undefined));
      return backward(lin.eqns, lin.outNodes, cts, lin.ins, tools).map((g, i) =>
        unwrap(materialize(g, inTypes[i]!)),
      );
    }).map((g, i) => reshape(g, [...out.shape, ...inTypes[i]!.shape])),
  );
}

function batched(
  size: number,
  f: (wrap: (x: Tensor) => Tensor, unwrap: (x: Tensor) => Tensor) => Tensor[],
): Tensor[] {
  return withTrace(
    "jacobian",
    (level) => new BatchTrace(level, size, tools),
    (trace) =>
      f(
        (x) => trace.wrap(x, true),
        (x) => trace.unwrap(x),
      ),
  );
}

/**
 * Type of the derivative of every result with respect to every element of the argument. The shape is that of the result
 * followed by that of the argument; with several arguments, each result has a list.
 */
export type Jacobian<P, T> = T extends Tensor ? P : { readonly [K in keyof T]: Jacobian<P, T[K]> };

/**
 * Jacobian by forward mode, with one direction per element of the argument: best for small arguments. The shape is
 * that of the result followed by that of the argument; structures nest in the same way. Several `argnums` yield a
 * list per result.
 *
 * @example
 * jacfwd((x) => x.mul(x))([1, 2]).tolist(); // [ [ 2, 0 ], [ 0, 4 ] ]
 * jacfwd((x, y) => x.mul(y), { argnums: [0, 1] })([1, 2], 3)[1].tolist(); // [ 1, 2 ]
 */
export function jacfwd<const N extends readonly number[], A extends Tensor[]>(
  f: (...args: A) => Tensor,
  options: { readonly argnums: N },
): (...args: { [K in keyof A]: TensorLike }) => { [K in keyof N]: Tensor };
export function jacfwd(
  f: (...x: Tensor[]) => Tensor,
  options?: { readonly argnums?: number },
): (...x: TensorLike[]) => Tensor;
export function jacfwd<A extends unknown[], T, const N extends number | readonly number[] = 0>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
  options?: { readonly argnums?: N },
): (...args: A) => PlainJacobian<SelectedArguments<A, N>, T>;
export function jacfwd<A extends unknown[], T, const N extends number | readonly number[] = 0>(
  f: (...args: A) => T,
  options?: { readonly argnums?: N },
): (...args: LikeAll<A>) => Jacobian<SelectedArguments<A, N>, T>;
export function jacfwd(
  f: (...args: never[]) => unknown,
  options: JacobianOptions = {},
): (...args: never[]) => unknown {
  if (arguments.length > 2) refuseExtra("jacfwd", arguments, 2);
  checkOptions("jacfwd", options, ["argnums"]);
  return transformed(
    "jacfwd",
    f,
    options,
    (g) =>
      (...args) =>
        jacobian("jacfwd", g, options, args),
  );
}

/**
 * Jacobian by reverse mode, with one backward pass per element of the result: best for small results. The shape is
 * that of the result followed by that of the argument; structures nest in the same way. Several `argnums` yield a
 * list per result.
 */
export function jacrev<const N extends readonly number[], A extends Tensor[]>(
  f: (...args: A) => Tensor,
  options: { readonly argnums: N },
): (...args: { [K in keyof A]: TensorLike }) => { [K in keyof N]: Tensor };
export function jacrev(
  f: (...x: Tensor[]) => Tensor,
  options?: { readonly argnums?: number },
): (...x: TensorLike[]) => Tensor;
export function jacrev<A extends unknown[], T, const N extends number | readonly number[] = 0>(
  f: ((...args: A) => T) & OnlyPlain<[A, T]>,
  options?: { readonly argnums?: N },
): (...args: A) => PlainJacobian<SelectedArguments<A, N>, T>;
export function jacrev<A extends unknown[], T, const N extends number | readonly number[] = 0>(
  f: (...args: A) => T,
  options?: { readonly argnums?: N },
): (...args: LikeAll<A>) => Jacobian<SelectedArguments<A, N>, T>;
export function jacrev(
  f: (...args: never[]) => unknown,
  options: JacobianOptions = {},
): (...args: never[]) => unknown {
  if (arguments.length > 2) refuseExtra("jacrev", arguments, 2);
  checkOptions("jacrev", options, ["argnums"]);
  return transformed(
    "jacrev",
    f,
    options,
    (g) =>
      (...args) =>
        jacobian("jacrev", g, options, args),
  );
}

/**
 * Hessian of a function that returns a scalar: forward mode over reverse mode. The shape is that of the argument,
 * twice; structures nest twice. Several `argnums` yield a list of lists: `[i][j]` belongs to arguments i and j.
 *
 * @example
 * hessian((x) => x.mul(x).mul(x).sum())([1, 2]).tolist(); // [ [ 6, 0 ], [ 0, 12 ] ]
 */
export function hessian<const N extends readonly number[], A extends Tensor[]>(
  f: (...args: A) => Tensor,
  options: { readonly argnums: N },
): (...args: { [K in keyof A]: TensorLike }) => { [K in keyof N]: { [L in keyof N]: Tensor } };
export function hessian(
  f: (...x: Tensor[]) => Tensor,
  options?: { readonly argnums?: number },
): (...x: TensorLike[]) => Tensor;
export function hessian<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: ((...args: A) => number) & OnlyPlain<A>,
  options?: { readonly argnums?: N },
): (...args: A) => PlainJacobian<SelectedArguments<A, N>, SelectedArguments<A, N>>;
export function hessian<A extends unknown[], const N extends number | readonly number[] = 0>(
  f: (...args: A) => Tensor,
  options?: { readonly argnums?: N },
): (...args: LikeAll<A>) => Jacobian<SelectedArguments<A, N>, SelectedArguments<A, N>>;
export function hessian(
  f: (...args: never[]) => unknown,
  options: JacobianOptions = {},
): (...args: never[]) => unknown {
  if (arguments.length > 2) refuseExtra("hessian", arguments, 2);
  checkOptions("hessian", options, ["argnums"]);
  return transformed("hessian", f, options, (g) => {
    const gradient = gradientFor("hessian", g, readArgnums("hessian", options));
    return (...args) => jacobian("jacfwd", gradient, options, args);
  });
}

/**
 * Product of the Hessian of a scalar function at x with a vector v, without forming the Hessian. Uses forward mode over
 * reverse mode, at a small multiple of the cost of the function.
 *
 * @throws DownhillError `tree` or `shape` if v does not match x.
 * @example
 * hvp((x) => x.mul(x).mul(x).sum(), [1, 2], [1, 0]); // f64[2] [6, 0]
 */
export function hvp(f: (x: Tensor) => Tensor, x: TensorLike, v: TensorLike): Tensor;
export function hvp<P>(f: ((x: P) => number) & OnlyPlain<P>, x: P, v: P): Plain<P>;
export function hvp<P>(f: (x: P) => Tensor, x: Like<NoInfer<P>>, v: Like<NoInfer<P>>): TensorsOf<P>;
export function hvp(f: (x: never) => Tensor | number, x: unknown, v: unknown): unknown {
  if (arguments.length > 3) refuseExtra("hvp", arguments, 3);
  const product = transformed("hvp", f, undefined, (g) => {
    const gradient = gradientFor("hvp", g);
    return (at: unknown, along: unknown) => derivativeAlong("hvp", gradient, [at], [along])[1];
  });
  return product(x as never, v as never);
}
