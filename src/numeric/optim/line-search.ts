import { ofNumbers, type SearchArithmetic } from "./search-arithmetic.ts";
import { dot, largest } from "./vector.ts";

/** A point on a line: the distance t, the value there, and the slope along the line. */
export interface LineSample<X> {
  readonly t: X;
  readonly value: X;
  readonly slope: X;
}

/** A point on a line with the gradient there. */
export interface LinePoint<X = number, V = Float64Array> extends LineSample<X> {
  readonly gradient: V;
}

/** Parameters of a line search. */
export interface LineSearchLimits {
  /** c₁ of the sufficient decrease condition. Default 1e-4. */
  readonly decrease?: number;
  /** c₂ of the curvature condition. Default 0.9. */
  readonly curvature?: number;
  /**
   * Width, times the largest absolute element of the direction, below which a bracket is not divided further. Default
   * 1e-9.
   */
  readonly tolerance?: number;
  /** Maximum number of evaluations after the first. Default 25. */
  readonly evaluations?: number;
}

/** State of a line search before its next evaluation, which is at `t`. */
export interface LineSearch<X, B, V> {
  /** Distance of the next evaluation. */
  readonly t: X;
  /** Number of evaluations made. */
  readonly evaluations: X;
  /** True if `low` and `high` bracket a minimum. Before, the step grows and `low` is the previous point. */
  readonly isEnclosed: B;
  /** The better end of the bracket, and finally the result. */
  readonly low: LinePoint<X, V>;
  readonly high: LineSample<X>;
  /** True if `low` is the second end of the bracket. If both ends have equal values, the first end counts as better. */
  readonly isLowSecond: B;
  /** True if the previous point was close to an end of the bracket. */
  readonly isNearEnd: B;
  readonly isDone: B;
  /** True if the result satisfies both strong Wolfe conditions: sufficient decrease and curvature. */
  readonly isSatisfied: B;
}

/**
 * Creates the state of a search at `start`, where t = 0; the first evaluation is at `first`. `none` and `no` are 0 and
 * false in the arithmetic used (plain or tensors).
 */
export function beginSearch<X, B, V>(start: LinePoint<X, V>, first: X, none: X, no: B): LineSearch<X, B, V> {
  const { t, value, slope } = start;
  return {
    t: first,
    evaluations: none,
    isEnclosed: no,
    low: start,
    high: { t, value, slope },
    isLowSecond: no,
    isNearEnd: no,
    isDone: no,
    isSatisfied: no,
  };
}

/**
 * Advances a search for a step length t along d that satisfies the strong Wolfe conditions,
 *
 * ```text
 * f(x + td) ≤ f(x) + c₁ t f′      and      |f′(x + td)| ≤ c₂ |f′|       (f′: slopes along d)
 * ```
 *
 * given the result `point` of the evaluation at its `t`. First the step grows until it has passed a minimum. Then the
 * bracket is divided by cubic interpolation until both conditions hold or a limit is reached. `width` is the largest
 * absolute element of d. This is PyTorch's `_strong_wolfe`, step for step, which follows minFunc, except that NaN is
 * never the better of two values.
 *
 * @see Nocedal, Wright, Numerical optimization, 2nd edition, algorithms 3.5 and 3.6; Schmidt, minFunc, 2005.
 */
export function continueSearch<X, B, V>(
  arithmetic: SearchArithmetic<X, B, V>,
  { start, width }: { readonly start: LinePoint<X, V>; readonly width: X },
  search: LineSearch<X, B, V>,
  point: LinePoint<X, V>,
  limits: LineSearchLimits = {},
): LineSearch<X, B, V> {
  const { add, sub, mul, abs, less, atMost, not, and, or, chooseTruth } = arithmetic;
  const { decrease = 1e-4, curvature = 0.9, tolerance = 1e-9, evaluations: most = 25 } = limits;
  const { low, high, evaluations, isEnclosed, isLowSecond } = search;
  const mayGoOn = less(evaluations, most);
  const givesUp = and(not(isEnclosed), not(mayGoOn));

  // NaN counts as too high
  const isTooHigh = not(atMost(point.value, add(mul(mul(decrease, point.t), start.slope), start.value)));
  const isHigher = and(or(isEnclosed, not(less(evaluations, 2))), atMost(low.value, point.value));
  const isWorse = or(isTooHigh, isHigher);
  const isFlat = atMost(abs(point.slope), mul(-curvature, start.slope));
  const isSatisfied = and(not(givesUp), and(not(isWorse), isFlat));
  const isEnclosedNow = or(isEnclosed, or(isWorse, atMost(0, point.slope)));
  const isOver = or(givesUp, isSatisfied);
  const grows = not(or(isEnclosedNow, isOver));

  // the ends of the bracket: one of the old ends and the new point; while the step grows, the last two points
  const old = choosePoint(arithmetic, givesUp, start, low);
  const isLower = chooseTruth(isLowSecond, atMost(point.value, old.value), less(point.value, old.value));
  const becomesLow = or(isLower, or(grows, isSatisfied));
  const replacesLow = and(isEnclosed, not(isWorse));
  const keepsHigh = and(replacesLow, not(atMost(0, mul(point.slope, sub(high.t, low.t)))));
  const nextLow = choosePoint(arithmetic, becomesLow, point, old);
  const nextHigh = choosePlace(arithmetic, keepsHigh, high, choosePlace(arithmetic, becomesLow, low, point));
  const isSecond = chooseTruth(isLowSecond, not(becomesLow), becomesLow);

  const isSmall = less(mul(abs(sub(nextHigh.t, nextLow.t)), width), tolerance);
  const ahead = [add(mul(0.01, sub(point.t, low.t)), point.t), mul(10, point.t)] as const;
  return {
    ...nextPlace(arithmetic, nextLow, nextHigh, grows, ahead, search.isNearEnd),
    evaluations: add(evaluations, 1),
    isEnclosed: isEnclosedNow,
    low: nextLow,
    high: nextHigh,
    isLowSecond: and(isEnclosedNow, chooseTruth(replacesLow, isLowSecond, isSecond)),
    isDone: or(isOver, and(isEnclosedNow, or(not(mayGoOn), isSmall))),
    isSatisfied,
  };
}

/**
 * Next evaluation: the minimum of the cubic through both ends, limited to `ahead` while the step grows. If two
 * consecutive points in a bracket are too close to an end, the second is moved inwards by a tenth of the bracket.
 */
function nextPlace<X, B, V>(
  arithmetic: SearchArithmetic<X, B, V>,
  low: LineSample<X>,
  high: LineSample<X>,
  grows: B,
  ahead: readonly [X, X],
  wasNearEnd: B,
): { readonly t: X; readonly isNearEnd: B } {
  const { add, sub, mul, min, max, abs, less, atMost, not, and, or, choose } = arithmetic;
  const [left, right] = [min(low.t, high.t), max(low.t, high.t)];
  const bounds = [choose(grows, ahead[0], left), choose(grows, ahead[1], right)] as const;
  const t = cubicMinimum(arithmetic, low, high, bounds);
  const margin = mul(0.1, sub(right, left));
  const isNearEnd = and(not(grows), less(min(sub(right, t), sub(t, left)), margin));
  const isMoved = and(isNearEnd, or(wasNearEnd, or(atMost(right, t), atMost(t, left))));
  const isNearRight = less(abs(sub(t, right)), abs(sub(t, left)));
  const inwards = choose(isNearRight, sub(right, margin), add(left, margin));
  return { t: choose(isMoved, inwards, t), isNearEnd: and(isNearEnd, not(isMoved)) };
}

/**
 * Minimum of the cubic through two values and slopes, within bounds; the midpoint of the bounds if it has no minimum.
 */
function cubicMinimum<X, B, V>(
  arithmetic: SearchArithmetic<X, B, V>,
  a: LineSample<X>,
  b: LineSample<X>,
  [least, most]: readonly [X, X],
): X {
  const { add, sub, mul, div, min, max, sqrt, atMost, and, choose } = arithmetic;
  const isForwards = atMost(a.t, b.t);
  const left = choosePlace(arithmetic, isForwards, a, b);
  const right = choosePlace(arithmetic, isForwards, b, a);
  const slopes = add(a.slope, b.slope);
  const d1 = sub(slopes, div(mul(3, sub(a.value, b.value)), sub(a.t, b.t)));
  const square = sub(mul(d1, d1), mul(a.slope, b.slope));
  const d2 = sqrt(square);
  const part = div(sub(add(right.slope, d2), d1), add(sub(right.slope, left.slope), mul(2, d2)));
  const t = sub(right.t, mul(sub(right.t, left.t), part));
  const isFound = and(atMost(0, square), atMost(t, t)); // not NaN
  return choose(isFound, min(max(t, least), most), div(add(least, most), 2));
}

function choosePlace<X, B, V>(
  { choose }: SearchArithmetic<X, B, V>,
  b: B,
  x: LineSample<X>,
  y: LineSample<X>,
): LineSample<X> {
  return {
    t: choose(b, x.t, y.t),
    value: choose(b, x.value, y.value),
    slope: choose(b, x.slope, y.slope),
  };
}

function choosePoint<X, B, V>(
  arithmetic: SearchArithmetic<X, B, V>,
  b: B,
  x: LinePoint<X, V>,
  y: LinePoint<X, V>,
): LinePoint<X, V> {
  return {
    ...choosePlace(arithmetic, b, x, y),
    gradient: arithmetic.chooseGradient(b, x.gradient, y.gradient),
  };
}

/** The value and gradient of a function at `x + t·d`. */
export type LineFunction = (t: number) => { readonly value: number; readonly gradient: Float64Array };

/** Runs `continueSearch` to its end, from `start` along d, with `first` as the first length. */
export function strongWolfe(
  f: LineFunction,
  start: LinePoint,
  direction: Float64Array,
  first: number,
  limits: LineSearchLimits = {},
): { readonly point: LinePoint; readonly evaluations: number; readonly satisfied: boolean } {
  const line = { start, width: largest(direction) };
  const at = (t: number): LinePoint => {
    const { value, gradient } = f(t);
    return { t, value, gradient, slope: dot(gradient, direction) };
  };
  const { decrease = 1e-4, curvature = 0.9, evaluations: most = 25 } = limits;
  let point = at(first);
  // most searches end at the first point; the code below would find the same result, but its bookkeeping costs more
  // than many an evaluation
  const isLow = point.value <= decrease * point.t * start.slope + start.value;
  if (most > 0 && isLow && Math.abs(point.slope) <= -curvature * start.slope)
    return { point, evaluations: 1, satisfied: true };
  let search = continueSearch(ofNumbers, line, beginSearch(start, first, 0, false), point, limits);
  while (!search.isDone) {
    point = at(search.t);
    search = continueSearch(ofNumbers, line, search, point, limits);
  }
  return { point: search.low, evaluations: search.evaluations, satisfied: search.isSatisfied };
}
