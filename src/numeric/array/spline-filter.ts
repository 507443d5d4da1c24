import type { Tensor } from "../../engine/ir/tensor.ts";
import { arrayType } from "../../engine/ir/types.ts";
import * as p from "../../engine/prims/index.ts";
import { range } from "../../engine/util/shape.ts";

/** Continuation of an axis beyond its ends, for which the coefficients of a spline are computed. */
export type SplineEnds = "mirror" | "reflect" | "wrap";

/** Degree of a spline that needs coefficients. */
export type SplineDegree = 2 | 3 | 4 | 5;

/** Poles of the filters that compute the coefficients of B-splines. */
const poles: Readonly<Record<SplineDegree, readonly number[]>> = {
  2: [Math.sqrt(8) - 3],
  3: [Math.sqrt(3) - 2],
  4: [
    Math.sqrt(664 - Math.sqrt(438_976)) + Math.sqrt(304) - 19,
    Math.sqrt(664 + Math.sqrt(438_976)) - Math.sqrt(304) - 19,
  ],
  5: [
    Math.sqrt(67.5 - Math.sqrt(4436.25)) + Math.sqrt(26.25) - 6.5,
    Math.sqrt(67.5 + Math.sqrt(4436.25)) - Math.sqrt(26.25) - 6.5,
  ],
};

/**
 * Coefficients of the B-spline of a degree that interpolates x along an axis.
 *
 * @see Unser, Splines: a perfect fit for signal and image processing, IEEE Signal Processing Magazine 16 (1999).
 */
export function splineCoefficients(x: Tensor, axis: number, degree: SplineDegree, ends: SplineEnds): Tensor {
  if (x.shape[axis]! < 2) return x;
  return poles[degree].reduce((c, z) => filtered(p.scale(c, (1 - z) * (1 - 1 / z)), axis, z, ends), x);
}

/**
 * Filters by the pole `z` of a spline: a recurrence forwards, then one backwards, each begun by a sum over the elements
 * as they are continued beyond the end.
 */
function filtered(x: Tensor, axis: number, z: number, ends: SplineEnds): Tensor {
  const n = x.shape[axis]!;
  const all = range(0, n);
  const { starts, stops } = weightsOfEnds(n, z, ends);
  const one = (weights: readonly number[], values: Tensor): Tensor => {
    const each = p.broadcast(p.fromFlat(arrayType(x.dtype, [n]), weights), x.shape, [axis]);
    return p.reshape(p.sum(p.mul(values, each), [axis]), x.shape.with(axis, 1));
  };
  const factors = p.full(x.type, z);
  const terms = p.concatenate([one(all.map(starts), x), p.part(x, axis, 1, n)], axis);
  const forward = p.linearRecurrence(factors, terms, { axis, reverse: false, strong: false });
  const rest = p.scale(p.part(forward, axis, 0, n - 1), -z);
  const back = p.concatenate([rest, one(all.map(stops), forward)], axis);
  return p.linearRecurrence(factors, back, { axis, reverse: true, strong: false });
}

type Weight = (i: number) => number;

/** Weights of the elements in the first value of the forward recurrence, and in the last one of the backward one. */
function weightsOfEnds(
  n: number,
  z: number,
  ends: SplineEnds,
): { readonly starts: Weight; readonly stops: Weight } {
  const last = n - 1;
  switch (ends) {
    case "mirror": {
      const scale = 1 - z ** (2 * last);
      return {
        starts: (i) => (i === 0 ? 1 : i === last ? z ** last : z ** i + z ** (2 * last - i)) / scale,
        stops: (i) => (i === last ? z : i === last - 1 ? z * z : 0) / (z * z - 1),
      };
    }
    case "reflect": {
      const scale = z / (1 - z ** (2 * n));
      return {
        starts: (i) => (i === 0 ? 1 : 0) + scale * (z ** i + z ** (2 * n - 1 - i)),
        stops: (i) => (i === last ? z / (z - 1) : 0),
      };
    }
    case "wrap": {
      const scale = 1 - z ** n;
      return {
        starts: (i) => (i === 0 ? 1 : z ** (n - i)) / scale,
        stops: (i) => ((i === last ? 1 : z ** (i + 1)) * z) / -scale,
      };
    }
  }
}

/**
 * Weights of the n + 1 B-splines of degree n that are not 0 at the fraction u between two knots, by the recurrence of
 * Cox and de Boor.
 */
export function splineWeights(u: Tensor, degree: number): readonly Tensor[] {
  const full = (value: number): Tensor => p.full(u.type, value);
  let weights: readonly Tensor[] = [full(1)];
  for (let d = 1; d <= degree; d++) {
    const before = weights;
    weights = range(0, d + 1).map((j) => {
      const rising = j === 0 ? undefined : p.mul(p.add(u, full(d - j)), before[j - 1]!);
      const falling = j === d ? undefined : p.mul(p.sub(full(1 + j), u), before[j]!);
      return p.scale(p.sumMaybe(rising, falling)!, 1 / d);
    });
  }
  return weights;
}
