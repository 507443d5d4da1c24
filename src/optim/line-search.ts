import { dot, largest } from "./vector.ts";

/** A point on a line: how far, the value there, the gradient, and the slope along the line. */
export interface LinePoint {
  readonly t: number;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly slope: number;
}

/** The value and gradient of a function at `x + t·d`. */
export type OnLine = (t: number) => { readonly value: number; readonly gradient: Float64Array };

/** What may be chosen about a line search. */
export interface LineSearchLimits {
  /** c₁ of the condition of sufficient decrease. Default 1e-4. */
  readonly decrease?: number;
  /** c₂ of the condition on the slope. Default 0.9. */
  readonly curvature?: number;
  /** A bracket this small, times the largest of d, is not divided further. Default 1e-9. */
  readonly tolerance?: number;
  /** Number of evaluations. Default 25. */
  readonly evaluations?: number;
}

/**
 * A step length t along d that satisfies the strong Wolfe conditions,
 *
 * ```text
 * f(x + td) ≤ f(x) + c₁ t f′      and      |f′(x + td)| ≤ c₂ |f′|       (f′: slopes along d)
 * ```
 *
 * or the best found within the limits: first the step grows until it has passed a minimum, then the bracket is divided by
 * cubic interpolation. PyTorch's `_strong_wolfe`, step for step, which follows minFunc.
 *
 * @see Nocedal, Wright, Numerical optimization, 2nd edition, algorithms 3.5 and 3.6; Schmidt, minFunc, 2005.
 */
export function strongWolfe(
  f: OnLine,
  start: LinePoint,
  direction: Float64Array,
  first: number,
  limits: LineSearchLimits = {},
): { readonly point: LinePoint; readonly evaluations: number; readonly satisfied: boolean } {
  const { decrease = 1e-4, curvature = 0.9, tolerance = 1e-9, evaluations: most = 25 } = limits;
  const at = (t: number): LinePoint => {
    const { value, gradient } = f(t);
    return { t, value, gradient, slope: dot(gradient, direction) };
  };
  // NaN is too high as well
  const tooHigh = ({ t, value }: LinePoint): boolean => !(value <= start.value + decrease * t * start.slope);
  const isFlat = ({ slope }: LinePoint): boolean => Math.abs(slope) <= -curvature * start.slope;
  const width = largest(direction);

  let previous = start;
  let point = at(first);
  let evaluations = 1;
  let searches = 0;
  let bracket: [LinePoint, LinePoint] | undefined;
  for (; searches < most; searches++) {
    if (tooHigh(point) || (searches > 1 && point.value >= previous.value)) {
      bracket = [previous, point];
      break;
    }
    if (isFlat(point)) return { point, evaluations, satisfied: true };
    if (point.slope >= 0) {
      bracket = [previous, point];
      break;
    }
    const bounds = [point.t + 0.01 * (point.t - previous.t), point.t * 10] as const;
    const t = cubicMinimum(previous, point, bounds);
    previous = point;
    point = at(t);
    evaluations++;
  }
  bracket ??= [start, point];

  let stalled = false;
  let low: 0 | 1 = bracket[1].value < bracket[0].value ? 1 : 0;
  for (; searches < most; searches++) {
    const [a, b] = bracket;
    if (Math.abs(b.t - a.t) * width < tolerance) break;
    const [left, right] = [Math.min(a.t, b.t), Math.max(a.t, b.t)];
    let t = cubicMinimum(a, b, [left, right]);
    // too near to an end of the bracket twice in a row: go a tenth of the bracket inwards
    const margin = 0.1 * (right - left);
    if (Math.min(right - t, t - left) < margin) {
      if (stalled || t >= right || t <= left) {
        t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
        stalled = false;
      } else {
        stalled = true;
      }
    } else {
      stalled = false;
    }
    const next = at(t);
    evaluations++;
    const high: 0 | 1 = low === 0 ? 1 : 0;
    if (tooHigh(next) || next.value >= bracket[low].value) {
      bracket[high] = next;
      low = bracket[1].value < bracket[0].value ? 1 : 0;
    } else {
      if (isFlat(next)) return { point: next, evaluations, satisfied: true };
      if (next.slope * (bracket[high].t - bracket[low].t) >= 0) bracket[high] = bracket[low];
      bracket[low] = next;
    }
  }
  return { point: bracket[low], evaluations, satisfied: false };
}

/** Where the cubic through two values and slopes is least, within bounds; their middle where it has no minimum. */
function cubicMinimum(a: LinePoint, b: LinePoint, [low, high]: readonly [number, number]): number {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.t - b.t);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const t =
    a.t <= b.t
      ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return Number.isNaN(t) ? (low + high) / 2 : Math.min(Math.max(t, low), high);
}
