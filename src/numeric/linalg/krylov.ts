import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { checkInteger } from "../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { requireFunction } from "../../engine/transforms/arguments.ts";
import { evalShape } from "../../engine/transforms/index.ts";
import { scan, whileLoop } from "../../engine/transforms/structured.ts";
import { sameShape, sizeOf } from "../../engine/util/shape.ts";
import { arange, zeros } from "../array/create.ts";
import { equal, less, lessEqual, logicalAnd, sqrt, where, astype } from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { sum } from "../array/reduce.ts";
import { expandDims, matmul, ravel, reshape, slice, transpose } from "../array/shape.ts";
import { pinv } from "./least-squares.ts";
import type { LinearMap } from "./linear-solution.ts";
import { solveByProducts } from "./linear-solution.ts";

/** Options of `cg`. */
export interface CgOptions {
  /**
   * The search ends when `‖b − A x‖` is at most this fraction of `‖b‖`; above 0. Default 1e-10, in float32 1e-5. Also the
   * relative accuracy of the systems of derivatives.
   */
  readonly tolerance?: number;
  /** Largest number of products with A, 1 or more. Default 10 times the number of unknowns. */
  readonly maxIterations?: number;
  /** Approximate inverse of A, a linear function; for `cg` symmetric and positive definite. Default: none. */
  readonly preconditioner?: (x: Tensor) => Tensor;
}

/** Options of `gmres`. */
export interface GmresOptions extends CgOptions {
  /** Number of products after which the search restarts from its solution, 1 or more. Default 30, at most the unknowns. */
  readonly restart?: number;
}

/** State of conjugate gradients: solution, residual, direction, size of the residual, number of products. */
type CgState = [x: Tensor, residual: Tensor, direction: Tensor, size: Tensor, steps: Tensor];

/** State of the restarted method: solution, residual, number of products. */
type GmresState = [x: Tensor, residual: Tensor, steps: Tensor];

/** Data that both solvers read from their arguments. */
interface KrylovProblem {
  readonly matvec: LinearMap;
  readonly b: Tensor;
  readonly tolerance: number;
  readonly maxIterations: number;
}

function readProblem(
  operation: string,
  a: TensorLike | LinearMap,
  side: TensorLike,
  options: CgOptions,
): KrylovProblem {
  const b = asFloating(side, operation);
  const unknowns = sizeOf(b.shape);
  const { tolerance = b.dtype === "float32" ? 1e-5 : 1e-10, preconditioner } = options;
  if (!(typeof tolerance === "number" && tolerance > 0))
    throw new DownhillError(
      "option",
      `${operation}: tolerance must be a number above 0, got ${String(tolerance)}.`,
    );
  const maxIterations = options.maxIterations ?? 10 * Math.max(1, unknowns);
  checkInteger(operation, "maxIterations", maxIterations, { from: 1 });
  if (preconditioner !== undefined) requireFunction(operation, preconditioner);
  if (typeof a === "function") {
    const shape = evalShape(a, b).shape;
    if (!sameShape(shape, b.shape))
      throw new DownhillError(
        "shape",
        `${operation}: A maps ${showType(b.type)} to an array of shape [${shape.join(", ")}]; it must have the shape of b.`,
      );
    return { matvec: (x) => astype(a(x), b.dtype), b, tolerance, maxIterations };
  }
  const matrix = asFloating(a, operation);
  if (b.ndim !== 1 || matrix.ndim !== 2 || matrix.shape[0] !== unknowns || matrix.shape[1] !== unknowns)
    throw new DownhillError(
      "shape",
      `${operation}: a matrix [n, n] needs a vector b [n]; got ${showType(matrix.type)} and ${showType(b.type)}. Use vmap for several systems.`,
    );
  return { matvec: (x) => astype(matmul(matrix, x), b.dtype), b, tolerance, maxIterations };
}

/** Σ x y over all elements. */
const inner = (x: Tensor, y: Tensor): Tensor => sum(x.mul(y));

/** x / y, and 0 where y is 0. */
function ratio(x: Tensor, y: Tensor): Tensor {
  const isZero = equal(y, 0);
  return where(isZero, 0, x.div(where(isZero, 1, y)));
}

/** Throws if a solver returned NaN, which it does if it reached its limit. Inside traced functions this is unknown. */
function requireConverged(operation: string, x: Tensor, condition: string): Tensor {
  if (x.tracer !== undefined || !x.data().some(Number.isNaN)) return x;
  throw new DownhillError(
    "diverged",
    `${operation}: the residual did not reach the tolerance. ${condition}; otherwise allow more with maxIterations, or pass a preconditioner. (In compiled functions the result is NaN.)`,
  );
}

/**
 * Solves `A x = b` for a symmetric positive definite A by conjugate gradients. `a` is a matrix `[n, n]`, or a linear
 * function of arrays of the shape of b, so that A need not be stored.
 *
 * Derivatives in b, in the matrix and in captured values solve `A dx = db − dA x` by the same method. They exist in both modes
 * and to every order. Works inside `jit` and `vmap`.
 *
 * @throws DownhillError `shape`, `dtype`, `option`; `diverged` if the tolerance is not reached, which gives NaN in traced
 * functions.
 * @see Hestenes & Stiefel, J. Res. Nat. Bur. Standards 49, 1952.
 * @example
 * cg([[4, 1], [1, 3]], [1, 2]).tolist().map((x) => x.toFixed(6));      // ["0.090909", "0.636364"]
 * cg((x) => x.mul([2, 4]), [1, 2]).tolist().map((x) => x.toFixed(6));  // ["0.500000", "0.500000"]
 */
export function cg(a: TensorLike | LinearMap, b: TensorLike, options: CgOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("cg", arguments, 3);
  checkOptions("cg", options, ["tolerance", "maxIterations", "preconditioner"]);
  const { matvec, b: side, tolerance, maxIterations } = readProblem("cg", a, b, options);
  const solve = (multiply: LinearMap, right: Tensor, precondition: LinearMap): Tensor => {
    const limit = inner(right, right).mul(tolerance ** 2);
    const first = precondition(right);
    const [x, r] = whileLoop(
      ([, rest, , , steps]: CgState): Tensor =>
        logicalAnd(less(limit, inner(rest, rest)), less(steps, maxIterations)),
      ([found, rest, direction, size, steps]: CgState) => {
        const product = multiply(direction);
        const step = ratio(size, inner(direction, product));
        const next = rest.sub(step.mul(product));
        const scaled = precondition(next);
        const nextSize = inner(next, scaled);
        const turned = scaled.add(ratio(nextSize, size).mul(direction));
        return [found.add(step.mul(direction)), next, turned, nextSize, steps.add(1)] as [
          Tensor,
          Tensor,
          Tensor,
          Tensor,
          Tensor,
        ];
      },
      [
        zeros(right.shape, { dtype: right.dtype }),
        right,
        first,
        inner(right, first),
        zeros([], { dtype: "int32" }),
      ],
    ) satisfies CgState;
    return where(lessEqual(inner(r, r), limit), x, Number.NaN);
  };
  const x = solveByProducts("cg", matvec, side, solve, options.preconditioner, true);
  return requireConverged("cg", x, "A must be symmetric and positive definite");
}

/** Approximate solution of `A x = b` by one cycle of `size` products with A, begun at 0. */
function cycle(multiply: LinearMap, b: Tensor, precondition: LinearMap, size: number): Tensor {
  const n = sizeOf(b.shape);
  const shaped = (x: Tensor): Tensor => reshape(x, b.shape);
  const length = sqrt(inner(b, b));
  const rows = expandDims(arange(0, size + 1, 1, { dtype: "int32" }), 1);
  const first = expandDims(ravel(ratio(b, length)), 0);
  const start = where(equal(rows, 0), first, zeros([size + 1, n], { dtype: b.dtype }));
  // Arnoldi's method: row j + 1 of the basis is A times row j, less its parts along the rows before
  const [basis, columns] = scan(
    (known: Tensor, j: Tensor): [Tensor, Tensor] => {
      const row = sum(where(equal(rows, j), known, 0), { axis: 0 });
      const product = ravel(multiply(precondition(shaped(row))));
      // twice, because rounding leaves parts after the first subtraction
      const once = matmul(known, product);
      const once1 = product.sub(matmul(once, known));
      const twice = matmul(known, once1);
      const rest = once1.sub(matmul(twice, known));
      const length2 = sqrt(inner(rest, rest));
      const isNext = equal(rows, j.add(1));
      const next = where(isNext, expandDims(ratio(rest, length2), 0), known);
      return [next, where(ravel(isNext), length2, once.add(twice))];
    },
    start,
    arange(0, size, 1, { dtype: "int32" }),
  );
  const side = where(equal(ravel(rows), 0), length, zeros([size + 1], { dtype: b.dtype }));
  const y = matmul(pinv(transpose(columns)), side);
  const combined = matmul(y, slice(basis, [0, size]));
  return precondition(shaped(combined));
}

/**
 * Solves `A x = b` for any regular A by the generalised minimal residual method with restarts, and a preconditioner from
 * the right. Arguments, derivatives and errors are those of `cg`; derivatives in reverse mode need the transpose of the
 * function, which follows from its text.
 *
 * @throws DownhillError `shape`, `dtype`, `option`, `diverged`, as `cg`; `derivative` if the function is not linear.
 * @see Saad & Schultz, SIAM J. Sci. Stat. Comput. 7, 1986.
 * @example
 * gmres([[0, 1], [-1, 1]], [1, 2]).tolist().map((x) => x.toFixed(6)); // ["-1.000000", "1.000000"]
 */
export function gmres(a: TensorLike | LinearMap, b: TensorLike, options: GmresOptions = {}): Tensor {
  if (arguments.length > 3) refuseExtra("gmres", arguments, 3);
  checkOptions("gmres", options, ["tolerance", "maxIterations", "preconditioner", "restart"]);
  const { matvec, b: side, tolerance, maxIterations } = readProblem("gmres", a, b, options);
  const size = Math.max(1, Math.min(options.restart ?? 30, sizeOf(side.shape)));
  checkInteger("gmres", "restart", options.restart ?? size, { from: 1 });
  const solve = (multiply: LinearMap, right: Tensor, precondition: LinearMap): Tensor => {
    const limit = inner(right, right).mul(tolerance ** 2);
    const [x, r] = whileLoop(
      ([, rest, steps]: GmresState): Tensor =>
        logicalAnd(less(limit, inner(rest, rest)), less(steps, maxIterations)),
      ([found, rest, steps]: GmresState) => {
        const next = found.add(cycle(multiply, rest, precondition, size));
        return [next, right.sub(multiply(next)), steps.add(size)] as GmresState;
      },
      [zeros(right.shape, { dtype: right.dtype }), right, zeros([], { dtype: "int32" })],
    ) satisfies GmresState;
    return where(lessEqual(inner(r, r), limit), x, Number.NaN);
  };
  const x = solveByProducts("gmres", matvec, side, solve, options.preconditioner, false);
  return requireConverged("gmres", x, "A must be regular");
}
