import { add, div, mul, sub } from "../../array/elementwise.ts";
import { tensor } from "../../array/create.ts";
import { expandDims, stack, take, transpose } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import type { AnyOdeMethod } from "./method.ts";
import type { OdeOutcome, SolutionPiece } from "./drive.ts";

/** Copies the elements of a float64 tensor. */
export function floats(x: Tensor): Float64Array {
  const elements = x.data(); // already a copy
  return elements instanceof Float64Array ? elements : Float64Array.from(elements);
}

/** Values of a solution as tensors, traced or not, computed on demand. Times are elapsed times. */
export interface SolutionValues {
  /** Recorded points, `[m, n]`, and their times, `[m]`. */
  readonly points: () => SolutionPoints;
  /**
   * Evaluates the solution at elapsed times `[m]`. `known` are their numbers, which select the pieces. Returns `[m, n]`;
   * at the time of a reset, the solution after it.
   */
  readonly at: (times: Tensor, known: readonly number[]) => Tensor;
  readonly events: () => readonly EventValues[];
}

/** Points of a solution, `[m, n]`, and their elapsed times, `[m]`. */
export interface SolutionPoints {
  readonly points: Tensor;
  readonly times: Tensor;
}

/** Elapsed time of an event, and the solution before and after it. */
export interface EventValues {
  readonly t: Tensor;
  readonly before: Tensor;
  readonly after: Tensor;
}

/** Values of a recorded outcome. */
export function recordedValues(
  along: AnyOdeMethod["along"],
  { pieces, points, times, events }: OdeOutcome,
): SolutionValues {
  const n = points[0]!.length;
  const dense = once((): PiecePolynomials => {
    const rows = pieces.reduce((most, { coefficients }) => Math.max(most, coefficients.length / n), 1);
    return {
      along,
      coefficients: joined(pieces.map((piece) => piece.coefficients), [pieces.length, rows, n]), // prettier-ignore
      starts: tensor(Float64Array.from(pieces, ({ from }) => from)),
      lengths: tensor(Float64Array.from(pieces, ({ length }) => length)),
    };
  });
  return {
    points: () => ({
      points: joined(points, [points.length, n]),
      times: tensor(Float64Array.from(times)),
    }),
    at(moments, known) {
      if (pieces.length === 0) return stack(known.map(() => tensor(points[0]!)));
      const chosen = known.map((t) => pieceAt(pieces, t));
      return valuesAlong(dense(), chosen, moments);
    },
    events: () =>
      events.map(({ t, before, after = before }) => ({
        t: tensor(t),
        before: tensor(before),
        after: tensor(after),
      })),
  };
}

/** Dense output of steps: coefficients `[k, rows, n]`, and starts and lengths `[k]`. */
export interface PiecePolynomials {
  readonly along: AnyOdeMethod["along"];
  readonly coefficients: Tensor;
  readonly starts: Tensor;
  readonly lengths: Tensor;
}

/** Evaluates the dense output of the chosen steps at elapsed times. */
export function valuesAlong(
  { along, coefficients, starts, lengths }: PiecePolynomials,
  steps: readonly number[],
  times: Tensor,
): Tensor {
  const chosen = tensor(Int32Array.from(steps));
  const part = div(sub(times, take(starts, chosen)), take(lengths, chosen));
  return along(transpose(take(coefficients, chosen), [1, 0, 2]), expandDims(part, 1));
}

/** Returns a function that computes its result at the first call. */
export function once<T extends object>(compute: () => T): () => T {
  let known: T | undefined;
  return () => (known ??= compute());
}

/**
 * Joins arrays into one tensor of the given shape, one array per index of the first axis. Short arrays are followed by
 * zeros: a method with fewer rows of its dense output has zeros in the others.
 */
function joined(parts: readonly Float64Array[], shape: readonly number[]): Tensor {
  const all = new Float64Array(shape.reduce((product, size) => product * size, 1));
  parts.forEach((part, i) => all.set(part, (i * all.length) / parts.length));
  return tensor(all, { shape });
}

/** Time t for an elapsed time. */
export function timeAt(origin: number, direction: number, elapsed: Tensor): Tensor {
  return add(origin, mul(direction, elapsed));
}

/** Index of the last piece that begins at or before an elapsed time. */
export function pieceAt(pieces: readonly SolutionPiece[], t: number): number {
  let [low, high] = [0, pieces.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.from <= t) low = middle;
    else high = middle;
  }
  return low;
}
