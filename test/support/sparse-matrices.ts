// Sparse matrices for tests: random ones of several kinds, and grids.
import { SparseMatrix } from "../../src/numeric/sparse/matrix/sparse-matrix.ts";
import { seeded } from "./sampling.ts";

/** `count` numbers from −1 to 1. */
export function randomValues(count: number, seed: number): Float64Array {
  const next = seeded(seed);
  return Float64Array.from({ length: count }, () => 2 * next() - 1);
}

export interface RandomMatrixOptions {
  readonly rows: number;
  readonly columns: number;
  /** Expected share of the positions that are entries. */
  readonly share: number;
  readonly seed: number;
}

/** A matrix with random entries from −1 to 1. */
export function randomMatrix({ rows, columns, share, seed }: RandomMatrixOptions): SparseMatrix {
  const next = seeded(seed);
  const [i, j, values]: [number[], number[], number[]] = [[], [], []];
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      if (next() < share) {
        i.push(r);
        j.push(c);
        values.push(2 * next() - 1);
      }
  return SparseMatrix.fromCoo({ shape: [rows, columns], rows: i, columns: j, values });
}

/** A symmetric matrix of random off-diagonal entries, with a diagonal that `diagonalOf` yields (undefined: no entry). */
export function randomSymmetric(
  n: number,
  share: number,
  seed: number,
  diagonalOf: (i: number, next: () => number) => number | undefined,
): SparseMatrix {
  const next = seeded(seed);
  const [i, j, values]: [number[], number[], number[]] = [[], [], []];
  const put = (r: number, c: number, v: number): void => void (i.push(r), j.push(c), values.push(v));
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < r; c++) {
      if (next() >= share) continue;
      const v = 2 * next() - 1;
      put(r, c, v);
      put(c, r, v);
    }
    const d = diagonalOf(r, next);
    if (d !== undefined) put(r, r, d);
  }
  return SparseMatrix.fromCoo({ shape: [n, n], rows: i, columns: j, values });
}

/** The five-point Laplacian of a grid of `width` × `height` points, with `shift` added to its diagonal. */
export function gridMatrix(width: number, height: number = width, shift: number = 0): SparseMatrix {
  const n = width * height;
  const [i, j, values]: [number[], number[], number[]] = [[], [], []];
  const put = (r: number, c: number, v: number): void => void (i.push(r), j.push(c), values.push(v));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const r = y * width + x;
      put(r, r, 4 + shift);
      if (x > 0) put(r, r - 1, -1);
      if (x + 1 < width) put(r, r + 1, -1);
      if (y > 0) put(r, r - width, -1);
      if (y + 1 < height) put(r, r + width, -1);
    }
  return SparseMatrix.fromCoo({ shape: [n, n], rows: i, columns: j, values: Float64Array.from(values) });
}
