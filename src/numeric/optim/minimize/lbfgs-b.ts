import { strongWolfe } from "../line-search.ts";
import { addScaled, dot, largest, largestPart, scaled, subtract } from "../vector.ts";
import type { Objective } from "./problem.ts";
import { backSubstitute, factorize } from "./qr.ts";
import type { DescentSearch } from "./stop.ts";
import { inside, type BoxBounds } from "./walls.ts";

/** Number of steps and gradient changes in the history, as for L-BFGS. */
const remembered = 10;

/**
 * Approximate Hessian in the compact form `B = θI − W M Wᵀ` with `W = [Y θS]`: W has one row per parameter, and M has
 * two rows per remembered step.
 */
interface Curvature {
  readonly steps: readonly Float64Array[];
  readonly changes: readonly Float64Array[];
  readonly theta: number;
  readonly w: readonly Float64Array[];
  readonly m: readonly Float64Array[];
}

/**
 * L-BFGS with bounds: the first minimum of the quadratic model along the projected gradient determines which parameters
 * stay at their bounds. The model is minimised in the other parameters, and a line search runs towards that minimum.
 *
 * @see Byrd, Lu, Nocedal, Zhu, A limited memory algorithm for bound constrained optimization, 1995.
 */
export function* lbfgsB(f: Objective, start: Float64Array, walls: BoxBounds): DescentSearch {
  let x = inside(start, walls);
  let { value, gradient } = f.valueAndGradient(x);
  const none = curvatureOf([], [], 1, x.length);
  let known = none;
  let [decrease, step] = [Infinity, Infinity];
  for (;;) {
    yield { x, value, gradient, projected: projectedGradient(x, gradient, walls), decrease, step };
    const from = x;
    const target = minimizeModel(known, x, gradient, walls);
    const direction = subtract(target, x);
    const slope = dot(gradient, direction);
    const most = furthest(x, direction, walls);
    const isFresh = known === none;
    if (slope < 0) {
      const first = Math.min(isFresh ? Math.min(1, 1 / Math.sqrt(dot(direction, direction))) : 1, most);
      const here = { t: 0, value, gradient, slope };
      const { point } = strongWolfe(
        (t) =>
          t > most
            ? { value: Infinity, gradient: here.gradient } // out of bounds: the search turns back without an evaluation
            : f.valueAndGradient(t === 1 ? target : inside(addScaled(from, t, direction), walls)),
        here,
        direction,
        first,
        { tolerance: 0, evaluations: 40 },
      );
      if (point.value < value && point.t > 0) {
        x = point.t === 1 ? target : inside(addScaled(from, point.t, direction), walls);
        const [s, y] = [subtract(x, from), subtract(point.gradient, gradient)];
        if (dot(s, y) > 1e-14 * Math.sqrt(dot(s, s) * dot(y, y))) known = learn(known, s, y);
        [decrease, step] = [value - point.value, largestPart(s, x)];
        ({ value, gradient } = point);
        continue;
      }
    }
    if (isFresh) return;
    known = none; // rounding errors have spoilt the history
    [decrease, step] = [Infinity, Infinity];
  }
}

/**
 * Distance that a step of steepest descent of length 1 moves within the bounds, per parameter: 0 if the bounds prevent
 * any gain.
 */
function projectedGradient(x: Float64Array, gradient: Float64Array, walls: BoxBounds): Float64Array {
  return subtract(x, inside(subtract(x, gradient), walls));
}

/** The largest t for which x + t·d is within the bounds. */
function furthest(x: Float64Array, direction: Float64Array, { low, high }: BoxBounds): number {
  let most = Infinity;
  direction.forEach((d, i) => {
    if (d !== 0) most = Math.min(most, ((d > 0 ? high[i]! : low[i]!) - x[i]!) / d);
  });
  return Math.max(most, 1); // x + d is within the bounds, up to rounding
}

/** The curvature after appending another step s and gradient change y. */
function learn({ steps, changes }: Curvature, s: Float64Array, y: Float64Array): Curvature {
  return curvatureOf(
    [...steps, s].slice(-remembered),
    [...changes, y].slice(-remembered),
    dot(y, y) / dot(s, y),
    s.length,
  );
}

/**
 * The compact form; M is the inverse of `[[−D, Lᵀ], [L, θSᵀS]]`, where D is the diagonal of SᵀY and L the part below
 * it.
 */
function curvatureOf(
  steps: readonly Float64Array[],
  changes: readonly Float64Array[],
  theta: number,
  n: number,
): Curvature {
  const k = steps.length;
  const inverse = Array.from({ length: 2 * k }, (_, row) =>
    Float64Array.from({ length: 2 * k }, (_, column) => {
      const [i, j] = [row % k, column % k];
      if (row < k && column < k) return i === j ? -dot(steps[i]!, changes[i]!) : 0;
      if (row >= k && column >= k) return theta * dot(steps[i]!, steps[j]!);
      const [later, earlier] = row >= k ? [i, j] : [j, i];
      return later > earlier ? dot(steps[later]!, changes[earlier]!) : 0;
    }),
  );
  const w = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: 2 * k }, (_, j) => (j < k ? changes[j]![i]! : theta * steps[j - k]![i]!)),
  );
  const m = inverse.map((_, i) => solve(inverse, unit(2 * k, i)));
  return { steps, changes, theta, w, m };
}

/**
 * Target of the next step: the minimum of the model in the parameters that the Cauchy point leaves free, cut at the
 * bounds.
 */
function minimizeModel(
  known: Curvature,
  x: Float64Array,
  gradient: Float64Array,
  walls: BoxBounds,
): Float64Array {
  const { theta, w, m } = known;
  const { point, c } = cauchyPoint(known, x, gradient, walls);
  const free = Array.from(x.keys()).filter((i) => point[i]! > walls.low[i]! && point[i]! < walls.high[i]!);
  if (free.length === 0) return point;
  const mc = times(m, c);
  const reduced = Float64Array.from(free, (i) => gradient[i]! + theta * (point[i]! - x[i]!) - dot(w[i]!, mc));
  // (θI − W M Wᵀ)⁻¹ on the free parameters, by the Sherman–Morrison–Woodbury formula
  let along = scaled(-1 / theta, reduced);
  if (m.length > 0) {
    const wr = new Float64Array(m.length);
    free.forEach((i, at) => wr.forEach((_, j) => (wr[j]! += w[i]![j]! * reduced[at]!)));
    const inner = m.map((_, a) =>
      Float64Array.from({ length: m.length }, (_, b) =>
        free.reduce((sum, i) => sum + w[i]![a]! * w[i]![b]!, 0),
      ),
    );
    const system = m.map((row, a) =>
      Float64Array.from({ length: m.length }, (_, b) => {
        const product = row.reduce((sum, value, j) => sum + value * inner[j]![b]!, 0);
        return (a === b ? 1 : 0) - product / theta;
      }),
    );
    const v = solve(system, times(m, wr));
    along = along.map((d, at) => d - dot(w[free[at]!]!, v) / (theta * theta));
  }
  let part = 1;
  free.forEach((i, at) => {
    const d = along[at]!;
    if (d !== 0) part = Math.min(part, ((d > 0 ? walls.high[i]! : walls.low[i]!) - point[i]!) / d);
  });
  const out = point.slice();
  free.forEach((i, at) => (out[i] = point[i]! + part * along[at]!));
  return inside(out, walls);
}

/** The first minimum of the model along `P(x − t·g)`, where P projects onto the box, and `c = Wᵀ(point − x)`. */
function cauchyPoint(
  { theta, w, m }: Curvature,
  x: Float64Array,
  gradient: Float64Array,
  { low, high }: BoxBounds,
): { readonly point: Float64Array; readonly c: Float64Array } {
  const breaks = gradient.map((g, i) => (g === 0 ? Infinity : (x[i]! - (g < 0 ? high[i]! : low[i]!)) / g));
  const direction = gradient.map((g, i) => (breaks[i]! > 0 ? -g : 0));
  const point = x.slice();
  let p = new Float64Array(m.length);
  direction.forEach((d, i) => (p = addTo(p, d, w[i]!)));
  let c = new Float64Array(m.length);
  let slope = -dot(direction, direction);
  let curvature = -theta * slope - dot(p, times(m, p));
  let [reached, ahead] = [0, -slope / curvature];
  const order = Array.from(x.keys())
    .filter((i) => breaks[i]! > 0 && breaks[i]! < Infinity)
    .sort((a, b) => breaks[a]! - breaks[b]!);
  for (const i of order) {
    const length = breaks[i]! - reached;
    if (ahead < length) break;
    const g = gradient[i]!;
    point[i] = g < 0 ? high[i]! : low[i]!;
    direction[i] = 0;
    c = addTo(c, length, p);
    const row = w[i]!;
    slope += length * curvature + g * g + theta * g * (point[i] - x[i]!) - g * dot(row, times(m, c));
    curvature += -theta * g * g - 2 * g * dot(row, times(m, p)) - g * g * dot(row, times(m, row));
    p = addTo(p, g, row);
    reached = breaks[i]!;
    ahead = curvature > 0 ? -slope / curvature : 0;
  }
  if (largest(direction) > 0) {
    const length = Math.max(ahead, 0);
    const total = reached + length;
    direction.forEach((d, i) => {
      if (d !== 0) point[i] = Math.min(Math.max(x[i]! + total * d, low[i]!), high[i]!);
    });
    c = addTo(c, length, p);
  }
  return { point, c };
}

function addTo(x: Float64Array, a: number, y: Float64Array): Float64Array<ArrayBuffer> {
  return Float64Array.from(x, (xi, i) => xi + a * y[i]!);
}

function times(rows: readonly Float64Array[], x: Float64Array): Float64Array {
  return Float64Array.from(rows, (row) => dot(row, x));
}

function unit(n: number, i: number): Float64Array {
  const out = new Float64Array(n);
  out[i] = 1;
  return out;
}

/** The x with `Σⱼ rows[i][j] xⱼ = b[i]`. */
function solve(rows: readonly Float64Array[], b: Float64Array): Float64Array {
  const n = rows.length;
  const columns = Array.from({ length: n }, (_, j) => Float64Array.from(rows, (row) => row[j]!));
  const { r, qtb } = factorize(columns, b);
  return backSubstitute(r, qtb);
}
