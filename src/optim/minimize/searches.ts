// Methods of descent as generators: each yields where it is after every iteration.
import { type CurvatureHistory, noHistory, quasiNewtonDirection, remember } from "../curvature.ts";
import { type LinePoint, strongWolfe } from "../line-search.ts";
import { addScaled, dot, largest, largestPart, scaled, subtract, sumOfSizes } from "../vector.ts";
import type { Search } from "./stop.ts";

/** A function of a vector with what a method may ask of it. */
export interface Objective {
  readonly value: (x: Float64Array) => number;
  readonly valueAndGradient: (x: Float64Array) => { readonly value: number; readonly gradient: Float64Array };
  /** The Hessian at x times v. */
  readonly hessianTimes: (x: Float64Array, v: Float64Array) => Float64Array;
}

/** What a line-search method remembers, and the direction that follows from it. */
interface Memory<M> {
  readonly empty: M;
  /** After a step s over which the gradient changed by y, with sᵀy > 0. */
  readonly learn: (memory: M, s: Float64Array, y: Float64Array) => M;
  readonly direction: (memory: M, gradient: Float64Array) => Float64Array;
}

/** Steepest descent: `d = −g`. */
export const steepest: Memory<null> = {
  empty: null,
  learn: () => null,
  direction: (_, gradient) => scaled(-1, gradient),
};

/** L-BFGS with a history of ten steps. */
export const limitedMemory: Memory<CurvatureHistory> = {
  empty: noHistory,
  learn: (history, s, y) => remember(history, s, y, 10),
  direction: quasiNewtonDirection,
};

/** BFGS: the whole inverse Hessian H, as rows; `null` for the identity. */
export const fullMemory: Memory<readonly Float64Array[] | null> = {
  empty: null,
  learn(known, s, y) {
    const sy = dot(s, y);
    // the first step tells the size of H (Nocedal and Wright, 6.20)
    const h =
      known ??
      s
        .map((_, i) => i)
        .reduce<Float64Array[]>((rows, i) => [...rows, unit(s.length, i, sy / dot(y, y))], []);
    // H ← (I − syᵀ/sᵀy) H (I − ysᵀ/sᵀy) + ssᵀ/sᵀy
    const hy = h.map((row) => dot(row, y));
    const factor = (1 + dot(y, Float64Array.from(hy)) / sy) / sy;
    return h.map((row, i) =>
      row.map((hij, j) => hij + factor * s[i]! * s[j]! - (hy[i]! * s[j]! + s[i]! * hy[j]!) / sy),
    );
  },
  direction: (h, gradient) =>
    h === null ? scaled(-1, gradient) : Float64Array.from(h, (row) => -dot(row, gradient)),
};

/** Descent along directions, with steps that satisfy the strong Wolfe conditions. */
export function* alongLines<M>(f: Objective, x: Float64Array, memory: Memory<M>): Search {
  let { value, gradient } = f.valueAndGradient(x);
  yield { x, value, gradient, decrease: Infinity, step: Infinity };
  let known = memory.empty;
  let length = Math.min(1, 1 / sumOfSizes(gradient));
  for (;;) {
    let direction = memory.direction(known, gradient);
    let slope = dot(gradient, direction);
    if (!(slope < 0)) {
      known = memory.empty; // rounding has spoilt what was learnt
      direction = memory.direction(known, gradient);
      slope = dot(gradient, direction);
    }
    const [from, along] = [x, direction];
    const start: LinePoint = { t: 0, value, gradient, slope };
    const { point } = strongWolfe(
      (t) => f.valueAndGradient(addScaled(from, t, along)),
      start,
      along,
      length,
      {
        tolerance: 0,
        evaluations: 40,
        // a search for steepest descent gains from being exact
        curvature: memory === (steepest as unknown) ? 0.1 : 0.9,
      },
    );
    if (!(point.value < value) || point.t === 0) {
      if (known === memory.empty) return;
      known = memory.empty;
      length = Math.min(1, 1 / sumOfSizes(gradient));
      continue;
    }
    const next = addScaled(x, point.t, direction);
    const [s, y] = [subtract(next, x), subtract(point.gradient, gradient)];
    if (dot(s, y) > 1e-14 * Math.sqrt(dot(s, s) * dot(y, y))) known = memory.learn(known, s, y);
    // the next step of steepest descent will gain about as much as this one
    length =
      known === null ? Math.min(1e10, (2 * (value - point.value)) / dot(point.gradient, point.gradient)) : 1;
    const decrease = value - point.value;
    ({ value, gradient } = point);
    x = next;
    yield { x, value, gradient, decrease, step: largestPart(s, x) };
  }
}

/**
 * Newton's method within a trust region: each step minimises the quadratic model by conjugate gradients, up to the edge of
 * the region or along a direction of negative curvature to it.
 *
 * @see Steihaug, The conjugate gradient method and trust regions in large scale optimization, 1983; Nocedal, Wright,
 * Numerical optimization, 2nd edition, algorithms 4.1 and 7.2.
 */
export function* newtonCg(f: Objective, x: Float64Array): Search {
  let { value, gradient } = f.valueAndGradient(x);
  yield { x, value, gradient, decrease: Infinity, step: Infinity };
  let radius = Math.max(1, Math.sqrt(dot(x, x)));
  for (;;) {
    const here = x;
    const { step, predicted } = steihaug((v) => f.hessianTimes(here, v), gradient, radius);
    const next = addScaled(x, 1, step);
    const trial = f.valueAndGradient(next);
    const size = Math.sqrt(dot(step, step));
    const isCut = size > 0.99 * radius;
    const rounding = 1e-15 * Math.abs(value);
    // where the gain drowns in rounding the gradient tells
    const gain =
      predicted > 100 * rounding
        ? (value - trial.value) / predicted
        : largest(trial.gradient) < largest(gradient)
          ? 1
          : -1;
    if (!(gain >= 0.25)) radius = 0.25 * size;
    else if (gain > 0.75 && isCut) radius *= 2;
    if (gain > 1e-4) {
      const decrease = Math.max(0, value - trial.value);
      ({ value, gradient } = trial);
      x = next;
      // a step that ends at the edge of the region may be short without being the last
      const isShown = !isCut && predicted > 100 * rounding;
      yield {
        x,
        value,
        gradient,
        decrease: isShown ? decrease : Infinity,
        step: isCut ? Infinity : largestPart(step, x),
      };
    } else if (!(radius > 1e-16 * Math.max(1e-300, largest(x)))) {
      return;
    }
  }
}

/** A step that lowers the model `gᵀp + ½pᵀHp` within `|p| ≤ radius`, and by how much. */
function steihaug(
  times: (v: Float64Array) => Float64Array,
  g: Float64Array,
  radius: number,
): { readonly step: Float64Array; readonly predicted: number } {
  const size = Math.sqrt(dot(g, g));
  const tolerance = Math.min(0.5, Math.sqrt(size)) * size;
  let step = new Float64Array(g.length);
  let hStep = new Float64Array(g.length);
  let r = g;
  let d = scaled(-1, g);
  const end = (t: number, hd: Float64Array): { step: Float64Array; predicted: number } => {
    step = addScaled(step, t, d) as Float64Array<ArrayBuffer>;
    hStep = addScaled(hStep, t, hd) as Float64Array<ArrayBuffer>;
    return { step, predicted: -(dot(g, step) + dot(step, hStep) / 2) };
  };
  for (let k = 0; k < 10 * g.length; k++) {
    const hd = times(d);
    const curvature = dot(d, hd);
    const rr = dot(r, r);
    const t = rr / curvature;
    const ahead = addScaled(step, t, d);
    if (!(curvature > 0) || dot(ahead, ahead) >= radius ** 2) return end(toEdge(step, d, radius), hd);
    end(t, hd);
    const next = addScaled(r, t, hd);
    const nextSize = dot(next, next);
    if (Math.sqrt(nextSize) < tolerance) break;
    d = addScaled(scaled(-1, next), nextSize / rr, d);
    r = next;
  }
  return { step, predicted: -(dot(g, step) + dot(step, hStep) / 2) };
}

/** The t ≥ 0 at which `p + td` leaves the ball. */
function toEdge(p: Float64Array, d: Float64Array, radius: number): number {
  const [a, b, c] = [dot(d, d), dot(p, d), dot(p, p) - radius ** 2];
  return (-b + Math.sqrt(Math.max(0, b * b - a * c))) / a;
}

function unit(n: number, i: number, value: number): Float64Array {
  const row = new Float64Array(n);
  row[i] = value;
  return row;
}
