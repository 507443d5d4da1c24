import { SparsePattern } from "../../sparse/matrix/sparse-pattern.ts";
import type { ColumnMatrix } from "../minimize/qr.ts";
import type { Charts } from "./step-space.ts";

/**
 * Converts a Jacobian with respect to the parameters, at x, to one with respect to the coordinates of steps: one column
 * per coordinate.
 */
export function tangentColumns(
  columns: ColumnMatrix,
  charts: Charts,
  size: number,
  x: Float64Array,
): ColumnMatrix {
  if (charts.isIdentity) return columns;
  const { first, width, offset } = charts;
  const rows = columns[0]?.length ?? 0;
  const values = charts.values(x);
  const out = Array.from({ length: size }, () => new Float64Array(rows));
  columns.forEach((column, p) => {
    if (first[p]! < 0) return;
    for (let k = 0; k < width[p]!; k++) {
      const factor = offset[p]! < 0 ? 1 : values[offset[p]! + k]!;
      const target = out[first[p]! + k]!;
      for (let i = 0; i < rows; i++) target[i]! += factor * column[i]!;
    }
  });
  return out;
}

/** A sparse Jacobian with respect to the coordinates of steps. */
export interface TangentJacobian {
  readonly pattern: SparsePattern;
  /** Returns its values in the order of `pattern`, given those of the Jacobian with respect to the parameters at x. */
  readonly evaluate: (values: Float64Array, x: Float64Array) => Float64Array;
}

/** Prepares the conversion of `tangentColumns` for sparse Jacobians of one pattern. */
export function tangentJacobian(pattern: SparsePattern, charts: Charts, size: number): TangentJacobian {
  if (charts.isIdentity) return { pattern, evaluate: (values) => values };
  const { first, width, offset } = charts;
  const { rowPointers, columns, shape } = pattern;
  const target = new Int32Array(columns.length).fill(-1);
  const pointers = new Int32Array(shape[0] + 1);
  let list = new Int32Array(columns.length);
  let count = 0;
  for (let i = 0; i < shape[0]; i++) {
    let last = -1; // first coordinate of the chart before, and the entry where it starts
    let start = 0;
    for (let q = rowPointers[i]!; q < rowPointers[i + 1]!; q++) {
      const p = columns[q]!;
      if (first[p]! < 0) continue;
      if (first[p] !== last) {
        [last, start] = [first[p]!, count];
        if (count + width[p]! > list.length) {
          const longer = new Int32Array(2 * list.length + width[p]!);
          longer.set(list);
          list = longer;
        }
        for (let k = 0; k < width[p]!; k++) list[count++] = last + k;
      }
      target[q] = start;
    }
    pointers[i + 1] = count;
  }
  return {
    pattern: SparsePattern.fromChecked([shape[0], size], pointers, list.slice(0, count)),
    evaluate(values, x) {
      const factors = charts.values(x);
      const out = new Float64Array(count);
      for (let q = 0; q < columns.length; q++) {
        if (target[q]! < 0) continue;
        const p = columns[q]!;
        if (offset[p]! < 0) out[target[q]!] = values[q]!;
        else
          for (let k = 0; k < width[p]!; k++) out[target[q]! + k]! += values[q]! * factors[offset[p]! + k]!;
      }
      return out;
    },
  };
}

/**
 * Converts a step δ in coordinates to a step of the parameters, P δ. The nonzero elements of P are `factors`, the
 * values of the charts.
 */
export function fromCoordinates(
  { first, width, offset }: Charts,
  factors: Float64Array,
  step: Float64Array,
): Float64Array {
  return Float64Array.from(first, (start, p) => {
    if (start < 0) return 0;
    if (offset[p]! < 0) return step[start]!;
    let sum = 0;
    for (let k = 0; k < width[p]!; k++) sum += factors[offset[p]! + k]! * step[start + k]!;
    return sum;
  });
}

/** Converts the gradient g with respect to the parameters to that with respect to the coordinates, Pᵀ g. */
export function toCoordinates(
  { first, width, offset }: Charts,
  factors: Float64Array,
  gradient: Float64Array,
  size: number,
): Float64Array {
  const out = new Float64Array(size);
  for (let p = 0; p < gradient.length; p++) {
    const start = first[p]!;
    if (start < 0) continue;
    if (offset[p]! < 0) out[start] = gradient[p]!;
    else for (let k = 0; k < width[p]!; k++) out[start + k]! += factors[offset[p]! + k]! * gradient[p]!;
  }
  return out;
}
