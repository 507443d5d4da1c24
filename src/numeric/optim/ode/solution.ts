import { add, div, mul, sub } from "../../array/elementwise.ts";
import { tensor } from "../../array/create.ts";
import { expandDims, stack, take, transpose } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { alongStep } from "./method.ts";
import type { OdeOutcome, SolutionPiece } from "./drive.ts";

/** Copies the elements of a float64 tensor. */
export function floats(x: Tensor): Float64Array {
  return Float64Array.from(x.data());
}

/** Values of a solution as tensors, traced or not. Times are elapsed times. */
export interface SolutionValues {
  /** Polynomials of the pieces, `[k, rows, n]`, and starts and lengths of their steps, `[k]`. */
  readonly coefficients: Tensor;
  readonly starts: Tensor;
  readonly lengths: Tensor;
  /** Recorded points, `[m, n]`, and their times, `[m]`. */
  readonly points: Tensor;
  readonly times: Tensor;
  readonly events: readonly EventValues[];
}

/** Values of an event. */
export interface EventValues {
  readonly t: Tensor;
  readonly before: Tensor;
  readonly after: Tensor;
}

/** The recorded values of an outcome. */
export function recordedValues({ pieces, points, times, events }: OdeOutcome): SolutionValues {
  const n = points[0]!.length;
  const rows = pieces.length === 0 ? 1 : pieces[0]!.coefficients.length / n;
  return {
    coefficients: joined(pieces.map((piece) => piece.coefficients), [pieces.length, rows, n]), // prettier-ignore
    starts: tensor(Float64Array.from(pieces, ({ from }) => from)),
    lengths: tensor(Float64Array.from(pieces, ({ length }) => length)),
    points: joined(points, [points.length, n]),
    times: tensor(Float64Array.from(times)),
    events: events.map(({ t, before, after = before }) => ({
      t: tensor(t),
      before: tensor(before),
      after: tensor(after),
    })),
  };
}

/** One tensor of several arrays. */
function joined(parts: readonly Float64Array[], shape: readonly number[]): Tensor {
  const all = new Float64Array(shape.reduce((product, size) => product * size, 1));
  let from = 0;
  for (const part of parts) {
    all.set(part, from);
    from += part.length;
  }
  return tensor(all, { shape });
}

/**
 * The solution at elapsed times `[m]`, whose values are `known`: `[m, n]`. At the time of a reset, the solution after
 * it.
 */
export function solutionAt(
  pieces: readonly SolutionPiece[],
  { coefficients, starts, lengths, points }: SolutionValues,
  times: Tensor,
  known: readonly number[],
): Tensor {
  if (pieces.length === 0) return stack(known.map(() => take(points, 0)));
  const chosen = tensor(Int32Array.from(known, (t) => pieceAt(pieces, t)));
  const part = div(sub(times, take(starts, chosen)), take(lengths, chosen));
  return alongStep(transpose(take(coefficients, chosen), [1, 0, 2]), expandDims(part, 1));
}

/** Time of the equation for an elapsed time. */
export function timeAt(origin: number, direction: number, elapsed: Tensor): Tensor {
  return add(origin, mul(direction, elapsed));
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
