import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import { checkFlags, checkOptions } from "../../engine/errors/options.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { moveAxis } from "../../engine/prims/index-ops.ts";
import { stopGradient } from "../../engine/prims/linear.ts";
import { abs, div, equal, greater, mul, pow, where } from "../array/elementwise.ts";
import { asFloating, normalizeAxis } from "../array/promote.ts";
import { max, min, norm as euclidean, sum } from "../array/reduce.ts";
import { reshape } from "../array/shape.ts";
import { svdvals } from "./factorise.ts";

/** Options of `norm`. */
export interface NormOptions {
  /**
   * Kind of norm. For vectors: a number p for `(Σ|x|ᵖ)^(1/p)`, 0 for the number of nonzero elements, ±∞ for the largest
   * and smallest absolute value. For matrices: `"fro"` for `√Σx²`, `"nuc"` for the sum of the singular values, ±2 for
   * the largest and smallest singular value, ±1 for the largest and smallest absolute column sum, ±∞ for absolute row
   * sums. Default: `√Σx²` over all axes.
   */
  readonly ord?: number | "fro" | "nuc";
  /** Axis of vectors, or the two axes of matrices. Default: all axes. */
  readonly axis?: number | readonly number[];
  /** True to keep these axes with size 1. Default false. */
  readonly keepdims?: boolean;
}

/**
 * Norms of vectors and matrices, like NumPy's `linalg.norm`. At 0, where a norm is not differentiable, the derivative
 * is 0. Tied largest elements share the derivative.
 *
 * @throws DownhillError `option`, `shape`, `range`
 * @example
 * norm([3, 4]);                           // 5
 * norm([[1, -2], [3, 4]], { ord: 1 });    // 6
 * norm([[3, 4], [6, 8]], { axis: 1 }).tolist(); // [5, 10]
 */
export function norm(x: TensorLike, options: NormOptions = {}): Tensor {
  if (arguments.length > 2) refuseExtra("norm", arguments, 2);
  checkOptions("norm", options, ["ord", "axis", "keepdims"]);
  checkFlags("norm", options, ["keepdims"]);
  const t = asFloating(x, "norm");
  const { ord, axis, keepdims = false } = options;
  const given = axis ?? Array.from({ length: t.ndim }, (_, i) => i);
  const axes = (typeof given === "number" ? [given] : given).map((one) => normalizeAxis("norm", one, t.type));
  if (ord === undefined) return euclidean(t, { axis: axes, keepdims });
  if (axes.length < 1 || axes.length > 2 || new Set(axes).size !== axes.length)
    throw new DownhillError(
      "shape",
      `norm: ord applies to vectors and matrices: axis must name one or two axes of ${showType(t.type)}.`,
    );
  const kept = t.shape.map((n, i) => (axes.includes(i) ? 1 : n));
  const rest = t.shape.filter((_, i) => !axes.includes(i));
  const out = axes.length === 1 ? ofVectors(t, axes[0]!, ord) : ofMatrices(t, [axes[0]!, axes[1]!], ord);
  return reshape(out, keepdims ? kept : rest);
}

function refuseOrd(ord: unknown, what: string, known: string): never {
  throw new DownhillError("option", `norm: ord of ${what} must be ${known}, got ${JSON.stringify(ord)}.`);
}

function ofVectors(x: Tensor, axis: number, ord: number | "fro" | "nuc"): Tensor {
  if (typeof ord !== "number" || Number.isNaN(ord)) return refuseOrd(ord, "vectors", "a number");
  if (ord === 2) return euclidean(x, { axis });
  const size = abs(x);
  if (x.shape[axis] === 0 && ord > 0) return sum(size, { axis }); // 0, the norm of an empty vector
  if (ord === Infinity) return max(size, { axis });
  if (ord === -Infinity) return min(size, { axis });
  if (ord === 1) return sum(size, { axis });
  const isZero = equal(size, 0);
  if (ord === 0) return sum(where(isZero, size, 1).astype(x.dtype), { axis });
  // divided by the largest element, so that powers neither overflow nor underflow; elements of 0 get derivative 0
  const largest = stopGradient(max(size, { axis, keepdims: true }));
  const scale = where(greater(largest, 0), largest, 1);
  const powers = where(isZero, ord > 0 ? 0 : Infinity, pow(where(isZero, 1, div(size, scale)), ord));
  const total = sum(powers, { axis, keepdims: true });
  const isRegular = greater(total, 0);
  const root = where(isRegular, pow(where(isRegular, total, 1), 1 / ord), 0);
  return sum(mul(root, scale), { axis });
}

function ofMatrices(
  x: Tensor,
  [row, column]: readonly [number, number],
  ord: number | "fro" | "nuc",
): Tensor {
  const ofSums = (along: number, over: number, pick: typeof max): Tensor =>
    pick(sum(abs(x), { axis: along, keepdims: true }), { axis: over });
  const singular = (): Tensor => {
    const n = x.ndim;
    return svdvals(moveAxis(moveAxis(x, column, n - 1), row < column ? row : row - 1, n - 2));
  };
  switch (ord) {
    case "fro":
      return euclidean(x, { axis: [row, column] });
    case "nuc":
      return sum(singular(), { axis: -1 });
    case 2:
      return max(singular(), { axis: -1 });
    case -2:
      return min(singular(), { axis: -1 });
    case 1:
      return ofSums(row, column, max);
    case -1:
      return ofSums(row, column, min);
    case Infinity:
      return ofSums(column, row, max);
    case -Infinity:
      return ofSums(column, row, min);
    default:
      return refuseOrd(ord, "matrices", '"fro", "nuc", 1, -1, 2, -2, Infinity or -Infinity');
  }
}
