import { tensor } from "../../numeric/array/create.ts";
import { readElements } from "../../engine/ir/elements.ts";
import { reshape } from "../../numeric/array/shape.ts";
import type { Tensor } from "../../engine/ir/tensor.ts";
import type { DType } from "../../engine/ir/types.ts";
import { asTensor } from "../../engine/prims/lift.ts";
import { normalNow } from "../../numeric/random/at-once.ts";
import { foldIn, type KeyWords } from "../../numeric/random/index.ts";
import { flatten, unflatten } from "../../engine/tree/index.ts";
import { type Shape, sizeOf } from "../../engine/util/shape.ts";

/** Parameters as one flat vector, and a function that restores their structure from a vector. */
export interface ParameterVector {
  readonly values: Float64Array;
  readonly shapes: readonly Shape[];
  readonly rebuild: (values: ArrayLike<number>) => unknown;
}

/** Concatenates all elements of nested parameters, leaf by leaf. `rebuild` restores structure, shapes and dtypes. */
export function flattenParams(operation: string, params: unknown): ParameterVector {
  const { def, leaves } = flatten(params, operation);
  const tensors = leaves.map((leaf) => asTensor(leaf, operation));
  const shapes = tensors.map(({ shape }) => shape);
  const dtypes: DType[] = tensors.map(({ dtype }) => dtype);
  const values = Float64Array.from(tensors.flatMap((x) => Array.from(readElements(x, operation))));
  return {
    values,
    shapes,
    rebuild(all) {
      let from = 0;
      const parts: Tensor[] = shapes.map((shape, i) => {
        const n = sizeOf(shape);
        const part = Float64Array.from({ length: n }, (_, k) => all[from + k]!);
        from += n;
        return reshape(tensor(part, { dtype: dtypes[i]! }), shape);
      });
      return unflatten(def, parts);
    },
  };
}

/** Returns a random direction of `size` elements, each from the standard normal distribution. */
export function randomDirection(key: KeyWords, size: number): Float64Array {
  return normalNow(key, size);
}

/**
 * Returns a random direction in which each filter has the length of the corresponding filter of the parameters: `d ←
 * d/‖d‖ · ‖θ‖` per filter. A filter holds the weights of one output, at one index of the last axis of an array. The
 * elements for arrays with fewer than two axes (biases) are 0, as in the authors' code.
 *
 * @see Li, Xu, Taylor, Studer, Goldstein, Visualizing the loss landscape of neural nets, NeurIPS 2018, section 4.
 */
export function filterNormalised(key: KeyWords, { values, shapes }: ParameterVector): Float64Array {
  const direction = new Float64Array(values.length);
  let from = 0;
  shapes.forEach((shape, leaf) => {
    const size = sizeOf(shape);
    if (shape.length >= 2) {
      const drawn = normalNow(foldIn(key, leaf), size);
      const filters = shape.at(-1)!;
      for (let filter = 0; filter < filters; filter++) {
        let [mine, its] = [0, 0];
        for (let i = filter; i < size; i += filters) {
          mine += drawn[i]! ** 2;
          its += values[from + i]! ** 2;
        }
        const factor = mine === 0 ? 0 : Math.sqrt(its / mine);
        for (let i = filter; i < size; i += filters) direction[from + i] = drawn[i]! * factor;
      }
    }
    from += size;
  });
  return direction;
}

/** Two principal directions of a path, and the fraction of the path's variance along each. */
export interface PrincipalDirections {
  readonly directions: readonly [Float64Array, Float64Array];
  readonly explained: readonly [number, number];
}

/**
 * Returns the two principal directions of the differences between the points of a path and its end: unit vectors along
 * which the path varies most. A direction is zero if the path does not vary along it. Computed from the eigenvectors of
 * `M Mᵀ` (one row and column per point) instead of the much larger `Mᵀ M`.
 *
 * @see Li et al. 2018, section 7.1.
 */
export function principalDirections(path: readonly Float64Array[], end: Float64Array): PrincipalDirections {
  const rows = path.map((point) => point.map((x, i) => x - end[i]!));
  const gram = rows.map((a) => rows.map((b) => dot(a, b)));
  const { values, vectors } = symmetricEigen(gram);
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const direction = (k: number): Float64Array => {
    const sum = new Float64Array(end.length);
    rows.forEach((row, i) => {
      const weight = vectors[k]?.[i] ?? 0;
      for (let j = 0; j < sum.length; j++) sum[j]! += weight * row[j]!;
    });
    const length = Math.sqrt(dot(sum, sum));
    // Orient the axis so that the path starts on its positive side.
    const sign = rows[0] !== undefined && dot(sum, rows[0]) < 0 ? -1 : 1;
    return length === 0 ? sum : sum.map((x) => (sign * x) / length);
  };
  const part = (k: number): number => (total === 0 ? 0 : Math.max(0, values[k] ?? 0) / total);
  return { directions: [direction(0), direction(1)], explained: [part(0), part(1)] };
}

/** Returns the inner product of two vectors. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Returns the eigenvalues (largest first) and unit eigenvectors, in the same order, of a symmetric matrix, by Jacobi
 * rotations.
 *
 * @see Golub, Van Loan, Matrix computations, 4th edition, section 8.5.
 */
export function symmetricEigen(matrix: readonly (readonly number[])[]): {
  readonly values: readonly number[];
  readonly vectors: readonly (readonly number[])[];
} {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const v = a.map((_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
  const size = Math.sqrt(a.flat().reduce((sum, x) => sum + x * x, 0));
  for (let sweep = 0; sweep < 60; sweep++) {
    let rest = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rest += a[p]![q]! ** 2;
    if (Math.sqrt(rest) <= 1e-15 * size) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotate(a, v, p, q);
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j]![j]! - a[i]![i]!);
  return { values: order.map((i) => a[i]![i]!), vectors: order.map((i) => v.map((row) => row[i]!)) };
}

/**
 * Applies the Jacobi rotation of rows and columns p and q that makes `a[p][q]` zero, to `a` and to the columns of the
 * eigenvectors `v`.
 */
function rotate(a: number[][], v: number[][], p: number, q: number): void {
  const apq = a[p]![q]!;
  if (apq === 0) return;
  const tau = (a[q]![q]! - a[p]![p]!) / (2 * apq);
  const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  for (const row of [...a, ...v]) [row[p], row[q]] = [c * row[p]! - s * row[q]!, s * row[p]! + c * row[q]!];
  const [rowP, rowQ] = [a[p]!, a[q]!];
  for (let j = 0; j < a.length; j++)
    [rowP[j], rowQ[j]] = [c * rowP[j]! - s * rowQ[j]!, s * rowP[j]! + c * rowQ[j]!];
}
