import { type CurvatureHistory, noHistory, quasiNewtonDirection, remember } from "../curvature.ts";
import { type LinePoint, strongWolfe } from "../line-search.ts";
import { addScaled, dot, largestPart, scaled, subtract, sumOfSizes } from "../vector.ts";
import type { Objective } from "./problem.ts";
import type { DescentSearch } from "./stop.ts";

/** Memory of a line-search method, and the direction that follows from it. */
interface DescentMemory<M> {
  readonly empty: M;
  /** The memory after a step s over which the gradient changed by y, with sᵀy > 0. */
  readonly learn: (memory: M, s: Float64Array, y: Float64Array) => M;
  readonly direction: (memory: M, gradient: Float64Array) => Float64Array;
}

/** Steepest descent: `d = −g`. */
export const steepest: DescentMemory<null> = {
  empty: null,
  learn: () => null,
  direction: (_, gradient) => scaled(-1, gradient),
};

/** L-BFGS with a history of ten steps. */
export const limitedMemory: DescentMemory<CurvatureHistory> = {
  empty: noHistory,
  learn: (history, s, y) => remember(history, s, y, 10),
  direction: quasiNewtonDirection,
};

/** BFGS: the full inverse Hessian H, as rows; `null` for the identity. */
export const fullMemory: DescentMemory<readonly Float64Array[] | null> = {
  empty: null,
  learn(known, s, y) {
    const sy = dot(s, y);
    // the first step determines the scale of H (Nocedal and Wright, 6.20)
    const h =
      known ??
      s
        .map((_, i) => i)
        .reduce<Float64Array[]>((rows, i) => [...rows, unit(s.length, i, sy / dot(y, y))], []);
    // H ← (I − syᵀ/sᵀy) H (I − ysᵀ/sᵀy) + ssᵀ/sᵀy
    const hy = rowsTimes(h, y);
    const factor = (1 + dot(y, hy) / sy) / sy;
    return h.map((row, i) => {
      const next = new Float64Array(row.length); // a loop, because `map` of typed arrays takes five times as long
      const [ofS, ofHy] = [factor * s[i]! - hy[i]! / sy, s[i]! / sy];
      for (let j = 0; j < row.length; j++) next[j] = row[j]! + ofS * s[j]! - ofHy * hy[j]!;
      return next;
    });
  },
  direction: (h, gradient) => (h === null ? scaled(-1, gradient) : scaled(-1, rowsTimes(h, gradient))),
};

function rowsTimes(rows: readonly Float64Array[], x: Float64Array): Float64Array {
  const out = new Float64Array(rows.length); // a loop, because `from` with a function takes several times as long
  for (let i = 0; i < rows.length; i++) out[i] = dot(rows[i]!, x);
  return out;
}

/**
 * Minimises f by line searches for the strong Wolfe conditions, along the directions of `memory`. Ends when no step
 * along a fresh direction decreases f.
 */
export function* alongLines<M>(f: Objective, x: Float64Array, memory: DescentMemory<M>): DescentSearch {
  let { value, gradient } = f.valueAndGradient(x);
  yield { x, value, gradient, decrease: Infinity, step: Infinity };
  let known = memory.empty;
  let length = Math.min(1, 1 / sumOfSizes(gradient));
  for (;;) {
    let direction = memory.direction(known, gradient);
    let slope = dot(gradient, direction);
    if (!(slope < 0)) {
      known = memory.empty; // rounding errors have spoilt the memory
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
        // steepest descent benefits from a more exact line search
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
    // assumes that the next step of steepest descent gains about the same
    length =
      known === null ? Math.min(1e10, (2 * (value - point.value)) / dot(point.gradient, point.gradient)) : 1;
    const decrease = value - point.value;
    ({ value, gradient } = point);
    x = next;
    yield { x, value, gradient, decrease, step: largestPart(s, x) };
  }
}

function unit(n: number, i: number, value: number): Float64Array {
  const row = new Float64Array(n);
  row[i] = value;
  return row;
}
