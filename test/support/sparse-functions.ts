// Functions with known sparse derivatives.
import type { Tensor } from "downhill";
import * as d from "downhill";
import { compile } from "downhill/plain";

/** A function of a vector with a sparse Jacobian, or with a sparse Hessian if it returns a scalar. */
export interface SparseFunction {
  readonly f: (x: Tensor) => Tensor;
  /** Number of parameters. */
  readonly size: number;
}

type Maker = (n: number) => SparseFunction;

const part = (x: Tensor, start: number, end?: number): Tensor => x.at({ start, end });
const shifted = (x: Tensor, by: number): Tensor =>
  by > 0 ? d.pad(part(x, 0, -by), [[by, 0]]) : d.pad(part(x, -by), [[0, -by]]);

const tridiagonal: Maker = (n) => ({
  f: (x) => shifted(x, 1).sub(x.mul(2)).add(shifted(x, -1)).add(x.square()),
  size: n,
});

const arrowheadJacobian: Maker = (n) => ({
  f: (x) =>
    d.concatenate([
      x.square().sum().reshape([1]),
      part(x, 1)
        .square()
        .add(part(x, 1).mul(x.at(0))),
    ]),
  size: n,
});

const arrowheadHessian: Maker = (n) => ({
  f: (x) => part(x, 1).square().mul(x.at(0)).sum().add(x.square().square().sum()),
  size: n,
});

/** Written as a loop that adds to a number. */
const rosenbrock: Maker = (n) => ({
  f: (x) =>
    d.foriLoop(
      0,
      n - 1,
      (i: Tensor, sum: Tensor) => {
        const [a, b] = [x.at(i), x.at(i.add(1))];
        return sum.add(b.sub(a.square()).square().mul(100)).add(d.sub(1, a).square());
      },
      d.tensor(0),
    ),
  size: n,
});

const source = `export function broyden(x: number[]): number[] {
  "use ad";
  const n = x.length;
  const f: number[] = new Array(n).fill(0);
  for (let i = 0; i < n; i++) {
    let s = (3 - 2 * x[i]) * x[i] + 1;
    if (i > 0) s -= x[i - 1];
    if (i < n - 1) s -= 2 * x[i + 1];
    f[i] = s;
  }
  return f;
}`;
const plain = (await compile(source as never)) as unknown as { readonly broyden: (x: Tensor) => Tensor };

const broyden: Maker = (n) => ({ f: plain.broyden, size: n });

/** Bratu's equation on a grid of m × m. */
const laplacian: Maker = (m) => ({
  f: (x) => {
    const u = d.pad(x.reshape([m, m]), [[1, 1], [1, 1]]); // prettier-ignore
    const at = (i: number, j: number): Tensor => u.at({ start: i, end: i + m }, { start: j, end: j + m });
    const c = at(1, 1);
    return c.mul(4).sub(at(0, 1)).sub(at(2, 1)).sub(at(1, 0)).sub(at(1, 2)).add(d.exp(c)).reshape([-1]);
  },
  size: m * m,
});

const permutation: Maker = (n) => ({
  f: (x) =>
    d
      .take(
        x,
        Int32Array.from({ length: n }, (_, i) => (7 * i + 3) % n),
      )
      .square(),
  size: n,
});

const cumulativeSum: Maker = (n) => ({
  f: (x) =>
    d.scan(
      (sum: Tensor, t: Tensor): [Tensor, Tensor] => {
        const next = sum.add(t.square());
        return [next, next];
      },
      d.tensor(0),
      x,
    )[1],
  size: n,
});

const blocks: Maker = (n) => ({
  f: (x) =>
    d.vmap((abc: Tensor) => {
      const [a, b, c] = [abc.at(0), abc.at(1), abc.at(2)];
      return d.stack([d.sin(a).mul(b).add(c.square()), d.exp(a.sub(c)).mul(b)]);
    })(x.reshape([n, 3])),
  size: 3 * n,
});

/** A pendulum by one step of the Runge-Kutta method of order 4 per interval. */
const shooting: Maker = (n) => ({
  f: (x) => {
    const states = part(x, 0, 2 * (n + 1)).reshape([n + 1, 2]);
    const u = part(x, 2 * (n + 1));
    const [a, v] = [states.at({ end: n }, 0), states.at({ end: n }, 1)];
    const slope = (angle: Tensor, speed: Tensor): [Tensor, Tensor] => [
      speed,
      d.sin(angle).neg().sub(speed.mul(0.1)).add(u),
    ];
    const h = 0.1;
    const [a1, v1] = slope(a, v);
    const [a2, v2] = slope(a.add(a1.mul(h / 2)), v.add(v1.mul(h / 2)));
    const [a3, v3] = slope(a.add(a2.mul(h / 2)), v.add(v2.mul(h / 2)));
    const [a4, v4] = slope(a.add(a3.mul(h)), v.add(v3.mul(h)));
    const mean = (k1: Tensor, k2: Tensor, k3: Tensor, k4: Tensor): Tensor =>
      k1
        .add(k2.mul(2))
        .add(k3.mul(2))
        .add(k4)
        .mul(h / 6);
    const next = d.stack([a.add(mean(a1, a2, a3, a4)), v.add(mean(v1, v2, v3, v4))], { axis: 1 });
    return states.at({ start: 1 }).sub(next).reshape([-1]);
  },
  size: 3 * n + 2,
});

const sorted: Maker = (n) => ({ f: (x) => d.sort(x), size: n });

/** Pinhole cameras with 9 parameters and points with 3, as in the files of "Bundle Adjustment in the Large". */
function bundleAdjustment(cameras: number, points: number): SparseFunction {
  const seen = Array.from({ length: points }, (_, j) => [
    ...new Set([0, 1, 2].map((k) => (5 * j + 3 * k + Math.floor(j / 7)) % cameras).toSorted((a, b) => a - b)),
  ]);
  const cameraOf = Int32Array.from(seen.flat());
  const pointOf = Int32Array.from(seen.flatMap((list, j) => list.map(() => j)));
  return { f: (x) => residuals(x, cameras, points, cameraOf, pointOf), size: 9 * cameras + 3 * points };
}

function residuals(
  x: Tensor,
  cameras: number,
  points: number,
  cameraOf: Int32Array,
  pointOf: Int32Array,
): Tensor {
  const C = d.take(part(x, 0, 9 * cameras).reshape([cameras, 9]), cameraOf, { axis: 0 });
  const X = d.take(part(x, 9 * cameras).reshape([points, 3]), pointOf, { axis: 0 });
  const [w0, w1, w2, t0, t1, t2, focal, k1, k2] = Array.from({ length: 9 }, (_, i) => C.at(null, i)) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]; // prettier-ignore
  const [x0, x1, x2] = [0, 1, 2].map((i) => X.at(null, i)) as [Tensor, Tensor, Tensor];
  const angle2 = w0.square().add(w1.square()).add(w2.square()).add(1e-12);
  const angle = d.sqrt(angle2);
  const [s, c] = [d.sin(angle).div(angle), d.cos(angle)];
  const along = w0.mul(x0).add(w1.mul(x1)).add(w2.mul(x2)).mul(d.sub(1, c).div(angle2));
  const rotated = (xi: Tensor, wi: Tensor, a: Tensor, b: Tensor, p: Tensor, q: Tensor, t: Tensor): Tensor =>
    xi
      .mul(c)
      .add(a.mul(q).sub(b.mul(p)).mul(s))
      .add(wi.mul(along))
      .add(t);
  const y0 = rotated(x0, w0, w1, w2, x1, x2, t0);
  const y1 = rotated(x1, w1, w2, w0, x2, x0, t1);
  const y2 = rotated(x2, w2, w0, w1, x0, x1, t2);
  const [u, v] = [y0.div(y2).neg(), y1.div(y2).neg()];
  const r2 = u.square().add(v.square());
  const scale = r2.mul(k2).add(k1).mul(r2).add(1).mul(focal);
  return d.stack([u.mul(scale), v.mul(scale)], { axis: 1 }).reshape([-1]);
}

/** The functions of `known-patterns.json` by name; `n` is a size, for bundle adjustment cameras and points. */
export const sparseFunctions: Readonly<
  Record<string, (n: number | readonly [number, number]) => SparseFunction>
> = {
  tridiagonal: tridiagonal as never,
  arrowhead_jacobian: arrowheadJacobian as never,
  arrowhead_hessian: arrowheadHessian as never,
  chained_rosenbrock_hessian: rosenbrock as never,
  broyden_tridiagonal: broyden as never,
  laplacian_5point: laplacian as never,
  gather_permutation: permutation as never,
  cumulative_sum: cumulativeSum as never,
  block_diagonal_vmap: blocks as never,
  multiple_shooting_rk4: shooting as never,
  sort: sorted as never,
  bundle_adjustment: ((n: readonly [number, number]) => bundleAdjustment(...n)) as never,
};
