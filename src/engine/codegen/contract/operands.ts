import { contractBlock } from "../../kernel/scalar.ts";
import type { ContractAxis, ContractShape } from "./shape.ts";
import { sizeOf, splitAxes, strideOf } from "./shape.ts";
import type { ContractTarget, VectorShape } from "./target.ts";
import { closeBytes, nearBytes } from "./tuning.ts";

/**
 * Distance between consecutive summands of an operand: a fixed number of bytes, or a table in memory. Each table entry
 * has 8 bytes; the distance of a summand from the first one is stored at byte `entry` of its table entry.
 */
export type SummandStride =
  { readonly kind: "stride"; readonly bytes: number } | { readonly kind: "table"; readonly entry: 0 | 4 };

/** Plan of how tiles read an operand: from packed or original memory, and with which strides. */
export interface OperandPlan {
  readonly packed: boolean;
  /** Distance between consecutive summands of the unpacked operand. */
  readonly walk: SummandStride;
  /** Bytes between consecutive rows or columns, or "table" if a table holds their offsets. */
  readonly stride: number | "table";
  /**
   * The innermost row or column axes, along whose combined index a tile extends. Loops around the tiles run over the
   * other axes.
   */
  readonly axes: readonly ContractAxis[];
  /** True if the summands that fill one vector are always contiguous in the operand. */
  readonly sideBySide: boolean;
}

/** Input for planning how code reads the left and the right operand: sizes of the contraction, vector and target. */
export interface OperandRequest {
  readonly shape: ContractShape;
  readonly vector: VectorShape;
  readonly target: ContractTarget;
  readonly sums: number;
}

export function roundUp(x: number, multiple: number): number {
  return Math.ceil(x / multiple) * multiple;
}

/** Bytes between consecutive rows or columns; 0 if a table holds them. */
export function rowStride(operand: OperandPlan): number {
  return operand.stride === "table" ? 0 : operand.stride;
}

/** Bytes of a row or column within one block of summands. */
export function depthBytes({ sums, vector }: Pick<OperandRequest, "sums" | "vector">): number {
  return Math.min(sums, contractBlock) * vector.bytes;
}

function walkOf(shape: ContractShape, operand: "left" | "right", { bytes }: VectorShape): SummandStride {
  const stride = strideOf(shape.sums, operand);
  if (stride !== undefined) return { kind: "stride", bytes: stride * bytes };
  return { kind: "table", entry: operand === "left" ? 0 : 4 };
}

/** True if the summands that fill one vector are always contiguous in memory. */
function hasContiguousVectors(
  shape: ContractShape,
  operand: "left" | "right",
  { count }: VectorShape,
): boolean {
  const last = shape.sums.at(-1);
  if (last?.[operand] !== 1) return false;
  return strideOf(shape.sums, operand) === 1 || last.size % count === 0;
}

/**
 * Plans a packed operand. A packed panel extends along those innermost of `axes` that are together one strided axis of
 * `out`.
 */
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

/**
 * Plans the right operand, each column of which is read by `rowTiles` tiles of rows. With `dots`, the lanes are
 * summands.
 */
export function planRight(
  { shape, vector, target, sums }: OperandRequest,
  rowTiles: number,
  dots: boolean,
): OperandPlan {
  const rows = sizeOf(shape.rows);
  const walk = walkOf(shape, "right", vector);
  const sideBySide = hasContiguousVectors(shape, "right", vector);
  const one = shape.columns.slice(-1);
  const axis = one[0];
  const stride = axis?.right ?? 1;
  const size = axis?.size ?? 1;
  const direct: OperandPlan = { packed: false, walk, stride: stride * vector.bytes, axes: one, sideBySide };
  if (dots) return direct;
  if (stride === 1) {
    const isAlone = shape.columns.length <= 1;
    const isSmall = sums * sizeOf(shape.columns) * vector.bytes <= nearBytes;
    // Short runs of columns are read in place if they fill the vectors of tiles, or if packing costs too much for few
    // rows.
    const isFull = size >= 0.7 * roundUp(size, 2 * vector.count) || (size === vector.count && rows <= 8);
    // Packed columns are padded with zeros, so that they always form pairs of vectors.
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
 * True if contiguous rows of `left` are cheap to read without packing, although their summands are strided. The stride
 * must be small, and the panels wide and thus few. With panels half as wide, packing was measured to be faster.
 */
function isCheapInPlace({ shape, vector, target }: OperandRequest): boolean {
  const sum = shape.sums.at(-1)?.left ?? 0;
  return (
    target.wide &&
    shape.sums.length === 1 &&
    shape.rows.at(-1)?.left === 1 &&
    sum * vector.bytes <= closeBytes
  );
}

/**
 * Plans the left operand, each row of which is read by `panels` panels of columns, in tiles of at most `mostRows` rows.
 */
export function planLeft(request: OperandRequest, mostRows: number, panels: number): OperandPlan {
  const { shape, vector, sums } = request;
  const walk = walkOf(shape, "left", vector);
  const sideBySide = hasContiguousVectors(shape, "left", vector);
  const { inner } = splitAxes(shape.rows, ["out", "left"]);
  const isWhole = inner.length === shape.rows.length;
  const isFast = sums === 1 || shape.sums.at(-1)?.left === 1 || isCheapInPlace(request);
  const isSmall = sizeOf(shape.rows) * sums * vector.bytes <= nearBytes;
  if (!(isWhole || sizeOf(inner) >= 2 * mostRows) || !(isFast || isSmall || panels < 4))
    return packedOperand({ walk, sideBySide }, shape.rows, "left", vector);
  return {
    packed: false,
    walk,
    stride: strideOf(inner, "left")! * vector.bytes,
    axes: inner,
    sideBySide,
  };
}
