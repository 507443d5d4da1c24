import { luFactor, solveLu } from "../dense-matrix.ts";
import { strongWolfe } from "../line-search.ts";
import { addScaled, dot, largest, largestPart, scaled, subtract } from "../vector.ts";
import type { Objective } from "./problem.ts";
import type { DescentSearch } from "./stop.ts";
import { inside, type BoxBounds } from "./walls.ts";

/** Number of steps and gradient changes in the history, as for L-BFGS. */
const remembered = 10;

/**
 * Approximate Hessian in the compact form `B = θI − W M Wᵀ` with `W = [Y θS]`, whose columns are changes of the gradient
 * and scaled steps. M has two rows per remembered step, in row-major order.
 */
interface Curvature {
  readonly steps: readonly Float64Array[];
  readonly changes: readonly Float64Array[];
  readonly theta: number;
  readonly columns: readonly Float64Array[];
  readonly m: Float64Array;
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
  const none = curvatureOf([], [], 1);
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
): Curvature {
  const k = steps.length;
  const size = 2 * k;
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < k; i++) {
    inverse[i * size + i] = -dot(steps[i]!, changes[i]!);
    for (let j = 0; j <= i; j++) {
      const product = theta * dot(steps[i]!, steps[j]!);
      inverse[(k + i) * size + k + j] = inverse[(k + j) * size + k + i] = product;
      if (j < i) inverse[(k + i) * size + j] = inverse[j * size + k + i] = dot(steps[i]!, changes[j]!);
    }
  }
  const factor = luFactor(inverse, size);
  const m = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    const unit = new Float64Array(size);
    unit[j] = 1;
    // M is symmetric: its columns are its rows
    m.set(solveLu(factor, unit), j * size);
  }
  return { steps, changes, theta, columns: [...changes, ...steps.map((s) => scaled(theta, s))], m };
}

/** Row i of W. */
function rowOf(columns: readonly Float64Array[], i: number): Float64Array {
  const row = new Float64Array(columns.length);
  for (let j = 0; j < row.length; j++) row[j] = columns[j]![i]!;
  return row;
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
  const { theta, columns, m } = known;
  const { point, c } = cauchyPoint(known, x, gradient, walls);
  const free = Int32Array.from(x.keys()).filter(
    (i) => point[i]! > walls.low[i]! && point[i]! < walls.high[i]!,
  );
  if (free.length === 0) return point;
  const size = columns.length;
  const reduced = new Float64Array(free.length);
  for (let at = 0; at < free.length; at++) {
    const i = free[at]!;
    reduced[at] = gradient[i]! + theta * (point[i]! - x[i]!);
  }
  const mc = times(m, c);
  for (let j = 0; j < size; j++) addAt(reduced, -mc[j]!, columns[j]!, free);
  // (θI − W M Wᵀ)⁻¹ on the free parameters, by the Sherman–Morrison–Woodbury formula
  const along = scaled(-1 / theta, reduced);
  if (size > 0) {
    const onFree = columns.map((column) => {
      const out = new Float64Array(free.length);
      for (let at = 0; at < out.length; at++) out[at] = column[free[at]!]!;
      return out;
    });
    const inner = new Float64Array(size * size);
    for (let a = 0; a < size; a++)
      for (let b = 0; b <= a; b++) inner[a * size + b] = inner[b * size + a] = dot(onFree[a]!, onFree[b]!);
    const system = new Float64Array(size * size);
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++) {
        let product = 0;
        for (let j = 0; j < size; j++) product += m[a * size + j]! * inner[j * size + b]!;
        system[a * size + b] = (a === b ? 1 : 0) - product / theta;
      }
    const right = times(
      m,
      Float64Array.from(onFree, (column) => dot(column, reduced)),
    );
    const v = solveLu(luFactor(system, size), right);
    for (let j = 0; j < size; j++) {
      const factor = v[j]! / (theta * theta);
      const column = onFree[j]!;
      for (let at = 0; at < along.length; at++) along[at]! -= factor * column[at]!;
    }
  }
  let part = 1;
  for (let at = 0; at < free.length; at++) {
    const [i, d] = [free[at]!, along[at]!];
    if (d !== 0) part = Math.min(part, ((d > 0 ? walls.high[i]! : walls.low[i]!) - point[i]!) / d);
  }
  const out = point.slice();
  for (let at = 0; at < free.length; at++) out[free[at]!] = point[free[at]!]! + part * along[at]!;
  return inside(out, walls);
}

/** The first minimum of the model along `P(x − t·g)`, where P projects onto the box, and `c = Wᵀ(point − x)`. */
function cauchyPoint(
  { theta, columns, m }: Curvature,
  x: Float64Array,
  gradient: Float64Array,
  { low, high }: BoxBounds,
): { readonly point: Float64Array; readonly c: Float64Array } {
  const breaks = gradient.map((g, i) => (g === 0 ? Infinity : (x[i]! - (g < 0 ? high[i]! : low[i]!)) / g));
  const direction = gradient.map((g, i) => (breaks[i]! > 0 ? -g : 0));
  const point = x.slice();
  let p: Float64Array = Float64Array.from(columns, (column) => dot(column, direction));
  let c: Float64Array = new Float64Array(columns.length);
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
    c = addScaled(c, length, p);
    const row = rowOf(columns, i);
    slope += length * curvature + g * g + theta * g * (point[i] - x[i]!) - g * dot(row, times(m, c));
    curvature += -theta * g * g - 2 * g * dot(row, times(m, p)) - g * g * dot(row, times(m, row));
    p = addScaled(p, g, row);
    reached = breaks[i]!;
    ahead = curvature > 0 ? -slope / curvature : 0;
  }
  if (largest(direction) > 0) {
    const length = Math.max(ahead, 0);
    const total = reached + length;
    direction.forEach((d, i) => {
      if (d !== 0) point[i] = Math.min(Math.max(x[i]! + total * d, low[i]!), high[i]!);
    });
    c = addScaled(c, length, p);
  }
  return { point, c };
}

/** Adds `a` times the elements of a column at some indices. */
function addAt(out: Float64Array, a: number, column: Float64Array, free: Int32Array): void {
  for (let at = 0; at < out.length; at++) out[at]! += a * column[free[at]!]!;
}

/** Product of a square matrix with x. */
function times(matrix: Float64Array, x: Float64Array): Float64Array {
  const n = x.length;
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i]! += matrix[i * n + j]! * x[j]!;
  return out;
}
