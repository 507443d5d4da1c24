import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { checkChoice, checkFlag, checkNeededOptions } from "../../../engine/errors/options.ts";
import { checkInteger } from "../../../engine/ir/plain-number.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import type { DerivativeKind } from "../../../engine/sparsity/index.ts";
import { defaultLimits } from "../../../engine/sparsity/index.ts";
import type { AnyFunction } from "../../../engine/transforms/plain.ts";
import { requireCompiled } from "../../../engine/transforms/plain.ts";
import type { Like, LikeAll } from "../../../engine/tree/index.ts";
import type { PatternCheck } from "./sparse-derivative.ts";
import { defaultMemory, SparseDerivative } from "./sparse-derivative.ts";
import type { SparseMatrix } from "../matrix/sparse-matrix.ts";
import type { SparsePattern } from "../matrix/sparse-pattern.ts";

/** Options of `sparseJacobian` and `sparseHessian`. */
export interface SparseDerivativeOptions<P = unknown, A extends readonly unknown[] = readonly unknown[]> {
  /** Parameters at which the pattern is determined. Later calls take parameters of the same structure and shapes. */
  readonly at: Like<P>;
  /** Further arguments of the function. Default: none. */
  readonly args?: LikeAll<A>;
  /** Maximum number of entries of the pattern. A denser pattern is an error that names the row. Default 10⁸. */
  readonly maxEntries?: number;
  /**
   * Limit of the memory for the intermediate values of one batch of derivative passes, in bytes. Further passes run in
   * further batches. Default 256 MiB.
   */
  readonly memory?: number;
  /**
   * Detection of pattern changes, for a pattern that depends on the parameters. Each evaluation compares the indices,
   * bounds and branches on which the pattern depends. `"auto"` does so, and throws if that takes more than half of an
   * expensive evaluation. `"always"` does so at any cost. `"never"` assumes that the pattern stays the same. Default
   * `"auto"`.
   */
  readonly check?: PatternCheck;
  /**
   * True if a product with a zero of a constant array has no entry, as for a banded matrix that is stored with its
   * zeros. The pattern then depends on the values of such arrays. Default false.
   */
  readonly constantZeros?: boolean;
}

/** A sparse derivative of one function, which can be evaluated at many points. */
export interface SparseDerivativeFunction<P = unknown, A extends readonly unknown[] = readonly unknown[]> {
  /** Positions of the entries. Some entries may be 0 at a point. */
  readonly pattern: SparsePattern;
  /**
   * True if the pattern depends on the parameters, for example because the function sorts or has a loop that ends by
   * values.
   */
  readonly isLocal: boolean;
  /** Number of derivative passes per evaluation. */
  readonly colours: number;
  /** Number of forward and of backward passes per evaluation. */
  readonly passes: { readonly forward: number; readonly reverse: number };
  /** Number of evaluations at which the pattern changed. */
  readonly changes: number;
  /**
   * The derivative at x.
   *
   * @throws DownhillError `shape` for arguments unlike `at` and `args`, `trace` under a transform.
   */
  evaluate(x: Like<P>, ...args: LikeAll<A>): SparseMatrix;
}

/**
 * Jacobian of a function as a sparse matrix. The positions of its entries are found automatically from the compiled
 * tangents of the function, and valid for all parameters unless `isLocal`. Columns are the elements of all parameters in
 * the order of the tree, rows those of all results. Few derivative passes compute all entries (Curtis, Powell and Reid 1974).
 * Columns without a common row share a forward pass. Rows without a common column share a backward pass.
 *
 * @throws DownhillError `range` for a pattern with more than `maxEntries` entries, `dtype` for parameters or results that
 * are not floating-point, `option` for a local pattern whose check takes too long, `trace` under a transform.
 * @example
 * const J = sparseJacobian((x) => x.slice(1).sub(x.slice(0, -1)).square(), { at: [1, 2, 4, 8] });
 * J.pattern.nnz; // 6
 * J.evaluate([1, 2, 4, 8]).values; // f64[6] [-2, 2, -4, 4, -8, 8]
 */
export function sparseJacobian(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  options: SparseDerivativeOptions<Tensor, Tensor[]>,
): SparseDerivativeFunction<Tensor, Tensor[]>;
export function sparseJacobian<P, A extends readonly unknown[] = []>(
  f: (x: P, ...args: A) => unknown,
  options: SparseDerivativeOptions<P, A>,
): SparseDerivativeFunction<P, A>;
export function sparseJacobian(f: AnyFunction, options: SparseDerivativeOptions): SparseDerivativeFunction {
  if (arguments.length > 2) refuseExtra("sparseJacobian", arguments, 2);
  return makeDerivative("sparseJacobian", "jacobian", f, options);
}

/**
 * Hessian of a function that returns a scalar, as a sparse symmetric matrix with both triangles. The positions of its
 * entries are found automatically. Star colouring combines Hessian-vector products (Gebremedhin et al. 2007).
 *
 * @throws as `sparseJacobian`, and `shape` for a function that returns no scalar.
 * @example
 * const H = sparseHessian((x) => x.slice(1).mul(x.slice(0, -1)).sum(), { at: [1, 2, 4] });
 * H.evaluate([1, 2, 4]).values; // f64[4] [1, 1, 1, 1]
 */
export function sparseHessian(
  f: (x: Tensor, ...args: Tensor[]) => Tensor,
  options: SparseDerivativeOptions<Tensor, Tensor[]>,
): SparseDerivativeFunction<Tensor, Tensor[]>;
export function sparseHessian<P, A extends readonly unknown[] = []>(
  f: (x: P, ...args: A) => unknown,
  options: SparseDerivativeOptions<P, A>,
): SparseDerivativeFunction<P, A>;
export function sparseHessian(f: AnyFunction, options: SparseDerivativeOptions): SparseDerivativeFunction {
  if (arguments.length > 2) refuseExtra("sparseHessian", arguments, 2);
  return makeDerivative("sparseHessian", "hessian", f, options);
}

function makeDerivative(
  operation: string,
  kind: DerivativeKind,
  f: AnyFunction,
  options: SparseDerivativeOptions,
): SparseDerivativeFunction {
  requireCompiled(operation, f, `${operation}((x) => …, { at })`);
  checkNeededOptions(operation, options, ["at", "args", "maxEntries", "memory", "check", "constantZeros"]);
  const {
    at,
    args = [],
    maxEntries = defaultLimits.entries,
    memory = defaultMemory,
    check = "auto",
    constantZeros = false,
  } = options;
  if (at === undefined)
    throw new DownhillError("option", `${operation}: needs the parameters at which to find the pattern. Write ${operation}(f, { at: x }).`); // prettier-ignore
  checkInteger(operation, "maxEntries", maxEntries, { from: 1 });
  checkInteger(operation, "memory", memory, { from: 1 });
  checkChoice(operation, "check", check, ["auto", "always", "never"]);
  checkFlag(operation, "constantZeros", constantZeros);
  const limits = { ...defaultLimits, entries: maxEntries };
  const derivative = new SparseDerivative({
    operation,
    kind,
    f,
    at,
    args,
    limits,
    memory,
    check,
    skipsZeros: constantZeros,
  });
  return {
    get pattern() {
      return derivative.pattern;
    },
    get isLocal() {
      return derivative.isLocal;
    },
    get colours() {
      return derivative.passes.forward + derivative.passes.reverse;
    },
    get passes() {
      return derivative.passes;
    },
    get changes() {
      return derivative.changes;
    },
    evaluate: (x, ...further) => derivative.evaluate(x, further).matrix,
  };
}
