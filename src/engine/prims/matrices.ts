// Shared helpers for matrix rules: products, transposes, and type checks for arrays of matrices.
import { DownhillError, showType } from "../errors/index.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { ArrayType } from "../ir/types.ts";
import { arrayType, isFloating } from "../ir/types.ts";
import { range, sameShape } from "../util/shape.ts";
import { dotGeneral } from "./contract.ts";
import { iota } from "./index-ops.ts";
import { indicator, equal } from "./arithmetic.ts";
import { permute } from "./shape.ts";

/** Transposes each matrix of x. */
export function swapped(x: Tensor): Tensor {
  const n = x.type.shape.length;
  return permute(x, [...range(0, n - 2), n - 1, n - 2]);
}

/** Batched matrix product; operands marked in `transposed` are transposed first. */
export function product(x: Tensor, y: Tensor, transposed: { x?: boolean; y?: boolean } = {}): Tensor {
  const rank = x.type.shape.length;
  const batch = range(0, rank - 2);
  return dotGeneral(x, y, {
    contract: [[transposed.x === true ? rank - 2 : rank - 1], [transposed.y === true ? rank - 1 : rank - 2]],
    batch: [batch, batch],
  });
}

/** Identity matrices of this type; they may be rectangular. */
export function identityLike({ dtype, shape }: ArrayType): Tensor {
  return indicator(diagonalPlaces({ shape }), arrayType(dtype, shape));
}

/** Mask of the diagonal elements of matrices of this shape. */
export function diagonalPlaces({ shape }: Pick<ArrayType, "shape">): Tensor {
  const rank = shape.length;
  return equal(iota("int32", shape, rank - 2), iota("int32", shape, rank - 1));
}

/**
 * Throws unless x is an array of square floating-point matrices.
 *
 * @throws DownhillError `shape` or `dtype`
 */
export function requireSquare(operation: string, x: ArrayType): ArrayType {
  requireMatrices(operation, x);
  const { shape } = x;
  if (shape.at(-1) === shape.at(-2)) return x;
  throw new DownhillError(
    "shape",
    `${operation}: the matrices of ${showType(x)} have ${shape.at(-2)!} rows and ${shape.at(-1)!} columns; they must be square.`,
  );
}

/**
 * Throws unless x is an array of floating-point matrices.
 *
 * @throws DownhillError `shape` or `dtype`
 */
export function requireMatrices(operation: string, x: ArrayType): ArrayType {
  if (x.shape.length < 2)
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(x)} is not a matrix: it needs at least two axes.`,
    );
  if (!isFloating(x.dtype))
    throw new DownhillError(
      "dtype",
      `${operation}: ${showType(x)} is not floating. Convert it, as in x.astype("float64").`,
    );
  return x;
}

/**
 * Throws unless the right sides b fit the matrices a: equal batch axes, number of rows, and dtype.
 *
 * @throws DownhillError `shape` or `dtype`
 */
export function requireSides(operation: string, a: ArrayType, b: ArrayType): ArrayType {
  const lead = a.shape.slice(0, -2);
  if (
    b.shape.length !== a.shape.length ||
    !sameShape(lead, b.shape.slice(0, -2)) ||
    b.shape.at(-2) !== a.shape.at(-2)
  )
    throw new DownhillError(
      "shape",
      `${operation}: ${showType(b)} does not fit ${showType(a)} as right sides.`,
    );
  if (a.dtype !== b.dtype)
    throw new DownhillError("dtype", `${operation}: ${showType(a)} and ${showType(b)} differ in dtype.`);
  return arrayType(b.dtype, b.shape);
}
