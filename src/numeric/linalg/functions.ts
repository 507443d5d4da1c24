import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../engine/errors/index.ts";
import type { Tensor, TensorLike } from "../../engine/ir/tensor.ts";
import { stopGradient } from "../../engine/prims/linear.ts";
import { linearSolve } from "../../engine/prims/lu.ts";
import { identityLike, product } from "../../engine/prims/matrices.ts";
import { atOnce } from "../../engine/runtime/at-once.ts";
import { cond } from "../../engine/transforms/cond.ts";
import { scan } from "../../engine/transforms/scan.ts";
import { arange, zeros } from "../array/create.ts";
import { abs, ceil, exp2, less, log2, maximum, where } from "../array/elementwise.ts";
import { asFloating } from "../array/promote.ts";
import { any, max, sum } from "../array/reduce.ts";
import { concatenate, expandDims, flip, matmul, reshape, slice, take } from "../array/shape.ts";
import { none, readMatrices, readSquare } from "./operands.ts";
import { inv } from "./solve.ts";

/**
 * A whole power of square matrices `[…, n, n]`, by products; a negative one is that of the inverse.
 *
 * @throws DownhillError `shape`, `dtype`; `range` for a power that is not whole, or a negative one of a singular matrix.
 * @example
 * matrixPower([[1, 1], [0, 1]], 5).tolist(); // [[1, 5], [0, 1]]
 */
export function matrixPower(a: TensorLike, power: number): Tensor {
  if (arguments.length > 2) refuseExtra("matrixPower", arguments, 2);
  const t = readSquare("matrixPower", a);
  if (!Number.isSafeInteger(power))
    throw new DownhillError("range", `matrixPower: the power must be a whole number, got ${String(power)}.`);
  let base = power < 0 ? inv(t) : t;
  let result: Tensor | undefined;
  for (let rest = Math.abs(power); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result === undefined ? base : product(result, base);
    if (rest > 1) base = product(base, base);
  }
  return result ?? identityLike(t.type);
}

/** Coefficients of the Padé approximant of degree 13: numerator of exp(x), constant first. */
const pade = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
]; // prettier-ignore

/** Up to this norm the approximant has the full precision of float64, so of float32 too. */
const largestNorm = 5.371920351148152;

/** So often the result is squared at most: beyond 3.5e5 in norm there is no result. */
const mostSquarings = 16;

/**
 * The exponential of square matrices `[…, n, n]`: scaled, approximated by a quotient and squared. NaN where the largest sum of sizes in
 * a column is beyond 3.5e5.
 *
 * @throws DownhillError `shape`, `dtype`
 * @see Higham, SIAM J. Matrix Anal. Appl. 26, 2005, algorithm 2.3.
 * @example
 * expm([[0, 1], [0, 0]]).tolist(); // [[1, 1], [0, 1]]
 */
export function expm(a: TensorLike): Tensor {
  if (arguments.length > 1) refuseExtra("expm", arguments, 1);
  return exponentialAtOnce([readSquare("expm", a)], none)[0]!;
}

const exponentialAtOnce = /* @__PURE__ */ atOnce("expm", ([a]) => [exponential(a!)]);

function exponential(t: Tensor): Tensor {
  if (t.type.shape.includes(0)) return t;
  const norm = max(sum(abs(stopGradient(t)), { axis: -2, keepdims: true }), { axis: -1, keepdims: true });
  const squarings = maximum(0, ceil(log2(norm.div(largestNorm))));
  const scaled = t.mul(exp2(squarings.neg()));
  const start = approximant(scaled);
  const [squared] = scan(
    (x: Tensor, step: Tensor): [Tensor, Tensor] => {
      const isDue = less(step, squarings);
      const next = cond(
        any(isDue),
        (y: Tensor) => where(isDue, product(y, y), y),
        (y: Tensor) => y,
        x,
      );
      return [next, step];
    },
    start,
    arange(0, mostSquarings, 1, { dtype: t.dtype }),
  );
  return where(less(mostSquarings, squarings), Number.NaN, squared);
}

/** `(V − U)⁻¹ (V + U)` with the odd and the even part of the numerator. */
function approximant(a: Tensor): Tensor {
  const one = identityLike(a.type);
  const a2 = product(a, a);
  const a4 = product(a2, a2);
  const a6 = product(a2, a4);
  const powers = [one, a2, a4, a6];
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
 * The Kronecker product: each element of a times all of b, laid out as blocks; of as many axes as the one that has more.
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
 * The product of several matrices, in the order that takes the fewest multiplications; the first and the last may be vectors.
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
 * Matrices `[…, m, n]` along the diagonal of one, which is 0 elsewhere; batches must be the same.
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
 * The matrix whose diagonals are constant: with this first column, and this first row, of which the first element is not read. Default:
 * symmetric.
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
    if (x.ndim !== 1) throw new DownhillError("shape", `toeplitz: ${showType(x.type)} is no vector.`);
  const [m, n] = [c.shape[0]!, r.shape[0]!];
  if (m === 0 || n === 0) return zeros([m, n], { dtype: c.dtype });
  const all = concatenate([flip(slice(r, [1, n])), c]); // element (i, j) is number n − 1 + i − j
  const down = expandDims(arange(0, m, 1, { dtype: "int32" }), 1);
  const places = down.sub(arange(0, n, 1, { dtype: "int32" })).add(n - 1);
  return take(all, places);
}
