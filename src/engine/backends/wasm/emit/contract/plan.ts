import type { Contract } from "../../../../kernel/scalar.ts";
import { contractBlock } from "../../../../kernel/scalar.ts";
import type { Lanes } from "./lanes.ts";
import { lanesOf } from "./lanes.ts";
import type { Axis, Shape } from "./shape.ts";
import { shapeOf, sizeOf, splitAxes, strideOf } from "./shape.ts";
import type { Walk } from "./tile.ts";

/** What the machine that runs the kernels is good at, and what the kernels are for. */
export interface ContractMode {
  /** Products may be added with one rounding (`relaxed_madd`): needs the feature, gives other last bits. */
  readonly relaxed: boolean;
  /** Whether the engine keeps 16 vectors in registers (V8 from Node 24 on), and not only some 14. */
  readonly manyRegisters: boolean;
  /** Whether the engine makes 256-bit operations of pairs of vectors (V8's revectorizer). */
  readonly wide: boolean;
  /** How many products a part of the work should have, for threads to share; `Infinity` where one does everything. */
  readonly partProducts: number;
}

/** An operand as tiles read it. */
export interface OperandPlan {
  readonly packed: boolean;
  /** How the operand itself goes on from summand to summand. */
  readonly walk: Walk;
  /** From row to row, or column to column, in bytes, or "table". */
  readonly stride: number | "table";
  /** The axes that the rows or columns are made of. */
  readonly axes: readonly Axis[];
  /** Whether aligned groups of summands lie side by side. */
  readonly sideBySide: boolean;
}

/** How a contraction is computed. Sizes in elements, strides in bytes. */
export interface Plan {
  readonly shape: Shape;
  readonly lanes: Lanes;
  readonly groups: readonly Axis[];
  readonly rows: number;
  readonly columns: number;
  readonly sums: number;
  readonly left: OperandPlan;
  readonly right: OperandPlan;
  readonly outRow: number;
  readonly outColumn: number;
  /** Rows of a whole tile, how many of these there are, and the heights of those that are left. */
  readonly tileRows: number;
  readonly tiles: number;
  readonly edges: readonly number[];
  /** Columns of a whole panel, how many of these there are, and the width of what is left. */
  readonly tileColumns: number;
  readonly panels: number;
  readonly tail: number;
  /** Tiles of a block of rows, panels of a strip of columns: what stays in cache. */
  readonly blockTiles: number;
  readonly stripPanels: number;
  /** Tiles of one strip that are a part of the work: what threads share out. */
  readonly partTiles: number;
  /** Whether the packed columns of a whole strip are kept for the next part. */
  readonly keepsStrip: boolean;
  /** Whether sums are so short that `out` is what is read and written most: then tiles go along its rows. */
  readonly shallow: boolean;
  /** Whether the lanes of a vector are summands and not columns: of other rounding, for few rows. */
  readonly dots: boolean;
  /** Columns of packed panels are rounded up to a multiple of this, and of all panels where the engine pairs vectors. */
  readonly unit: number;
  /** Whether vectors come in pairs that the engine makes one. */
  readonly wide: boolean;
}

/** Bytes of packed rows, and of packed columns, that are worked on at once: the two fill about half of a 1 MB cache. */
const blockBytes = 96 * 1024;
const stripBytes = 256 * 1024;
/** Bytes of packed columns up to which those of all summands are kept from part to part. */
const keptBytes = 1024 * 1024;

/** A tile: rows, and vectors of columns. */
type TileShape = readonly [rows: number, vectors: number];

/** Vectors that are operated on at once: as many as there are, or half where the engine pairs them. */
function operationsOf(vectors: number, { wide }: ContractMode): number {
  return wide ? Math.ceil(vectors / 2) : vectors;
}

/** Tiles whose sums, factor and columns stay in registers (as measured: beyond, all take twice the time), the best in the long run first. */
function tileShapes(mode: ContractMode): readonly TileShape[] {
  const { relaxed, manyRegisters, wide } = mode;
  const registers = !manyRegisters ? 12 : relaxed ? 15 : 13;
  const best: TileShape = [relaxed && manyRegisters ? 6 : 4, wide ? 4 : 2];
  const shapes = [best];
  for (let rows = 1; rows <= (manyRegisters ? 8 : 7); rows++) {
    for (const vectors of wide ? [1, 2, 4, 6, 8] : [1, 2, 3, 4, 6, 8]) {
      const operations = operationsOf(vectors, mode);
      const columns = rows === 1 ? 1 : operations; // of one row, each vector is used as it is loaded
      if (rows * operations + columns + 1 <= registers) shapes.push([rows, vectors]);
    }
  }
  return shapes;
}

/**
 * Cycles that one summand of a tile takes: two operations of each kind a cycle, somewhat less than two loads, and the time that
 * an addition takes to arrive at the next; and its share of the stores of the tile. Fitted to measurements on Zen 5.
 */
function tileCycles(rows: number, vectors: number, mode: ContractMode, sums: number): number {
  const operations = operationsOf(vectors, mode);
  const arithmetic = (rows * operations) / 2 + (mode.relaxed ? 0 : 0.25);
  const stores = (12 + rows * operations) / Math.max(1, Math.min(sums, contractBlock));
  return Math.max(arithmetic, 0.58 * (rows + operations), mode.relaxed ? 3.3 : 1.7) + stores;
}

/** The tile that makes the least of all rows and columns, edges included. */
function chooseTile(lanes: Lanes, mode: ContractMode, shape: Shape, sums: number): TileShape {
  const [rows, columns] = [sizeOf(shape.rows), sizeOf(shape.columns)];
  // Memory is what limits a large one with short sums: one row of `out` is written from end to end. Where rows of `out` are whole
  // pages, loads between the stores cost a multiple (measured on Zen 5), so that more come first.
  if (sums <= 2 && rows * columns > 4096)
    return [1, mode.wide || ((shape.rows.at(-1)?.out ?? 0) * lanes.bytes) % 4096 === 0 ? 16 : 8];
  const cost = ([most, vectors]: TileShape): number => {
    const { tiles, tileRows, edges } = splitRows(rows, most);
    const width = vectors * lanes.count;
    const tail = columns % width;
    const heights = [[tileRows, tiles] as const, ...edges.map((height) => [height, 1] as const)];
    return heights.reduce((total, [height, count]) => {
      const whole = Math.floor(columns / width) * tileCycles(height, vectors, mode, sums);
      const rest = tail === 0 ? 0 : tileCycles(height, Math.ceil(tail / lanes.count), mode, sums);
      return total + count * (whole + rest);
    }, 0);
  };
  // Others than the first have to be clearly better: their edges are more code.
  const [first = [1, 1] as const, ...others] = tileShapes(mode);
  let best = first;
  let least = 0.95 * cost(first);
  for (const shape of others) {
    if (cost(shape) >= least) continue;
    best = shape;
    least = cost(shape);
  }
  return best;
}

export function planContract(
  { type, dims }: Pick<Contract<number>, "type" | "dims">,
  mode: ContractMode,
): Plan {
  const shape = shapeOf(dims);
  const lanes = lanesOf(type, mode.relaxed);
  const sums = sizeOf(shape.sums);
  const allRows = sizeOf(shape.rows);
  const dots = canBeDots(shape, lanes, sums, allRows);
  const chosen = dots ? ([1, 8 / lanes.count] as const) : chooseTile(lanes, mode, shape, sums);
  const right = planRight(shape, lanes, mode, sums, Math.ceil(allRows / chosen[0]), dots);
  const columns = sizeOf(right.axes);
  const transposes = !right.packed && columns > 1 && right.stride !== lanes.bytes && !dots;
  // Squares that are transposed need registers too.
  const [mostRows, vectors] = transposes ? ([Math.min(allRows, 2), 2] as const) : chosen;
  const unit = right.packed && mode.wide ? 2 * lanes.count : lanes.count;
  const width = Math.min(roundUp(vectors * lanes.count, unit), paddedColumns({ lanes, unit }, columns));
  const left = planLeft(shape, lanes, mode, sums, mostRows, Math.ceil(columns / width));
  const rows = sizeOf(left.axes);
  const outer = (all: readonly Axis[], inner: readonly Axis[]): readonly Axis[] => all.slice(0, all.length - inner.length); // prettier-ignore
  const { tileRows, tiles, edges } = splitRows(rows, mostRows);
  const tail = columns % width;
  const panels = (columns - tail) / width;
  const depth = Math.min(sums, contractBlock) * lanes.bytes;
  const shallow = sums <= 16 && panels > 1 && !dots;
  const mostTiles = shallow ? Math.ceil(tiles / 8) : Math.round(blockBytes / Math.max(1, depth * tileRows));
  const blockTiles = clamp(mostTiles, 1, Math.max(1, tiles));
  const blocks = Math.max(1, Math.ceil(tiles / blockTiles));
  const fitting = clamp(Math.round(stripBytes / Math.max(1, depth * width)), 1, Math.max(1, panels));
  // Some eight parts, so that threads have something to share out, more where these are strips alone; but what a strip shares
  // must be worth more than a part.
  const isShared = mode.partProducts < Infinity;
  const wanted = Math.ceil((panels * blocks) / (isShared && tiles <= 2 ? 32 : 8));
  const isWorth = rows * width * sums >= 1 << 17;
  const least = left.packed ? 64 / width : isWorth ? 1 : 32 / width;
  const stripPanels = Math.max(1, shallow ? panels : Math.min(fitting, Math.max(wanted, Math.ceil(least))));
  const stripColumns = stripPanels * width + tail;
  const keepsStrip = isShared && right.packed && tiles > 1 && stripColumns * sums * lanes.bytes <= keptBytes;
  // Where a strip is packed again for each part, that has to be worth it.
  const leastTiles = right.packed && !keepsStrip ? blockTiles : 1;
  const fair = Math.round(mode.partProducts / Math.max(1, tileRows * Math.min(stripColumns, columns) * sums));
  const partTiles = isShared ? clamp(fair, leastTiles, Math.max(1, tiles)) : Math.max(1, tiles);
  return {
    shape,
    lanes,
    groups: [...shape.groups, ...outer(shape.rows, left.axes), ...outer(shape.columns, right.axes)],
    rows,
    columns,
    sums,
    left,
    right,
    outRow: (strideOf(left.axes, "out") ?? 0) * lanes.bytes,
    outColumn: columns === 1 ? lanes.bytes : (strideOf(right.axes, "out") ?? 0) * lanes.bytes,
    tileRows,
    tiles,
    edges,
    tileColumns: width,
    panels,
    tail,
    blockTiles,
    dots,
    unit,
    wide: mode.wide,
    shallow,
    stripPanels,
    partTiles,
    keepsStrip,
  };
}

function clamp(x: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, x));
}

export function roundUp(x: number, multiple: number): number {
  return Math.ceil(x / multiple) * multiple;
}

/** Whole tiles, and two about equal ones instead of a whole and a low one: 6 + 2 rows are computed as 4 + 4. */
function splitRows(rows: number, most: number): Pick<Plan, "tileRows" | "tiles" | "edges"> {
  if (rows <= most) return { tileRows: rows, tiles: 1, edges: [] };
  const rest = rows % most;
  const whole = (rows - rest) / most;
  if (rest === 0) return { tileRows: most, tiles: whole, edges: [] };
  if (rest === most - 1) return { tileRows: most, tiles: whole, edges: [rest] };
  const high = Math.ceil((most + rest) / 2);
  if (whole === 1 && 2 * high === rows) return { tileRows: high, tiles: 2, edges: [] };
  return { tileRows: most, tiles: whole - 1, edges: [high, most + rest - high] };
}

function walkOf(shape: Shape, operand: "left" | "right", lanes: Lanes): Walk {
  const stride = strideOf(shape.sums, operand);
  if (stride !== undefined) return { kind: "stride", bytes: stride * lanes.bytes };
  return { kind: "table", entry: operand === "left" ? 0 : 4 };
}

/** Whether each group of as many summands as a vector has lanes, counted from a multiple of it, lies side by side. */
function isSideBySide(shape: Shape, operand: "left" | "right", lanes: Lanes): boolean {
  const last = shape.sums.at(-1);
  if (last?.[operand] !== 1) return false;
  return strideOf(shape.sums, operand) === 1 || last.size % lanes.count === 0;
}

/** Where a few rows are multiplied by columns whose summands lie side by side, and another rounding is allowed. */
function canBeDots(shape: Shape, lanes: Lanes, sums: number, rows: number): boolean {
  if (!lanes.fused || rows > 3 || shape.rows.length > 1 || shape.columns.length > 1 || sums < 2 * lanes.count)
    return false;
  return strideOf(shape.sums, "left") === 1 && strideOf(shape.sums, "right") === 1;
}

function planRight(
  shape: Shape,
  lanes: Lanes,
  mode: ContractMode,
  sums: number,
  rowTiles: number,
  dots: boolean,
): OperandPlan {
  const rows = sizeOf(shape.rows);
  const walk = walkOf(shape, "right", lanes);
  const sideBySide = isSideBySide(shape, "right", lanes);
  const one = shape.columns.slice(-1);
  const axis = one[0];
  const stride = axis?.right ?? 1;
  const size = axis?.size ?? 1;
  const direct: OperandPlan = { packed: false, walk, stride: stride * lanes.bytes, axes: one, sideBySide };
  const all = sizeOf(shape.columns);
  if (dots) return direct;
  if (stride === 1) {
    const isAlone = shape.columns.length <= 1;
    const isSmall = sums * all * lanes.bytes <= 24 * 1024;
    // Short runs of columns are read where they are if they fill the vectors of tiles, or if packing them is too much for few rows.
    const isFull = size >= 0.7 * roundUp(size, 2 * lanes.count) || (size === lanes.count && rows <= 8);
    // Packed columns are filled up with zeros, so that all of them come in pairs of vectors.
    const isPaired =
      !mode.wide || size <= lanes.count || size % (2 * lanes.count) === 0 || rows * size < 16 || sums < 8;
    if (isAlone ? (isSmall && isPaired) || rowTiles < (isPaired ? 4 : 2) : isFull && rows < 32) return direct;
  } else if (
    walk.kind === "stride" &&
    shape.columns.length === 1 &&
    (rows <= 2 || sums * size * rows <= 512)
  ) {
    return direct;
  }
  const { inner } = splitAxes(shape.columns, ["out"]);
  const packedStride = strideOf(inner, "right");
  return {
    packed: true,
    walk,
    stride: packedStride === undefined ? "table" : packedStride * lanes.bytes,
    axes: inner,
    sideBySide,
  };
}

/**
 * Whether rows that lie side by side are read in place although each summand is elsewhere: where it is near, and the panels
 * are few because they are wide (as measured: with panels half as wide, packing is quicker).
 */
function liesClose(shape: Shape, { bytes }: Lanes, { wide }: ContractMode): boolean {
  const sum = shape.sums.at(-1)?.left ?? 0;
  return wide && shape.sums.length === 1 && shape.rows.at(-1)?.left === 1 && sum * bytes <= 1024;
}

function planLeft(
  shape: Shape,
  lanes: Lanes,
  mode: ContractMode,
  sums: number,
  mostRows: number,
  panels: number,
): OperandPlan {
  const walk = walkOf(shape, "left", lanes);
  const sideBySide = isSideBySide(shape, "left", lanes);
  const { inner } = splitAxes(shape.rows, ["out", "left"]);
  const isWhole = inner.length === shape.rows.length;
  const innerSize = sizeOf(inner);
  const isFast = sums === 1 || shape.sums.at(-1)?.left === 1 || liesClose(shape, lanes, mode);
  const isSmall = sizeOf(shape.rows) * sums * lanes.bytes <= 24 * 1024;
  if ((isWhole || innerSize >= 2 * mostRows) && (isFast || isSmall || panels < 4))
    return {
      packed: false,
      walk,
      stride: (strideOf(inner, "left") ?? 0) * lanes.bytes,
      axes: inner,
      sideBySide,
    };
  const { inner: rows } = splitAxes(shape.rows, ["out"]);
  const stride = strideOf(rows, "left");
  return {
    packed: true,
    walk,
    stride: stride === undefined ? "table" : stride * lanes.bytes,
    axes: rows,
    sideBySide,
  };
}

/** From row to row or column to column, where that is not told by a table. */
export function rowStride(operand: OperandPlan): number {
  return operand.stride === "table" ? 0 : operand.stride;
}

/** The columns that a packed panel of so many takes: a vector, or whole units. */
export function paddedColumns({ lanes, unit }: Pick<Plan, "lanes" | "unit">, columns: number): number {
  return columns <= lanes.count ? lanes.count : roundUp(columns, unit);
}

/** Whether all vectors of a panel of so many columns come in pairs, and the engine makes one of each. */
export function isPairing({ wide, right, lanes, unit }: Plan, columns: number): boolean {
  if (!wide || columns <= lanes.count) return false;
  const pair = 2 * lanes.count;
  return right.packed ? unit === pair : columns % pair === 0 && right.stride === lanes.bytes;
}
