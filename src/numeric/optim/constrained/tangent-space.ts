import { addScaled } from "../vector.ts";
import type { TangentSpace } from "./constraint.ts";
import type { SolvedProgram } from "./sensitivity.ts";

/** Pivots below this share of a row count as 0, so that repeated constraints count once. */
const leastPivot = 1e-9;

/**
 * Returns the tangent space of the active constraints and bounds at the solution of a least-squares problem. The
 * lengths of `columns` serve as scales of the parameters. Column i holds the derivatives of the residuals with respect
 * to parameter i, or has the same length as it.
 */
export function tangentSpaceAt(
  solved: SolvedProgram,
  columns: readonly Float64Array[],
  rowName: (row: number) => string,
): TangentSpace {
  const { box, program, assessment } = solved;
  const sizes = Float64Array.from(columns, (column) =>
    Math.sqrt(column.reduce((total, r) => total + r * r, 0)),
  );
  const scales = sizes.map((size) => (size > 0 && size < Infinity ? 1 / size : 1));
  const n = sizes.length;
  const { pattern, values } = program.jacobian(assessment.x);
  const rowOf = (j: number): Float64Array => {
    const row = new Float64Array(n);
    for (let p = pattern.rowPointers[j]!; p < pattern.rowPointers[j + 1]!; p++)
      row[pattern.columns[p]!] = values[p]! * scales[pattern.columns[p]!]!;
    return row;
  };
  const unit = (i: number): Float64Array => {
    const row = new Float64Array(n);
    row[i] = scales[i]!;
    return row;
  };
  const active = activeRows(solved, rowOf);
  const held = Array.from(
    { length: n },
    (_, i) =>
      box.low[i] === box.high[i] ||
      isActive(assessment.x[i]!, box.low[i]!, box.high[i]!, assessment.bounds[i]!, unit(i)),
  );
  const rows = [...held.flatMap((isHeld, i) => (isHeld ? [unit(i)] : [])), ...active.map((j) => rowOf(j))];
  const { free, basis } = nullSpace(rows, n);
  return {
    active: active.map(rowName),
    isAtBound: held.map((isHeld, i) => isHeld && box.low[i] !== box.high[i]),
    ...spanned(
      n,
      free,
      basis.map((direction, k) => direction.map((d, i) => (d * scales[i]!) / scales[free[k]!]!)),
    ),
  };
}

/**
 * Returns the tangent space that `basis` spans. Each vector of it holds the derivatives of all n parameters with
 * respect to one free parameter.
 */
function spanned(
  n: number,
  free: readonly number[],
  basis: readonly Float64Array[],
): Pick<TangentSpace, "free" | "along" | "spread" | "movedBy"> {
  return {
    free,
    along: (columns) =>
      basis.map((direction) => {
        let sum: Float64Array = new Float64Array(columns[0]!.length);
        direction.forEach((d, i) => {
          if (d !== 0) sum = addScaled(sum, d, columns[i]!);
        });
        return sum;
      }),
    movedBy: (k) => [...basis[k]!.keys()].filter((i) => basis[k]![i] !== 0),
    spread: (covariance, directions) =>
      spread(
        covariance,
        directions.map((k) => basis[k]!),
        n,
      ),
  };
}

/** `Z C Zᵀ`, n × n in row-major order; NaN for parameters that do not move. */
function spread(c: Float64Array, basis: readonly Float64Array[], n: number): Float64Array<ArrayBuffer> {
  const k = basis.length;
  const out = new Float64Array(n * n).fill(Number.NaN);
  const moving = Array.from({ length: n }, (_, i) => [...basis.keys()].filter((a) => basis[a]![i] !== 0));
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      if (moving[i]!.length === 0 || moving[j]!.length === 0) continue;
      let total = 0;
      for (const a of moving[i]!)
        for (const b of moving[j]!) total += basis[a]![i]! * c[a * k + b]! * basis[b]![j]!;
      out[i * n + j] = out[j * n + i] = total;
    }
  return out;
}

function activeRows(
  { program, assessment: { x, rows }, limits }: SolvedProgram,
  rowOf: (j: number) => Float64Array,
): readonly number[] {
  const { rows: values } = program.values(x);
  return [...rows.keys()].filter((j) =>
    isActive(values[j]!, limits.low[j]!, limits.high[j]!, rows[j]!, rowOf(j)),
  );
}

/**
 * True if a limit is active: without its force, a Newton step of the sum of squares would leave it by more than the distance
 * to it. `row` has its derivatives with respect to parameters in which the second derivatives of the sum are 2.
 */
function isActive(value: number, low: number, high: number, multiplier: number, row: Float64Array): boolean {
  if (low === high) return true;
  const distance = Math.max(0, Math.min(value - low, high - value));
  const step = (Math.abs(multiplier) * row.reduce((total, a) => total + a * a, 0)) / 2;
  return step > distance;
}

/**
 * Directions in which all rows stay 0, by Gauss–Jordan elimination with complete pivoting: one per parameter that is not a
 * pivot, in which it changes by 1. Overwrites the rows.
 */
function nullSpace(
  rows: Float64Array[],
  n: number,
): { readonly free: readonly number[]; readonly basis: readonly Float64Array[] } {
  const sizeOf = (row: Float64Array): number => row.reduce((most, a) => Math.max(most, Math.abs(a)), 0);
  for (const row of rows) {
    const size = sizeOf(row);
    if (size > 0) row.forEach((a, i) => (row[i] = a / size));
  }
  const pivots: { readonly row: Float64Array; readonly column: number }[] = [];
  const rest = new Set(rows);
  for (;;) {
    let best: { readonly row: Float64Array; readonly column: number } | undefined;
    let most = leastPivot;
    for (const row of rest)
      for (let i = 0; i < n; i++)
        if (Math.abs(row[i]!) > most) {
          most = Math.abs(row[i]!);
          best = { row, column: i };
        }
    if (best === undefined) break;
    const { row, column } = best;
    rest.delete(row);
    const pivot = row[column]!;
    row.forEach((a, i) => (row[i] = a / pivot));
    for (const other of [...rest, ...pivots.map((p) => p.row)]) {
      const factor = other[column]!;
      if (factor !== 0) row.forEach((a, i) => (other[i] = i === column ? 0 : other[i]! - factor * a));
    }
    pivots.push(best);
  }
  const dependent = new Set(pivots.map(({ column }) => column));
  const free = Array.from({ length: n }, (_, i) => i).filter((i) => !dependent.has(i));
  const basis = free.map((i) => {
    const direction = new Float64Array(n);
    direction[i] = 1;
    for (const { row, column } of pivots) if (row[i] !== 0) direction[column] = -row[i]!;
    return direction;
  });
  return { free, basis };
}
