import type { Contract } from "../../kernel/scalar.ts";
import { contractBlock } from "../../kernel/scalar.ts";
import type { OperandPlan, OperandRequest } from "./operands.ts";
import { depthBytes, planLeft, planRight, roundUp } from "./operands.ts";
import type { ContractAxis, ContractShape } from "./shape.ts";
import { shapeOf, sizeOf, strideOf } from "./shape.ts";
import type { ContractTarget, VectorShape } from "./target.ts";
import { vectorBytes, vectorShape } from "./target.ts";
import type { RowSplit } from "./tile-choice.ts";
import { chooseTile, splitRows } from "./tile-choice.ts";
import {
  blockBytes,
  cacheLine,
  keptStripBytes,
  leastStreamed,
  leastStripProducts,
  mostShallowSums,
  mostTableEntries,
  mostTinySums,
  segmentBytes,
  streamParts,
  streamTerms,
  stripBytes,
  wantedParts,
} from "./tuning.ts";

/** Sizes and strides of a contraction, before the method is chosen. Sizes are in elements, strides in bytes. */
interface ContractProblem {
  readonly shape: ContractShape;
  readonly vector: VectorShape;
  readonly groups: readonly ContractAxis[];
  readonly rows: number;
  readonly columns: number;
  readonly sums: number;
  readonly left: OperandPlan;
  readonly right: OperandPlan;
  readonly outRow: number;
  readonly outColumn: number;
}

/** Division of `out` into tiles, whose sums stay in registers. */
interface Tiling extends RowSplit {
  /** Number of columns of a whole panel, number of whole panels, and columns of the remaining panel (`tail`). */
  readonly tileColumns: number;
  readonly panels: number;
  readonly tail: number;
  /** True if sums are so short that accesses of `out` dominate. Consecutive tiles then follow the rows of `out`. */
  readonly shallow: boolean;
  /** True if the lanes of a vector are summands instead of columns. Used for few rows; it rounds differently. */
  readonly dots: boolean;
  /**
   * A panel that is wider than one vector is padded to a multiple of this number of columns. It is two vectors
   * if the columns are packed and the engine pairs vectors, otherwise one vector.
   */
  readonly unit: number;
  /** True if vectors come in pairs that the engine merges into one. */
  readonly wide: boolean;
}

/** Cache blocking, and the division of work among threads. */
interface Blocking {
  /**
   * Number of tiles per block of rows, and number of panels per strip of columns. Both are chosen so that the data stay
   * in cache.
   */
  readonly blockTiles: number;
  readonly stripPanels: number;
  /** Number of row tiles per part. Threads share the parts of a strip. */
  readonly partTiles: number;
  /**
   * True if the packed columns of a whole strip are kept in work memory, so that the next part need not pack them
   * again.
   */
  readonly keepsStrip: boolean;
}

/** Work memory of a blocked contraction: byte offsets from its start. */
export interface WorkLayout {
  /**
   * Offset of a memory cell with the number of the strip that is packed at present, from 1; the cell contains 0 if no
   * strip is packed.
   */
  readonly packedStrip: number;
  /** Offsets of the tables with the distances of summands, columns and rows. */
  readonly sumTable: number;
  readonly columnTable: number;
  readonly rowTable: number;
  /** Offsets of the packed columns and of the packed rows. */
  readonly right: number;
  readonly left: number;
  /** Offset of the memory that holds the sums of a tile before they are written to `out`. */
  readonly scratch: number;
  readonly bytes: number;
}

/** Method of computing a contraction. */
export type ContractMethod =
  /** `out` has no elements. */
  | { readonly kind: "nothing" }
  /**
   * Product so small that one function contains the loop over all products of a batch. The units of work are the
   * groups.
   */
  | { readonly kind: "tiny" }
  | StreamMethod
  | BlocksMethod;

/**
 * Product of a row and a matrix, which reads the matrix sequentially, `terms` of its rows at a time. The units of work
 * are parts of the columns.
 */
export interface StreamMethod {
  readonly kind: "stream";
  readonly terms: number;
  /** Pairs of vectors per row, pairs per part, number of parts, and columns that remain after the last pair. */
  readonly pairs: number;
  readonly partPairs: number;
  readonly parts: number;
  readonly tail: number;
  /** True if partial sums are stored in `out` itself instead of work memory. */
  readonly direct: boolean;
}

/**
 * Nested blocking: strips of columns, blocks of summands, blocks of rows, tiles. The units of work are parts of strips.
 */
export interface BlocksMethod {
  readonly kind: "blocks";
  /** Number of parts per strip, of strips per group, and of blocks of summands. */
  readonly parts: number;
  readonly strips: number;
  readonly sumBlocks: number;
  /** True if a single block contains all rows. */
  readonly isOneBlock: boolean;
  readonly work: WorkLayout;
}

/** Complete plan of the computation of a contraction, from which code is written. `printContractPlan` prints it. */
export interface ContractPlan extends ContractProblem, Tiling, Blocking {
  readonly method: ContractMethod;
  /** Number of independent parts of the work, which may run in any order or in parallel. */
  readonly units: number;
  /** Bytes of work memory that each call needs. */
  readonly workBytes: number;
}

/** Plans a `contract` statement of any type except bool. */
export function planContract(
  {
    type,
    dims,
    accumulate = false,
  }: Pick<Contract<number>, "type" | "dims"> & Partial<Pick<Contract, "accumulate">>,
  target: ContractTarget,
): ContractPlan {
  const shape = shapeOf(dims);
  const vector = vectorShape(type, target.relaxed);
  const sums = sizeOf(shape.sums);
  const request: OperandRequest = { shape, vector, target, sums };
  const { tiling, left, right } = planTiles(request);
  const rows = sizeOf(left.axes);
  const columns = sizeOf(right.axes);
  const outer = (all: readonly ContractAxis[], inner: readonly ContractAxis[]): readonly ContractAxis[] =>
    all.slice(0, all.length - inner.length);
  const product: ContractProblem = {
    shape,
    vector,
    groups: [...shape.groups, ...outer(shape.rows, left.axes), ...outer(shape.columns, right.axes)],
    rows,
    columns,
    sums,
    left,
    right,
    outRow: strideOf(left.axes, "out")! * vector.bytes,
    outColumn: columns === 1 ? vector.bytes : strideOf(right.axes, "out")! * vector.bytes,
  };
  const blocking = planBlocking(product, tiling, target.partProducts);
  const plan = { ...product, ...tiling, ...blocking };
  return { ...plan, ...planMethod(plan, target, accumulate) };
}

/** Chooses the tile and the access to both operands together, because they depend on one another. */
function planTiles(request: OperandRequest): {
  readonly tiling: Tiling;
  readonly left: OperandPlan;
  readonly right: OperandPlan;
} {
  const { shape, vector, target, sums } = request;
  const allRows = sizeOf(shape.rows);
  const dots = canBeDots(shape, vector, sums, allRows);
  const chosen = dots ? ([1, 8 / vector.count] as const) : chooseTile(vector, target, shape, sums);
  const right = planRight(request, Math.ceil(allRows / chosen[0]), dots);
  const columns = sizeOf(right.axes);
  const transposes = !right.packed && columns > 1 && right.stride !== vector.bytes && !dots;
  // Transposing squares of elements needs registers too.
  const [mostRows, vectors] = transposes ? ([Math.min(allRows, 2), 2] as const) : chosen;
  const unit = right.packed && target.wide ? 2 * vector.count : vector.count;
  const tileColumns = Math.min(
    roundUp(vectors * vector.count, unit),
    paddedColumns({ vector, unit }, columns),
  );
  const left = planLeft(request, mostRows, Math.ceil(columns / tileColumns));
  const tail = columns % tileColumns;
  const panels = (columns - tail) / tileColumns;
  const shallow = sums <= mostShallowSums && panels > 1 && !dots;
  const split = splitRows(sizeOf(left.axes), mostRows);
  return {
    tiling: { ...split, tileColumns, panels, tail, shallow, dots, unit, wide: target.wide },
    left,
    right,
  };
}

/**
 * True if a product can be computed as dot products and may be rounded differently. It must have at most 3 rows, at
 * most one axis each of rows and columns, contiguous summands in both operands, and two vectors of summands per sum.
 */
function canBeDots(shape: ContractShape, { fused, count }: VectorShape, sums: number, rows: number): boolean {
  if (!fused || rows > 3 || shape.rows.length > 1 || shape.columns.length > 1 || sums < 2 * count)
    return false;
  return strideOf(shape.sums, "left") === 1 && strideOf(shape.sums, "right") === 1;
}

function planBlocking(product: ContractProblem, tiling: Tiling, partProducts: number): Blocking {
  const { vector, rows, columns, sums, left, right } = product;
  const { tileRows, tiles, tileColumns, panels, tail, shallow } = tiling;
  const depth = depthBytes(product);
  const mostTiles = shallow ? Math.ceil(tiles / 8) : Math.round(blockBytes / Math.max(1, depth * tileRows));
  const blockTiles = clamp(mostTiles, 1, Math.max(1, tiles));
  const blocks = Math.max(1, Math.ceil(tiles / blockTiles));
  const fitting = clamp(Math.round(stripBytes / Math.max(1, depth * tileColumns)), 1, Math.max(1, panels));
  // Parts for threads to share. What a strip shares must be worth more than a part.
  const isShared = partProducts < Infinity;
  const wanted = Math.ceil((panels * blocks) / wantedParts[isShared && tiles <= 2 ? "fewRows" : "usual"]);
  const isWorth = rows * tileColumns * sums >= leastStripProducts;
  const least = left.packed ? 64 / tileColumns : isWorth ? 1 : 32 / tileColumns;
  const stripPanels = Math.max(1, shallow ? panels : Math.min(fitting, Math.max(wanted, Math.ceil(least))));
  const stripColumns = stripPanels * tileColumns + tail;
  const keepsStrip =
    isShared && right.packed && tiles > 1 && stripColumns * sums * vector.bytes <= keptStripBytes;
  // If each part packs the strip again, the part must be large enough to pay for it.
  const leastTiles = right.packed && !keepsStrip ? blockTiles : 1;
  const fair = Math.round(partProducts / Math.max(1, tileRows * Math.min(stripColumns, columns) * sums));
  const partTiles = isShared ? clamp(fair, leastTiles, Math.max(1, tiles)) : Math.max(1, tiles);
  return { blockTiles, stripPanels, partTiles, keepsStrip };
}

type TiledContract = ContractProblem & Tiling & Blocking;

function planMethod(
  plan: TiledContract,
  { manyRegisters }: ContractTarget,
  accumulate: boolean,
): Pick<ContractPlan, "method" | "units" | "workBytes"> {
  const { vector, sums, rows, columns, tiles, panels } = plan;
  const groups = sizeOf(plan.groups);
  if (groups * rows * columns === 0) return { method: { kind: "nothing" }, units: 0, workBytes: 0 };
  if (canStream(plan)) {
    const perPair = (2 * vectorBytes) / vector.bytes;
    const pairs = Math.floor(columns / perPair);
    const partPairs = Math.max(Math.ceil(pairs / streamParts), Math.ceil(leastStreamed.columns / perPair));
    const parts = Math.ceil(pairs / partPairs);
    const direct = sums <= contractBlock && !accumulate;
    const terms = streamTerms[manyRegisters ? "many" : "few"];
    const tail = columns % perPair;
    return {
      method: { kind: "stream", terms, pairs, partPairs, parts, tail, direct },
      units: groups * parts,
      workBytes: direct ? 0 : segmentBytes,
    };
  }
  if (isTiny(plan)) {
    const workBytes = plan.wide ? plan.rows * roundUp(columns, 2 * vector.count) * vector.bytes : 0;
    return { method: { kind: "tiny" }, units: groups, workBytes };
  }
  const work = layoutWork(plan);
  const parts = Math.max(1, Math.ceil(tiles / plan.partTiles));
  const strips = Math.max(1, Math.ceil(panels / plan.stripPanels));
  const sumBlocks = Math.max(1, Math.ceil(sums / contractBlock));
  const isOneBlock = parts === 1 && plan.blockTiles >= tiles;
  return {
    method: { kind: "blocks", parts, strips, sumBlocks, isOneBlock, work },
    units: groups * strips * parts,
    workBytes: work.bytes,
  };
}

/** True if a contraction is a row times a matrix that is large enough and whose layout allows sequential reading. */
function canStream({ vector, left, right, ...plan }: TiledContract): boolean {
  return (
    plan.rows === 1 &&
    !plan.dots &&
    !left.packed &&
    !right.packed &&
    right.stride === vector.bytes &&
    plan.outColumn === vector.bytes &&
    left.walk.kind === "stride" &&
    right.walk.kind === "stride" &&
    plan.columns >= leastStreamed.columns &&
    plan.sums >= leastStreamed.sums
  );
}

/** True if one tile is a whole product, and a loop over many such products is worthwhile. */
function isTiny({ left, right, ...plan }: TiledContract): boolean {
  return (
    plan.groups.length > 0 &&
    !left.packed &&
    !right.packed &&
    left.walk.kind === "stride" &&
    right.walk.kind === "stride" &&
    plan.sums <= mostTinySums &&
    plan.tiles === 1 &&
    plan.edges.length === 0 &&
    plan.panels + (plan.tail > 0 ? 1 : 0) === 1
  );
}

/** Lays out the work memory, each region aligned to a cache line. */
function layoutWork(plan: TiledContract): WorkLayout {
  let bytes = 0;
  const take = (size: number): number => {
    const at = bytes;
    bytes += roundUp(size, cacheLine);
    return at;
  };
  const { vector, left, right, sums } = plan;
  const depth = depthBytes(plan);
  const edgeRows = plan.edges.reduce((total, height) => total + height, 0);
  const keptDepth = plan.keepsStrip ? sums * vector.bytes : depth;
  const scratchColumns = paddedColumns(plan, Math.max(plan.tileColumns, plan.tail));
  const scratchRows = Math.max(plan.tileRows, ...plan.edges);
  return {
    packedStrip: take(plan.keepsStrip ? 4 : 0),
    sumTable: take(usesTable(plan) ? 8 * (isWholeTable(plan) ? sums : contractBlock) : 0),
    columnTable: take(right.packed && right.stride === "table" ? 4 * plan.columns : 0),
    rowTable: take(left.packed && left.stride === "table" ? 4 * plan.rows : 0),
    right: take(right.packed ? stripWidth(plan) * keptDepth : 0),
    left: take(left.packed ? (plan.blockTiles * plan.tileRows + edgeRows) * depth : 0),
    scratch: take(plan.wide ? scratchRows * scratchColumns * vector.bytes : 0),
    bytes,
  };
}

/** True if the distances of an operand's summands are in a table. */
export function usesTable({ left, right }: Pick<ContractProblem, "left" | "right">): boolean {
  return left.walk.kind === "table" || right.walk.kind === "table";
}

/** True if the table of distances covers all summands, not only one block of them. */
export function isWholeTable({ sums }: Pick<ContractProblem, "sums">): boolean {
  return sums <= mostTableEntries;
}

/** Maximum number of columns of a packed strip, including the padding of its last panel. */
export function stripWidth(
  plan: Pick<TiledContract, "stripPanels" | "tileColumns" | "tail" | "vector" | "unit">,
): number {
  return plan.stripPanels * plan.tileColumns + paddedColumns(plan, plan.tail);
}

/** Number of columns that a packed panel with this number of used columns has: one vector, or a multiple of `unit`. */
export function paddedColumns(
  { vector, unit }: Pick<TiledContract, "vector" | "unit">,
  columns: number,
): number {
  return columns <= vector.count ? vector.count : roundUp(columns, unit);
}

/** True if all vectors of a panel with this number of columns come in pairs that the engine merges. */
export function isPairing({ wide, right, vector, unit }: TiledContract, columns: number): boolean {
  if (!wide || columns <= vector.count) return false;
  const pair = 2 * vector.count;
  return right.packed ? unit === pair : columns % pair === 0 && right.stride === vector.bytes;
}

function clamp(x: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, x));
}
