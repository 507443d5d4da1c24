import { contractBlock } from "../../kernel/scalar.ts";
import type { ContractAxis, ContractShape } from "./shape.ts";
import { sizeOf, splitAxes, strideOf } from "./shape.ts";
import type { ContractTarget, VectorShape } from "./target.ts";
import { closeBytes, nearBytes } from "./tuning.ts";

/**
 * How an operand goes on from one summand to the next: by a fixed number of bytes, or as a table in memory says
 * (`entry` bytes into each of its entries of 8 bytes stands the distance from the start).
 */
export type SummandStride =
  { readonly kind: "stride"; readonly bytes: number } | { readonly kind: "table"; readonly entry: 0 | 4 };

/** An operand as tiles read it. */
export interface OperandPlan {
  readonly packed: boolean;
  /** How the operand itself goes on from summand to summand. */
  readonly walk: SummandStride;
  /** From row to row, or column to column, in bytes, or "table". */
  readonly stride: number | "table";
  /** The axes that the rows or columns are made of. */
  readonly axes: readonly ContractAxis[];
  /** Whether aligned groups of summands lie side by side. */
  readonly sideBySide: boolean;
}

/** What both operands are planned for. */
export interface OperandRequest {
  readonly shape: ContractShape;
  readonly vector: VectorShape;
  readonly target: ContractTarget;
  readonly sums: number;
}

export function roundUp(x: number, multiple: number): number {
  return Math.ceil(x / multiple) * multiple;
}

/** From row to row or column to column, where that is not told by a table. */
export function rowStride(operand: OperandPlan): number {
  return operand.stride === "table" ? 0 : operand.stride;
}

/** Bytes of a row or column of one block of summands. */
export function depthBytes({ sums, vector }: Pick<OperandRequest, "sums" | "vector">): number {
  return Math.min(sums, contractBlock) * vector.bytes;
}

function walkOf(shape: ContractShape, operand: "left" | "right", { bytes }: VectorShape): SummandStride {
  const stride = strideOf(shape.sums, operand);
  if (stride !== undefined) return { kind: "stride", bytes: stride * bytes };
  return { kind: "table", entry: operand === "left" ? 0 : 4 };
}

/** Whether each group of as many summands as a vector has lanes, counted from a multiple of it, lies side by side. */
function isSideBySide(shape: ContractShape, operand: "left" | "right", { count }: VectorShape): boolean {
  const last = shape.sums.at(-1);
  if (last?.[operand] !== 1) return false;
  return strideOf(shape.sums, operand) === 1 || last.size % count === 0;
}

/** An operand that is copied, along axes that `out` has as one. */
function packedOperand(
  common: Pick<OperandPlan, "walk" | "sideBySide">,
  axes: readonly ContractAxis[],
  operand: "left" | "right",
  { bytes }: VectorShape,
): OperandPlan {
  const { inner } = splitAxes(axes, ["out"]);
  const stride = strideOf(inner, operand);
  return { ...common, packed: true, stride: stride === undefined ? "table" : stride * bytes, axes: inner };
}

/** The right operand, of which `rowTiles` tiles of rows read each column; `dots`: its summands are the lanes. */
export function planRight(
  { shape, vector, target, sums }: OperandRequest,
  rowTiles: number,
  dots: boolean,
): OperandPlan {
  const rows = sizeOf(shape.rows);
  const walk = walkOf(shape, "right", vector);
  const sideBySide = isSideBySide(shape, "right", vector);
  const one = shape.columns.slice(-1);
  const axis = one[0];
  const stride = axis?.right ?? 1;
  const size = axis?.size ?? 1;
  const direct: OperandPlan = { packed: false, walk, stride: stride * vector.bytes, axes: one, sideBySide };
  if (dots) return direct;
  if (stride === 1) {
    const isAlone = shape.columns.length <= 1;
    const isSmall = sums * sizeOf(shape.columns) * vector.bytes <= nearBytes;
    // Short runs of columns are read where they are if they fill the vectors of tiles, or if packing them is too much for few rows.
    const isFull = size >= 0.7 * roundUp(size, 2 * vector.count) || (size === vector.count && rows <= 8);
    // Packed columns are filled up with zeros, so that all of them come in pairs of vectors.
    const isPaired =
      !target.wide || size <= vector.count || size % (2 * vector.count) === 0 || rows * size < 16 || sums < 8;
    if (isAlone ? (isSmall && isPaired) || rowTiles < (isPaired ? 4 : 2) : isFull && rows < 32) return direct;
  } else if (
    walk.kind === "stride" &&
    shape.columns.length === 1 &&
    (rows <= 2 || sums * size * rows <= 512)
  ) {
    return direct;
  }
  return packedOperand({ walk, sideBySide }, shape.columns, "right", vector);
}

/**
 * Whether rows that lie side by side are read in place although each summand is elsewhere: where it is near, and the panels
 * are few because they are wide (as measured: with panels half as wide, packing is quicker).
 */
function liesClose({ shape, vector, target }: OperandRequest): boolean {
  const sum = shape.sums.at(-1)?.left ?? 0;
  return (
    target.wide &&
    shape.sums.length === 1 &&
    shape.rows.at(-1)?.left === 1 &&
    sum * vector.bytes <= closeBytes
  );
}

/** The left operand, of which `panels` panels of columns read each row, in tiles of at most `mostRows`. */
export function planLeft(request: OperandRequest, mostRows: number, panels: number): OperandPlan {
  const { shape, vector, sums } = request;
  const walk = walkOf(shape, "left", vector);
  const sideBySide = isSideBySide(shape, "left", vector);
  const { inner } = splitAxes(shape.rows, ["out", "left"]);
  const isWhole = inner.length === shape.rows.length;
  const isFast = sums === 1 || shape.sums.at(-1)?.left === 1 || liesClose(request);
  const isSmall = sizeOf(shape.rows) * sums * vector.bytes <= nearBytes;
  if (!(isWhole || sizeOf(inner) >= 2 * mostRows) || !(isFast || isSmall || panels < 4))
    return packedOperand({ walk, sideBySide }, shape.rows, "left", vector);
  return {
    packed: false,
    walk,
    stride: (strideOf(inner, "left") ?? 0) * vector.bytes,
    axes: inner,
    sideBySide,
  };
}
