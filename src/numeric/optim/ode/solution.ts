import { tensor } from "../../array/create.ts";
import { expandDims, transpose } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { alongStep } from "./method.ts";
import type { SolutionPiece } from "./drive.ts";

/** Copies the elements of a float64 tensor. */
export function floats(x: Tensor): Float64Array {
  return Float64Array.from(x.data());
}

/**
 * The solution at elapsed times `[m]` from its pieces: `[m, n]`. At a time that two pieces share, the later one holds
 * after a reset, and both agree otherwise.
 */
export function solutionAt(
  pieces: readonly SolutionPiece[],
  start: Float64Array,
  times: readonly number[],
): Tensor {
  const n = start.length;
  const rows = pieces.length === 0 ? 1 : pieces[0]!.coefficients.length / n;
  const all = new Float64Array(times.length * rows * n);
  const parts = new Float64Array(times.length);
  times.forEach((t, i) => {
    if (pieces.length === 0) return all.set(start, i * rows * n);
    const { from, length, coefficients } = pieces[pieceAt(pieces, t)]!;
    all.set(coefficients, i * rows * n);
    parts[i] = length === 0 ? 0 : (t - from) / length;
  });
  const coefficients = transpose(tensor(all, { shape: [times.length, rows, n] }), [1, 0, 2]);
  return alongStep(coefficients, expandDims(tensor(parts), 1));
}

/** Index of the last piece that begins at or before a time. */
function pieceAt(pieces: readonly SolutionPiece[], t: number): number {
  let [low, high] = [0, pieces.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.from <= t) low = middle;
    else high = middle;
  }
  return low;
}
