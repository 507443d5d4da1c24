import { contractBlock } from "../../kernel/scalar.ts";
import type { ContractShape } from "./shape.ts";
import { sizeOf } from "./shape.ts";
import type { ContractTarget, VectorShape } from "./target.ts";
import { largeOutput, pageBytes } from "./tuning.ts";

/** Rows of a tile, and vectors of its columns. */
export type TileShape = readonly [rows: number, vectors: number];

/** How rows are cut into tiles: `tiles` whole ones of `tileRows`, then one of each height in `edges`. */
export interface RowSplit {
  readonly tileRows: number;
  readonly tiles: number;
  readonly edges: readonly number[];
}

/** Registers for the sums, the factor and the columns of a tile, as measured: beyond, all of it takes twice the time. */
const tileRegisters = { few: 12, many: 13, manyFused: 15 } as const;
/** The most rows of a tile with few registers and with many: more are more code, and no quicker. */
const mostTileRows = { few: 7, many: 8 } as const;
/** The part of its cost that the usual tile counts: another one has to be clearly better, since its edges are more code. */
const usualTileCost = 0.95;
/** Vectors of a tile of one row, where writing `out` is what takes time; and where loads between its stores are dear. */
const rowTileVectors = { usual: 8, long: 16 } as const;

/** Whole tiles, and two about equal ones instead of a whole and a low one: 6 + 2 rows are computed as 4 + 4. */
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

/** Vectors that are operated on at once: as many as there are, or half where the engine pairs them. */
function operationsOf(vectors: number, { wide }: ContractTarget): number {
  return wide ? Math.ceil(vectors / 2) : vectors;
}

/** Tiles whose sums, factor and columns stay in registers, the best in the long run first. */
function tileShapes(target: ContractTarget): readonly TileShape[] {
  const { relaxed, manyRegisters, wide } = target;
  const registers = tileRegisters[!manyRegisters ? "few" : relaxed ? "manyFused" : "many"];
  const best: TileShape = [relaxed && manyRegisters ? 6 : 4, wide ? 4 : 2];
  const shapes = [best];
  for (let rows = 1; rows <= mostTileRows[manyRegisters ? "many" : "few"]; rows++) {
    for (const vectors of wide ? [1, 2, 4, 6, 8] : [1, 2, 3, 4, 6, 8]) {
      const operations = operationsOf(vectors, target);
      const columns = rows === 1 ? 1 : operations; // of one row, each vector is used as it is loaded
      if (rows * operations + columns + 1 <= registers) shapes.push([rows, vectors]);
    }
  }
  return shapes;
}

/**
 * Cycles that one summand of a tile takes, fitted to measurements on Zen 5: two operations of each kind a cycle, somewhat less
 * than two loads, and the time that an addition takes to arrive at the next; and its share of the stores of the tile.
 */
function tileCycles(rows: number, vectors: number, target: ContractTarget, sums: number): number {
  const operations = operationsOf(vectors, target);
  const arithmetic = (rows * operations) / 2 + (target.relaxed ? 0 : 0.25);
  const loads = 0.58 * (rows + operations);
  const latency = target.relaxed ? 3.3 : 1.7;
  const stores = (12 + rows * operations) / Math.max(1, Math.min(sums, contractBlock));
  return Math.max(arithmetic, loads, latency) + stores;
}

/** The tile that makes the least of all rows and columns, edges included. */
export function chooseTile(
  vector: VectorShape,
  target: ContractTarget,
  shape: ContractShape,
  sums: number,
): TileShape {
  const [rows, columns] = [sizeOf(shape.rows), sizeOf(shape.columns)];
  // Memory is what limits a large one with short sums: one row of `out` is written from end to end. Where rows of `out` are whole
  // pages, loads between the stores cost a multiple, so that more come first.
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
