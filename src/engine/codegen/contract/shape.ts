import type { Dim } from "../../kernel/scalar.ts";

/** One axis of a contraction, or several merged into one: its size, and its stride in each operand in elements. */
export interface ContractAxis {
  readonly size: number;
  readonly out: number;
  readonly left: number;
  readonly right: number;
}

type OperandRole = "out" | "left" | "right";

/**
 * Indices of a contraction by role: rows occur in `left` and `out`, columns in `right` and `out`, sums in `left` and
 * `right`, groups in all three.
 */
export interface ContractShape {
  readonly groups: readonly ContractAxis[];
  readonly rows: readonly ContractAxis[];
  readonly columns: readonly ContractAxis[];
  readonly sums: readonly ContractAxis[];
  /**
   * True if left and right were swapped, so that columns are contiguous in `out`. Products commute, so the bits are
   * unchanged.
   */
  readonly swapped: boolean;
}

export function sizeOf(axes: readonly ContractAxis[]): number {
  return axes.reduce((size, axis) => size * axis.size, 1);
}

/**
 * Sorts the axes of a contraction by role. Only the order of the summation axes matters for the result. The other axes
 * are sorted like those of `out`, and adjacent axes with compatible strides are merged.
 */
export function shapeOf(dims: readonly Dim<number>[]): ContractShape {
  const of = (keep: (dim: Dim<number>) => boolean): readonly ContractAxis[] =>
    dims
      .filter((dim) => dim.size !== 1 && keep(dim))
      .map(({ size, out, left, right }) => ({ size, out, left, right }));
  const inOrder = (axes: readonly ContractAxis[]): readonly ContractAxis[] =>
    merged(
      axes.toSorted((x, y) => y.out - x.out || y.left - x.left || y.right - x.right),
      ["out", "left", "right"],
    );
  // A batch index that one operand does not have is a row or a column.
  const isRow = (dim: Dim<number>): boolean =>
    dim.role === "row" || (dim.role === "batch" && dim.right === 0);
  const isColumn = (dim: Dim<number>): boolean =>
    dim.role === "column" || (dim.role === "batch" && dim.left === 0);
  const rows = inOrder(of(isRow));
  const columns = inOrder(of((dim) => !isRow(dim) && isColumn(dim)));
  const groups = inOrder(of((dim) => dim.role === "batch" && !isRow(dim) && !isColumn(dim)));
  const sums = merged(of(({ role }) => role === "sum"), ["left", "right"]); // prettier-ignore
  const swapped = prefersSwap(rows, columns, sizeOf(sums));
  const shape = { groups, rows, columns, sums, swapped };
  if (!swapped) return shape;
  return {
    groups: groups.map(swapOperands),
    rows: columns.map(swapOperands),
    columns: rows.map(swapOperands),
    sums: sums.map(swapOperands),
    swapped,
  };
}

function swapOperands({ size, out, left, right }: ContractAxis): ContractAxis {
  return { size, out, left: right, right: left };
}

/**
 * True if left and right should be swapped. Vectors run along columns, which should be contiguous in `out` and many.
 */
function prefersSwap(rows: readonly ContractAxis[], columns: readonly ContractAxis[], sums: number): boolean {
  const [m, n] = [sizeOf(rows), sizeOf(columns)];
  // Few columns and many contiguous rows: slower stores to `out` are outweighed by faster sums.
  if (n < 6 && m >= 4 * n && rows.at(-1)?.left === 1 && sums >= 8) return true;
  if (m < 6 && n >= 4 * m && columns.at(-1)?.right === 1 && sums >= 8) return false;
  const isDense = (axes: readonly ContractAxis[]): boolean => axes.at(-1)?.out === 1;
  if (isDense(rows) !== isDense(columns)) return isDense(rows);
  return m > 4 * n && n < 4;
}

/** Merges neighbouring axes whose strides are compatible in all of `operands`. */
function merged(axes: readonly ContractAxis[], operands: readonly OperandRole[]): readonly ContractAxis[] {
  const result: ContractAxis[] = [];
  for (const axis of axes) {
    const outer = result.at(-1);
    if (outer !== undefined && operands.every((operand) => outer[operand] === axis.size * axis[operand]))
      result[result.length - 1] = { ...axis, size: outer.size * axis.size };
    else result.push(axis);
  }
  return result;
}

/**
 * Stride in `operand` of the single axis that the axes form when merged. 0 for no axes; `undefined` if they cannot be
 * merged.
 */
export function strideOf(axes: readonly ContractAxis[], operand: OperandRole): number | undefined {
  const [one, ...others] = merged(axes, [operand]);
  if (others.length > 0) return undefined;
  return one?.[operand] ?? 0;
}

/** Splits axes into outer axes and the innermost axes that can be merged in all of `operands`. */
export function splitAxes(
  axes: readonly ContractAxis[],
  operands: readonly OperandRole[],
): { readonly outer: readonly ContractAxis[]; readonly inner: readonly ContractAxis[] } {
  let first = Math.max(0, axes.length - 1);
  while (first > 0 && merged(axes.slice(first - 1), operands).length === 1) first--;
  return { outer: axes.slice(0, first), inner: axes.slice(first) };
}
