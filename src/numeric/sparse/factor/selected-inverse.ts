// Selected elements of the inverse of a symmetric matrix, from its LDLᵀ factors (Takahashi, Fagan and Chin 1973).
import type { LdlFactors } from "./multifrontal.ts";

/** Elements of A⁻¹ on the variables of a front: a full matrix, by rows of `size` numbers. */
interface FrontInverse {
  readonly size: number;
  readonly elements: Float64Array;
  /** Number of child fronts that still need it. */
  readers: number;
}

/**
 * Computes the elements of A⁻¹ at the positions of L, front by front from the roots down. `visit` receives the
 * variables of each front in elimination order, the number of variables that it eliminates, and the inverse on its
 * variables, by rows.
 */
function visitInverse(
  factors: LdlFactors,
  visit: (variables: Int32Array, eliminated: number, inverse: Float64Array) => void,
): void {
  const { symbolic, firstStep, variableStart, variables } = factors;
  const { parent } = symbolic;
  const readers = new Int32Array(parent.length);
  for (const p of parent) if (p >= 0) readers[p]!++;
  const open = new Map<number, FrontInverse>();
  const rowOf = new Int32Array(symbolic.order.length);
  for (let s = parent.length - 1; s >= 0; s--) {
    const eliminated = firstStep[s + 1]! - firstStep[s]!;
    const names = variables.subarray(variableStart[s], variableStart[s + 1]);
    const source = ancestorOf(s, parent, firstStep);
    const above = open.get(source);
    if (eliminated > 0) {
      const elements = new Float64Array(names.length ** 2);
      if (above !== undefined) {
        const outer = variables.subarray(variableStart[source], variableStart[source + 1]);
        for (let i = 0; i < outer.length; i++) rowOf[outer[i]!] = i;
        copyBlock(names, eliminated, rowOf, above, elements);
      }
      invertColumns(factors, s, elements);
      visit(names, eliminated, elements);
      if (readers[s]! > 0) open.set(s, { size: names.length, elements, readers: readers[s]! });
    }
    release(s, eliminated, source, readers, open);
  }
}

/**
 * Nearest ancestor of supernode s that eliminates variables; −1 at a root. Other ancestors delay all their variables,
 * so that they store no rows.
 */
function ancestorOf(s: number, parent: Int32Array, firstStep: Int32Array): number {
  let p = parent[s]!;
  while (p >= 0 && firstStep[p + 1] === firstStep[p]) p = parent[p]!;
  return p;
}

/**
 * Frees the inverse of a front once its last child has used it. Children of a front that eliminates nothing use the
 * inverse of its ancestor.
 */
function release(
  s: number,
  eliminated: number,
  source: number,
  readers: Int32Array,
  open: Map<number, FrontInverse>,
): void {
  const above = open.get(source);
  if (above === undefined) return;
  above.readers += eliminated === 0 ? readers[s]! - 1 : -1;
  if (above.readers === 0) open.delete(source);
}

/**
 * Copies the elements of the inverse whose row and column are variables that this front does not eliminate. They come
 * from the front of an ancestor.
 */
function copyBlock(
  names: Int32Array,
  eliminated: number,
  rowOf: Int32Array,
  above: FrontInverse,
  elements: Float64Array,
): void {
  const size = names.length;
  for (let i = eliminated; i < size; i++) {
    const row = rowOf[names[i]!]! * above.size;
    for (let j = eliminated; j < size; j++) elements[i * size + j] = above.elements[row + rowOf[names[j]!]!]!;
  }
}

/**
 * Computes the rows and columns of the inverse Z for the eliminated variables, from the last pivot to the first. For
 * the rows R after p, Z(R, p) = −Z(R, R) L(R, p) and Z(p, p) = D⁻¹(p, p) − L(R, p)ᵀ Z(R, p). A 2 × 2 pivot is treated
 * as one block column.
 */
function invertColumns(
  { firstStep, elementStart, elements: l, diagonal, below }: LdlFactors,
  s: number,
  z: Float64Array,
): void {
  const first = firstStep[s]!;
  const count = firstStep[s + 1]! - first;
  const size = Math.sqrt(z.length);
  const columnOf = (p: number): number => elementStart[s]! + p * size - (p * (p - 1)) / 2 - p; // of row 0
  for (let p = count - 1; p >= 0; p--) {
    const isPair = p > 0 && below[first + p - 1] !== 0;
    const start = isPair ? p - 1 : p;
    for (let c = start; c <= p; c++) multiplyColumn(z, l, size, p + 1, columnOf(c), c);
    const inverse = isPair
      ? inverseOfPair(first + start, diagonal, below)
      : [inverseOf(diagonal[first + p]!)];
    for (let c = start; c <= p; c++)
      for (let d = start; d <= c; d++) {
        let sum = inverse[c === d ? c - start : 2]!;
        for (let i = p + 1, q = columnOf(d); i < size; i++) sum -= l[q + i]! * z[i * size + c]!;
        z[c * size + d] = z[d * size + c] = sum;
      }
    p = start;
  }
}

/** Computes Z(R, c) = −Z(R, R) L(R, c) for the rows R from `from` on. Column c of L begins at index `column`. */
function multiplyColumn(
  z: Float64Array,
  l: Float64Array,
  size: number,
  from: number,
  column: number,
  c: number,
): void {
  for (let i = from; i < size; i++) {
    let sum = 0;
    for (let j = from, row = i * size; j < size; j++) sum -= z[row + j]! * l[column + j]!;
    z[i * size + c] = z[c * size + i] = sum;
  }
}

/** Inverse of a pivot. A zero pivot counts as infinite, so that its inverse is 0. */
function inverseOf(d: number): number {
  return d === 0 ? 0 : 1 / d;
}

/** Inverse of a 2 × 2 pivot: its two diagonal elements, then the element off the diagonal. */
function inverseOfPair(step: number, diagonal: Float64Array, below: Float64Array): readonly number[] {
  const b = below[step]!;
  const [s, t] = [diagonal[step]! / b, diagonal[step + 1]! / b];
  const scale = 1 / (b * (s * t - 1));
  return [scale * t, scale * s, -scale];
}

/** Diagonal of A⁻¹. */
export function inverseDiagonal(factors: LdlFactors): Float64Array {
  const { order } = factors.symbolic;
  const out = new Float64Array(order.length);
  visitInverse(factors, (names, eliminated, inverse) => {
    for (let p = 0; p < eliminated; p++) out[order[names[p]!]!] = inverse[p * names.length + p]!;
  });
  return out;
}

/** Elements of A⁻¹ at the given positions; NaN if L has no entry there. `missing` is the number of NaN. */
export function inverseEntries(
  factors: LdlFactors,
  rows: Int32Array,
  columns: Int32Array,
): { readonly values: Float64Array; readonly missing: number } {
  const { order } = factors.symbolic;
  const numberOf = new Int32Array(order.length);
  for (let k = 0; k < order.length; k++) numberOf[order[k]!] = k;
  const byVariable = new Map<number, number[]>();
  const list = (variable: number, place: number): void => {
    const places = byVariable.get(variable);
    if (places === undefined) byVariable.set(variable, [place]);
    else places.push(place);
  };
  for (let t = 0; t < rows.length; t++) {
    list(numberOf[rows[t]!]!, t);
    if (rows[t] !== columns[t]) list(numberOf[columns[t]!]!, t);
  }
  const values = new Float64Array(rows.length).fill(NaN);
  const rowOf = new Int32Array(order.length).fill(-1);
  let missing = rows.length;
  visitInverse(factors, (names, eliminated, inverse) => {
    for (let i = 0; i < names.length; i++) rowOf[names[i]!] = i;
    for (let p = 0; p < eliminated; p++)
      for (const t of byVariable.get(names[p]!) ?? []) {
        const [i, j] = [rowOf[numberOf[rows[t]!]!]!, rowOf[numberOf[columns[t]!]!]!];
        if (i < 0 || j < 0 || !Number.isNaN(values[t])) continue;
        values[t] = inverse[i * names.length + j]!;
        missing--;
      }
    for (let i = 0; i < names.length; i++) rowOf[names[i]!] = -1;
  });
  return { values, missing };
}
