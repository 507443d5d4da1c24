// Residuals of bundle adjustments, with the camera of the BAL data sets.
import { add, cos, div, less, mul, neg, ravel, reshape, sin, slice, sqrt, square, stack, sub, take, tensor, where, type Tensor } from "downhill"; // prettier-ignore

/** Observations of points by cameras, with a start. */
export interface BundleAdjustment {
  /** Angle-axis, translation, focal length and two distortions by camera. */
  readonly cameras: number[][];
  readonly points: number[][];
  readonly camera: Int32Array;
  readonly point: Int32Array;
  /** Observed x and y. */
  readonly observed: number[][];
}

/** Parameters of a bundle adjustment. */
export interface BundleParameters {
  readonly cameras: Tensor;
  readonly points: Tensor;
}

const columnsOf = (x: Tensor, count: number): Tensor[] =>
  Array.from({ length: count }, (_, k) => reshape(slice(x, null, [k, k + 1]), [x.shape[0]!]));

/** x rotated by an angle-axis vector (Rodrigues), by columns. */
function rotateColumns(w: readonly Tensor[], x: readonly Tensor[]): Tensor[] {
  const dot = (a: readonly Tensor[], b: readonly Tensor[]): Tensor => a.map((ai, k) => mul(ai, b[k]!)).reduce((s, t) => add(s, t)); // prettier-ignore
  const squared = dot(w, w);
  const isSmall = less(squared, 1e-12);
  const angle = sqrt(where(isSmall, 1, squared));
  const c = where(isSmall, sub(1, mul(0.5, squared)), cos(angle));
  const s = where(isSmall, sub(1, div(squared, 6)), div(sin(angle), angle));
  const v = where(isSmall, 0.5, div(sub(1, cos(angle)), square(angle)));
  const along = mul(v, dot(w, x));
  return x.map((xk, k) => {
    const [l, m] = [(k + 1) % 3, (k + 2) % 3];
    const cross = sub(mul(w[l]!, x[m]!), mul(w[m]!, x[l]!));
    return add(add(mul(c, xk), mul(s, cross)), mul(along, w[k]!));
  });
}

/** Residuals x and y of each observation; half their squares are the cost. */
export function bundleResiduals(problem: BundleAdjustment): (p: BundleParameters) => Tensor {
  const [i, j] = [tensor(problem.camera), tensor(problem.point)];
  const observed = tensor(problem.observed, { dtype: "float64" });
  return ({ cameras, points }) => {
    const c = columnsOf(take(cameras, i, { axis: 0 }), 9);
    const x = rotateColumns(c.slice(0, 3), columnsOf(take(points, j, { axis: 0 }), 3));
    const [px, py, pz] = x.map((xk, k) => add(xk, c[3 + k]!)) as [Tensor, Tensor, Tensor];
    const [u, v] = [neg(div(px, pz)), neg(div(py, pz))];
    const r2 = add(square(u), square(v));
    const scale = mul(c[6]!, add(1, mul(r2, add(c[7]!, mul(c[8]!, r2)))));
    return ravel(sub(stack([mul(scale, u), mul(scale, v)], { axis: 1 }), observed));
  };
}
