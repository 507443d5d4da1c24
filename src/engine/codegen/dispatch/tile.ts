// Chooses the products that workgroups compute in tiles through their own memory.
import type { Contract, Dim } from "../../kernel/scalar.ts";
import { constantDims, constantSize } from "../../kernel/sizes.ts";
import { workgroupSize } from "./kernels.ts";
import { inMemoryOrder } from "./product.ts";

/** A dim of a product, and the number of points by which a step of its index moves. */
export interface TileDim extends Dim<number> {
  readonly step: number;
}

/** A product that a workgroup computes in square tiles. Each thread computes a square block of results in registers. */
export interface ProductTile {
  readonly product: Contract;
  /** Number of rows and columns of a block. */
  readonly block: number;
  /** Number of rows and columns of a tile: that of a block times 8, since 64 threads share it. */
  readonly width: number;
  /** Number of products per result that are loaded at once. It divides the length of the blocks of the sum. */
  readonly depth: number;
  readonly batches: readonly TileDim[];
  readonly rows: readonly TileDim[];
  readonly columns: readonly TileDim[];
  readonly sums: readonly TileDim[];
  readonly batchCount: number;
  readonly rowCount: number;
  readonly columnCount: number;
  readonly sumCount: number;
  /** Number of tiles, batches included. */
  readonly tiles: number;
}

/** Threads along each side of a tile. */
const side = Math.sqrt(workgroupSize);
/** Width of a block, and the number of tiles from which on it pays. With fewer tiles, more threads work in smaller blocks. */
const [wide, narrow, manyTiles] = [4, 2, 64];
/**
 * Number of products per batch up to which a product is small. Rows of small products may be computed with other work on
 * the same rows, although each row then reads the other operand anew.
 */
const mostOfSmall = 2 ** 18;

/** True if a product has so many terms that tiles save more than sharing a kernel. */
export function isLargeProduct({ dims }: Contract): boolean {
  const sizes = dims.flatMap(({ role, size }) => (role === "batch" ? [] : [constantSize(size) ?? 1]));
  return sizes.reduce((product, n) => product * n, 1) > mostOfSmall;
}

/** The tiles of a large product; `undefined` if it is too narrow, or its sizes are not known. */
export function tileOf(product: Contract): ProductTile | undefined {
  const dims = constantDims(product.dims);
  if (dims === undefined || product.type !== "f32") return undefined;
  let step = 1;
  const outer = inMemoryOrder(dims.filter(({ role }) => role !== "sum")) as readonly Dim<number>[];
  const steps = new Map<Dim<number>, number>();
  for (const dim of outer.toReversed()) {
    steps.set(dim, step);
    step *= dim.size;
  }
  const of = (role: Dim["role"]): TileDim[] =>
    dims.flatMap((dim) =>
      dim.role === role && dim.size !== 1 ? [{ ...dim, step: steps.get(dim) ?? 0 }] : [],
    );
  const count = (list: readonly TileDim[]): number => list.reduce((n, { size }) => n * size, 1);
  const [batches, rows, columns, sums] = [of("batch"), of("row"), of("column"), of("sum")];
  const [batchCount, rowCount, columnCount, sumCount] = [batches, rows, columns, sums].map(count) as [number, number, number, number]; // prettier-ignore
  const tilesOf = (width: number): number =>
    batchCount * Math.ceil(rowCount / width) * Math.ceil(columnCount / width);
  const least = Math.min(rowCount, columnCount);
  if (least < side * narrow) return undefined;
  const block = least >= side * wide && tilesOf(side * wide) >= manyTiles ? wide : narrow;
  const width = side * block;
  return {
    product,
    block,
    width,
    depth: 16,
    batches,
    rows,
    columns,
    sums,
    batchCount,
    rowCount,
    columnCount,
    sumCount,
    tiles: tilesOf(width),
  };
}
