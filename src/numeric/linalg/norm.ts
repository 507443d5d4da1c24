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
   * Of vectors a number p for `(Σ|x|ᵖ)^(1/p)`, 0 for how many elements are not 0, ±∞ for the largest and the smallest size; of matrices
   * `"fro"` for `√Σx²`, `"nuc"` for the sum of singular values, ±2 for the largest and the smallest, ±1 for the largest and smallest
   * sum of sizes in a column, ±∞ in a row. Default: `√Σx²` of whatever there is.
   */
  readonly ord?: number | "fro" | "nuc";
  /** The axis of vectors, or the two of matrices. Default: all axes. */
  readonly axis?: number | readonly number[];
  /** Whether these axes stay, with size 1. Default false. */
  readonly keepdims?: boolean;
}

/**
 * Norms of vectors and matrices, as NumPy's `linalg.norm`. Where a norm has no derivative, at 0, that is 0; largest sizes share it.
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
      `norm: ord is for vectors and matrices: axis must name one or two axes of ${showType(t.type)}.`,
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
  if (x.shape[axis] === 0 && ord > 0) return sum(size, { axis }); // 0, the norm of a vector of no elements
  if (ord === Infinity) return max(size, { axis });
  if (ord === -Infinity) return min(size, { axis });
  if (ord === 1) return sum(size, { axis });
  const isZero = equal(size, 0);
  if (ord === 0) return sum(where(isZero, size, 1).astype(x.dtype), { axis });
  // divided by the largest, so that powers neither overflow nor vanish; for what is 0 the power has slope 0 or none
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
