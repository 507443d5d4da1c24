import { contractBlock } from "../../kernel/scalar.ts";
import type { ContractShape } from "./shape.ts";
import { sizeOf } from "./shape.ts";
import type { ContractTarget, VectorShape } from "./target.ts";
import { largeOutput, pageBytes } from "./tuning.ts";

/** Shape of a tile: number of rows, and number of vectors per row. */
export type TileShape = readonly [rows: number, vectors: number];

/** Division of rows into tiles: `tiles` whole ones of `tileRows` rows, then one of each height in `edges`. */
export interface RowSplit {
  readonly tileRows: number;
  readonly tiles: number;
  readonly edges: readonly number[];
}

/**
 * Registers available for the sums, the factor and the columns of a tile, as measured. Beyond this number a tile takes
 * twice the time.
 */
const tileRegisters = { few: 12, many: 13, manyFused: 15 } as const;
/** Maximum rows of a tile, with few and with many registers. Taller tiles need more code and are not faster. */
const mostTileRows = { few: 7, many: 8 } as const;
/**
 * Factor that reduces the cost of the default tile. Another tile must be clearly better, because its edges need more
 * code.
 */
const usualTileCost = 0.95;
/**
 * Number of vectors of a tile with one row, which is used if writing `out` dominates. `long` is for 256-bit vectors,
 * and for rows of `out` that are whole memory pages, because loads between the stores are then slow.
 */
const rowTileVectors = { usual: 8, long: 16 } as const;

/**
 * Divides rows into tiles of at most `most` rows. A whole tile and a low one are replaced by two tiles of about equal
 * height: 6 + 2 rows become 4 + 4.
 */
export function splitRows(rows: number, most: number): RowSplit {
  if (rows <= most) return { tileRows: rows, tiles: 1, edges: [] };
  const rest = rows % most;
  const whole = (rows - rest) / most;
  if (rest === 0) return { tileRows: most, tiles: whole, edges: [] };
  if (rest === most - 1) return { tileRows: most, tiles: whole, edges: [rest] };
  const high = Math.ceil((most + rest) / 2);
  if (whole === 1 && 2 * high === rows) return { tileRows: high, tiles: 2, edges: [] };
  return { tileRows: most, tiles: whole - 1, edges: [high, most + rest - high] };
}

/** Number of vector operations for `vectors` vectors: one per vector, or one per pair where the engine merges pairs. */
function operationsOf(vectors: number, { wide }: ContractTarget): number {
  return wide ? Math.ceil(vectors / 2) : vectors;
}

/**
 * Returns the tiles whose sums, factor and columns fit into the registers. The first one is best for large products.
 */
function tileShapes(target: ContractTarget): readonly TileShape[] {
  const { relaxed, manyRegisters, wide } = target;
  const registers = tileRegisters[!manyRegisters ? "few" : relaxed ? "manyFused" : "many"];
  const best: TileShape = [relaxed && manyRegisters ? 6 : 4, wide ? 4 : 2];
  const shapes = [best];
  for (let rows = 1; rows <= mostTileRows[manyRegisters ? "many" : "few"]; rows++) {
    for (const vectors of wide ? [1, 2, 4, 6, 8] : [1, 2, 3, 4, 6, 8]) {
      const operations = operationsOf(vectors, target);
      const columns = rows === 1 ? 1 : operations; // for one row, each vector is used as it is loaded
      if (rows * operations + columns + 1 <= registers) shapes.push([rows, vectors]);
    }
  }
  return shapes;
}

/**
 * Cycles per summand of a tile, by a model fitted to measurements on Zen 5. A cycle has two multiplications, two
 * additions and slightly fewer than two loads; additions have a latency. The cycles of the tile's stores are divided by
 * the number of summands and added.
 */
function tileCycles(rows: number, vectors: number, target: ContractTarget, sums: number): number {
  const operations = operationsOf(vectors, target);
  const arithmetic = (rows * operations) / 2 + (target.relaxed ? 0 : 0.25);
  const loads = 0.58 * (rows + operations);
  const latency = target.relaxed ? 3.3 : 1.7;
  const stores = (12 + rows * operations) / Math.max(1, Math.min(sums, contractBlock));
  return Math.max(arithmetic, loads, latency) + stores;
}

/**
 * Chooses the tile with the lowest cost for all rows and columns, edges included. A large result with at most two
 * summands is written row by row instead.
 */
export function chooseTile(
  vector: VectorShape,
  target: ContractTarget,
  shape: ContractShape,
  sums: number,
): TileShape {
  const [rows, columns] = [sizeOf(shape.rows), sizeOf(shape.columns)];
  // Memory bounds a large product with short sums, so one row of `out` is written sequentially. If rows of `out` are
  // whole pages, loads between the stores are several times slower, so more loads come first.
  if (sums <= 2 && rows * columns > largeOutput) {
    const isPaged = ((shape.rows.at(-1)?.out ?? 0) * vector.bytes) % pageBytes === 0;
    return [1, rowTileVectors[target.wide || isPaged ? "long" : "usual"]];
  }
  const cost = ([most, vectors]: TileShape): number => {
    const { tiles, tileRows, edges } = splitRows(rows, most);
    const width = vectors * vector.count;
    const tail = columns % width;
    const heights = [[tileRows, tiles] as const, ...edges.map((height) => [height, 1] as const)];
    return heights.reduce((total, [height, count]) => {
      const whole = Math.floor(columns / width) * tileCycles(height, vectors, target, sums);
      const rest = tail === 0 ? 0 : tileCycles(height, Math.ceil(tail / vector.count), target, sums);
      return total + count * (whole + rest);
    }, 0);
  };
  const [first = [1, 1] as const, ...others] = tileShapes(target);
  let best = first;
  let least = usualTileCost * cost(first);
  for (const tile of others) {
    if (cost(tile) >= least) continue;
    best = tile;
    least = cost(tile);
  }
  return best;
}
