import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { stopGradient } from "../../engine/prims/linear.ts";
import { identityLike, linearSolve, product } from "../../engine/prims/linear-algebra.ts";
import { atOnce } from "../../engine/runtime/at-once.ts";
import { cond, scan } from "../../engine/transforms/structured.ts";
import { arange, ones, zeros } from "../array/create.ts";
import {
  abs, ceil, equal, exp2, floor, less, log2, maximum, minimum, where,
} from "../array/elementwise.ts"; // prettier-ignore
import { asFloating } from "../array/promote.ts";
import { any, max, sum } from "../array/reduce.ts";
import { concatenate, expandDims, flip, matmul, reshape, slice, take } from "../array/shape.ts";
import { none, readMatrices, readSquare } from "./operands.ts";
import { inv } from "./solve.ts";

/**
 * Integer power of square matrices `[…, n, n]`, by repeated products; a negative power is that of the inverse.
 *
 * @throws DownhillError `shape`, `dtype`; `range` for a power that is not an integer, or a negative power of a singular
 * matrix.
 * @example
 * matrixPower([[1, 1], [0, 1]], 5).tolist(); // [[1, 5], [0, 1]]
 */
export function matrixPower(a: TensorLike, power: number): Tensor {
  if (arguments.length > 2) refuseExtra("matrixPower", arguments, 2);
  const t = readSquare("matrixPower", a);
  if (!Number.isSafeInteger(power))
    throw new DownhillError("range", `matrixPower: the power must be an integer, got ${String(power)}.`);
  let base = power < 0 ? inv(t) : t;
  let result: Tensor | undefined;
  for (let rest = Math.abs(power); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === undefined ? base : product(result, base);
    if (rest > 1) base = product(base, base);
  }
  return result ?? identityLike(t.type);
}

/** Coefficients of the numerator of the Padé approximant of exp(x) of degree 13, constant first. */
const pade = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
]; // prettier-ignore

/**
 * Largest norm of a matrix for which the Padé approximant of degree 13 has the full precision of float64 (and so of
 * float32) without scaling.
 */
const largestNorm = 5.371920351148152;

/** Largest norm if estimated from powers of the matrix, where the bound of Al-Mohy & Higham applies. */
const largestOfPowers = 4.25;

/**
 * log₂ of 2⁻⁵³ / c, where c = 13!² / (26! · 27!) is the first coefficient, of degree 27, of the series of the backward
 * error.
 */
const leadingError = Math.log2(1.1325131e35) - 53;

/**
 * Number of squarings per group, and number of groups. Together they suffice for the largest number of each dtype times
 * a matrix size of up to 2¹⁶.
 */
const groupSize = 32;
const groupCount = { float64: 33, float32: 5 };

/**
 * Exponential of square matrices `[…, n, n]`, by scaling, a Padé approximant and repeated squaring. Large matrices are
 * scaled by the norms of their powers, so that highly non-normal matrices keep their accuracy. Squaring k times
 * multiplies the relative rounding error by up to 2ᵏ, where 2ᵏ is about a quarter of the norm of the powers. The result
 * is NaN only for NaN and infinities in the matrix, and if the squares overflow.
 *
 * @throws DownhillError `shape`, `dtype`
 * @see Al-Mohy & Higham, SIAM J. Matrix Anal. Appl. 31, 2009; Higham, 26, 2005, algorithm 2.3.
 * @example
 * expm([[0, 1], [0, 0]]).tolist(); // [[1, 1], [0, 1]]
 */
export function expm(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("expm", arguments, 1);
  return exponentialAtOnce([readSquare("expm", a)], none)[0]!;
}

const exponentialAtOnce = /* @__PURE__ */ atOnce("expm", ([a]) => [exponential(a!)]);

/** Largest absolute column sum of each matrix: `[…, 1, 1]`. */
function columnNorm(t: Tensor): Tensor {
  return max(sum(abs(t), { axis: -2, keepdims: true }), { axis: -1, keepdims: true });
}

function exponential(t: Tensor): Tensor {
  if (t.type.shape.includes(0)) return t;
  const known = stopGradient(t);
  // the norm itself may overflow
  const size = max(abs(known), { axis: [-2, -1], keepdims: true });
  const unit = where(equal(size, 0), 1, size);
  const logNorm = log2(unit).add(log2(maximum(columnNorm(known.div(unit)), 1)));
  const scalings = maximum(0, ceil(logNorm.sub(Math.log2(largestNorm))));
  const scaled = t.mul(exp2(scalings.neg()));
  const a2 = product(scaled, scaled);
  const a4 = product(a2, a2);
  const a6 = product(a2, a4);
  const spared = cond(
    any(less(0, scalings)),
    (x: Tensor, x4: Tensor, x6: Tensor, bound: Tensor) => sparedSquarings(x, x4, x6, bound),
    (_: Tensor, __: Tensor, ___: Tensor, bound: Tensor) => zeros(bound.shape, { dtype: bound.dtype }),
    stopGradient(scaled),
    stopGradient(a4),
    stopGradient(a6),
    scalings,
  );
  const raised = (x: Tensor, power: number): Tensor => x.mul(exp2(spared.mul(power)));
  const start = approximant(raised(scaled, 1), raised(a2, 2), raised(a4, 4), raised(a6, 6));
  return squareRepeatedly(start, scalings.sub(spared));
}

/**
 * Number of squarings that can be saved for a matrix scaled by its norm. `‖A⁴‖^¼` and `‖A⁶‖^⅙` bound its terms better
 * than its norm, and the second bound keeps the leading error of the approximant below rounding. The number is at most
 * `bound`, and limited so that no sixth power overflows.
 */
function sparedSquarings(scaled: Tensor, a4: Tensor, a6: Tensor, bound: Tensor): Tensor {
  const ofPowers = maximum(log2(columnNorm(a4)).div(4), log2(columnNorm(a6)).div(6));
  const sizes = abs(scaled);
  const [row] = scan(
    (x: Tensor): [Tensor, null] => [product(x, sizes), null],
    ones(scaled.shape.toSpliced(-2, 1, 1), { dtype: scaled.dtype }),
    null,
    { length: 27 },
  );
  const norm = columnNorm(scaled);
  const leading = log2(max(row, { axis: -1, keepdims: true }).div(where(equal(norm, 0), 1, norm)));
  const spared = minimum(
    floor(ofPowers.neg().add(Math.log2(largestOfPowers))),
    floor(leading.neg().add(leadingError).div(26)),
  );
  const mostRaised = scaled.dtype === "float64" ? 170 : 21;
  return maximum(0, minimum(minimum(spared, bound), mostRaised));
}

/**
 * Squares each matrix the number of times that its entry in `counts` specifies. Squarings run in groups: a group that
 * no matrix needs costs one comparison, and saves one matrix for the backward pass.
 */
function squareRepeatedly(start: Tensor, counts: Tensor): Tensor {
  const square = (x: Tensor, step: Tensor): [Tensor, null] => {
    const isDue = less(step, counts);
    const next = cond(
      any(isDue),
      (y: Tensor) => where(isDue, product(y, y), y),
      (y: Tensor) => y,
      x,
    );
    return [next, null];
  };
  const steps = arange(0, groupSize, 1, { dtype: counts.dtype });
  const group = (x: Tensor, first: Tensor): [Tensor, null] => {
    const next = cond(
      any(less(first, counts)),
      (y: Tensor) => scan(square, y, steps.add(first))[0],
      (y: Tensor) => y,
      x,
    );
    return [next, null];
  };
  const groups = arange(0, groupCount[start.dtype as "float64" | "float32"], 1, { dtype: counts.dtype });
  return scan(group, start, groups.mul(groupSize), { checkpoint: 1 })[0];
}

/**
 * `(V − U)⁻¹ (V + U)`: the Padé approximant of the exponential of `a`, whose numerator has the odd part U and the even
 * part V. Computed from `a` and its powers.
 */
function approximant(a: Tensor, a2: Tensor, a4: Tensor, a6: Tensor): Tensor {
  const powers = [identityLike(a.type), a2, a4, a6];
  const combine = (from: number): Tensor =>
    powers.map((x, i) => x.mul(pade[from + 2 * i]!)).reduce((x, y) => x.add(y));
  const high = (from: number): Tensor =>
    product(
      a6,
      powers
        .slice(1)
        .map((x, i) => x.mul(pade[from + 2 * i]!))
        .reduce((x, y) => x.add(y)),
    );
  const odd = product(a, high(9).add(combine(1)));
  const even = high(8).add(combine(0));
  return linearSolve(even.sub(odd), even.add(odd));
}

/**
 * Kronecker product: blocks of b multiplied by each element of a. Operands with fewer axes get leading axes of size 1.
 *
 * @example
 * kron([1, 10], [[1, 2]]).tolist(); // [[1, 2, 10, 20]]
 */
export function kron(a: TensorLike, b: TensorLike): Tensor {
  if (arguments.length > 2) refuseExtra("kron", arguments, 2);
  const [x, y] = [asFloating(a, "kron"), asFloating(b, "kron")];
  const rank = Math.max(x.ndim, y.ndim);
  const padded = (t: Tensor): number[] => [...new Array<number>(rank - t.ndim).fill(1), ...t.shape];
  const [m, n] = [padded(x), padded(y)];
  const outer = reshape(x, m.flatMap((size) => [size, 1])); // prettier-ignore
  const inner = reshape(y, n.flatMap((size) => [1, size])); // prettier-ignore
  return reshape(outer.mul(inner), m.map((size, i) => size * n[i]!)); // prettier-ignore
}

/**
 * Product of several matrices, in the order with the fewest multiplications; the first and the last may be vectors.
 *
 * @throws DownhillError `shape`
 * @see Cormen, Leiserson, Rivest & Stein, Introduction to Algorithms, 14.2.
 * @example
 * multiDot([[[1, 2]], [[1, 0], [0, 2]], [3, 4]]).tolist(); // [19]
 */
export function multiDot(matrices: readonly TensorLike[]): Tensor {
  if (arguments.length > 1) refuseExtra("multiDot", arguments, 1);
  if (!Array.isArray(matrices) || matrices.length < 2)
    throw new DownhillError("shape", "multiDot: needs a list of two or more matrices.");
  const all = matrices.map((x) => asFloating(x as TensorLike, "multiDot"));
  const last = all.length - 1;
  all.forEach((x, i) => {
    if (x.ndim !== 2 && !(x.ndim === 1 && (i === 0 || i === last)))
      throw new DownhillError(
        "shape",
        `multiDot: number ${i} of the list is ${showType(x.type)}; all must be matrices, but the first and last may be vectors.`,
      );
  });
  const chain = all.map((x, i) =>
    x.ndim === 2 ? x : reshape(x, i === 0 ? [1, x.shape[0]!] : [x.shape[0]!, 1]),
  );
  const out = cheapestProduct(chain);
  const shape = [all[0]!.ndim === 2 ? out.shape[0]! : [], all[last]!.ndim === 2 ? out.shape[1]! : []].flat();
  return reshape(out, shape);
}

function cheapestProduct(chain: readonly Tensor[]): Tensor {
  const sizes = [chain[0]!.shape[0]!, ...chain.map((x) => x.shape[1]!)];
  const best = new Map<string, { readonly cost: number; readonly cut: number }>();
  const costOf = (from: number, to: number): number =>
    to - from === 1 ? 0 : best.get(`${from} ${to}`)!.cost;
  for (let length = 2; length <= chain.length; length++)
    for (let from = 0; from + length <= chain.length; from++) {
      const to = from + length;
      let least = { cost: Infinity, cut: from + 1 };
      for (let cut = from + 1; cut < to; cut++) {
        const cost = costOf(from, cut) + costOf(cut, to) + sizes[from]! * sizes[cut]! * sizes[to]!;
        if (cost < least.cost) least = { cost, cut };
      }
      best.set(`${from} ${to}`, least);
    }
  const multiply = (from: number, to: number): Tensor => {
    if (to - from === 1) return chain[from]!;
    const { cut } = best.get(`${from} ${to}`)!;
    return matmul(multiply(from, cut), multiply(cut, to));
  };
  return multiply(0, chain.length);
}

/**
 * Block diagonal matrix of matrices `[…, m, n]`, with zeros elsewhere; their batch axes must be equal.
 *
 * @throws DownhillError `shape`, `dtype`
 * @example
 * blockDiag([[[1]], [[2, 3]]]).tolist(); // [[1, 0, 0], [0, 2, 3]]
 */
export function blockDiag(matrices: readonly TensorLike[]): Tensor {
  if (arguments.length > 1) refuseExtra("blockDiag", arguments, 1);
  if (!Array.isArray(matrices) || matrices.length === 0)
    throw new DownhillError("shape", "blockDiag: needs a list of one or more matrices.");
  const all = matrices.map((x) => readMatrices("blockDiag", x as TensorLike));
  const width = all.reduce((n, x) => n + x.shape.at(-1)!, 0);
  let before = 0;
  const rows = all.map((x) => {
    const [m, n] = [x.shape.at(-2)!, x.shape.at(-1)!];
    const empty = (columns: number): Tensor =>
      zeros([...x.shape.slice(0, -2), m, columns], { dtype: x.dtype });
    const row = concatenate([empty(before), x, empty(width - before - n)], { axis: -1 });
    before += n;
    return row;
  });
  return concatenate(rows, { axis: -2 });
}

/**
 * Toeplitz matrix, whose diagonals are constant, from its first column and first row; the first element of the row is
 * ignored. By default the row equals the column, so that the matrix is symmetric.
 *
 * @throws DownhillError `shape`
 * @example
 * toeplitz([1, 2, 3]).tolist();         // [[1, 2, 3], [2, 1, 2], [3, 2, 1]]
 * toeplitz([1, 2], [1, 5, 6]).tolist(); // [[1, 5, 6], [2, 1, 5]]
 */
export function toeplitz(column: TensorLike, row: TensorLike = column): Tensor {
  if (arguments.length > 2) refuseExtra("toeplitz", arguments, 2);
  const [c, r] = [asFloating(column, "toeplitz"), asFloating(row, "toeplitz")];
  for (const x of [c, r])
    if (x.ndim !== 1) throw new DownhillError("shape", `toeplitz: ${showType(x.type)} is not a vector.`);
  const [m, n] = [c.shape[0]!, r.shape[0]!];
  if (m === 0 || n === 0) return zeros([m, n], { dtype: c.dtype });
  const all = concatenate([flip(slice(r, [1, n])), c]); // element (i, j) has index n − 1 + i − j
  const down = expandDims(arange(0, m, 1, { dtype: "int32" }), 1);
  const places = down.sub(arange(0, n, 1, { dtype: "int32" })).add(n - 1);
  return take(all, places);
}
