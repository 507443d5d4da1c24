// Interpolation by piecewise cubic polynomials, and splines from coefficients.
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { checkChoice, checkOptions } from "../../../engine/errors/options.ts";
import { checkInteger } from "../../../engine/ir/plain-number.ts";
import type { Tensor, TensorLike } from "../../../engine/ir/tensor.ts";
import { stopGradient } from "../../../engine/prims/linear.ts";
import { scan } from "../../../engine/transforms/structured.ts";
import { equal, maximum, minimum, where } from "../../array/elementwise.ts";
import { asFloating, floatingOperands } from "../../array/promote.ts";
import { searchsorted } from "../../array/search.ts";
import { concatenate, flip, reshape, slice, take } from "../../array/shape.ts";

/** Options of `cubicSpline`. */
export interface CubicSplineOptions {
  /**
   * Condition at both ends. `"not-a-knot"`: the third derivative is continuous at the second and the last but one point.
   * `"natural"`: the second derivative is 0. `"clamped"`: the first derivative is 0. Default "not-a-knot", as in SciPy.
   */
  readonly boundary?: "not-a-knot" | "natural" | "clamped";
}

/** A curve: maps points of any shape to values. */
export type Curve = (x: TensorLike) => Tensor;

function readPoints(operation: string, points: TensorLike, values: TensorLike): readonly [Tensor, Tensor] {
  const [xs, ys] = [asFloating(points, operation), asFloating(values, operation)];
  const n = xs.shape[0] ?? 0;
  if (xs.ndim !== 1 || ys.ndim !== 1 || ys.shape[0] !== n || n < 2)
    throw new DownhillError(
      "shape",
      `${operation}: points are ${showType(xs.type)} and values ${showType(ys.type)}; give two vectors of the same length of at least 2.`,
    );
  return floatingOperands(operation, xs, ys);
}

/**
 * Cubic spline through values `[n]` at ascending points `[n]`: a function of a tensor x of any shape. It is twice
 * continuously differentiable, and its first and last polynomials also extend beyond the points.
 *
 * Derivatives of every order exist in x, the values and the points. The work for n points is proportional to n.
 *
 * @throws DownhillError `shape` unless points and values are vectors of the same length of at least 2, `option` for another
 * `boundary`.
 * @see de Boor, A Practical Guide to Splines, 1978, chapter IV.
 * @example
 * const curve = cubicSpline([0, 1, 2, 3], [0, 1, 8, 27]);
 * curve([0.5, 4]);      // f64[2] [0.125, 64]
 * round(grad(curve)(2)); // 12
 */
export function cubicSpline(points: TensorLike, values: TensorLike, options: CubicSplineOptions = {}): Curve {
  if (arguments.length > 3) refuseExtra("cubicSpline", arguments, 3);
  checkOptions("cubicSpline", options, ["boundary"]);
  const { boundary = "not-a-knot" } = options;
  checkChoice("cubicSpline", "boundary", boundary, ["not-a-knot", "natural", "clamped"]);
  const [xs, ys] = readPoints("cubicSpline", points, values);
  const n = xs.shape[0]!;
  const slopes = slopesAt(xs, ys, boundary);
  return (x) => {
    const [t] = floatingOperands("cubicSpline", x, xs.at(0));
    const found = searchsorted(stopGradient(xs), stopGradient(t), { side: "right" });
    const before = minimum(maximum(found.sub(1), 0), n - 2);
    const after = before.add(1);
    const [x0, x1, y0, y1] = [take(xs, before), take(xs, after), take(ys, before), take(ys, after)];
    const [s0, s1] = [take(slopes, before), take(slopes, after)];
    const width = x1.sub(x0);
    const off = t.sub(x0);
    const chord = y1.sub(y0).div(width);
    // Newton's form of the Hermite polynomial
    const bend = chord.sub(s0).div(width);
    const twist = s0.add(s1).sub(chord.mul(2)).div(width.mul(width));
    return y0.add(off.mul(s0.add(off.mul(bend.add(off.sub(width).mul(twist))))));
  };
}

/** Slopes of the spline at its points: the solution of a tridiagonal system. */
function slopesAt(xs: Tensor, ys: Tensor, boundary: NonNullable<CubicSplineOptions["boundary"]>): Tensor {
  const n = xs.shape[0]!;
  const steps = slice(xs, [1, n]).sub(slice(xs, [0, n - 1]));
  const chords = slice(ys, [1, n])
    .sub(slice(ys, [0, n - 1]))
    .div(steps);
  const vector = (x: Tensor): Tensor => reshape(x, [1]);
  const [first, last] = [ends(steps, chords, boundary), ends(flip(steps), flip(chords), boundary)];
  const [h0, h1] = [slice(steps, [0, n - 2]), slice(steps, [1, n - 1])];
  const [c0, c1] = [slice(chords, [0, n - 2]), slice(chords, [1, n - 1])];
  // h₁ s₀ + 2 (h₀ + h₁) s₁ + h₀ s₂ = 3 (h₁ c₀ + h₀ c₁)
  const zero = vector(steps.at(0)).mul(0);
  const lower = concatenate([zero, h1, vector(last.beside)]);
  const centre = concatenate([vector(first.own), h0.add(h1).mul(2), vector(last.own)]);
  const upper = concatenate([vector(first.beside), h0, zero]);
  const side = concatenate([vector(first.side), h1.mul(c0).add(h0.mul(c1)).mul(3), vector(last.side)]);
  return tridiagonal(lower, centre, upper, side);
}

/**
 * Coefficients of the equation `own · s₀ + beside · s₁ = side` that the boundary condition gives for the slopes s₀ and
 * s₁ at the first two points.
 */
function ends(
  steps: Tensor,
  chords: Tensor,
  boundary: NonNullable<CubicSplineOptions["boundary"]>,
): Readonly<Record<"own" | "beside" | "side", Tensor>> {
  const [h0, c0] = [steps.at(0), chords.at(0)];
  const one = h0.mul(0).add(1);
  if (boundary === "clamped") return { own: one, beside: one.mul(0), side: one.mul(0) };
  if (boundary === "natural") return { own: one.mul(2), beside: one, side: c0.mul(3) };
  // one line through two points, and one parabola through three
  const n = steps.shape[0]!;
  if (n === 1) return { own: one, beside: one.mul(0), side: c0 };
  if (n === 2) return { own: one, beside: one, side: c0.mul(2) };
  const [h1, c1] = [steps.at(1), chords.at(1)];
  const width = h0.add(h1);
  const side = h0.add(width.mul(2)).mul(h1).mul(c0).add(h0.mul(h0).mul(c1)).div(width);
  return { own: h1, beside: width, side };
}

/** Solution of a tridiagonal system by elimination without pivots. */
function tridiagonal(lower: Tensor, centre: Tensor, upper: Tensor, side: Tensor): Tensor {
  const start = [centre.at(0).mul(0), centre.at(0).mul(0)] as [Tensor, Tensor];
  const [, [factors, sides]] = scan(
    ([factor, before]: [Tensor, Tensor], [a, b, c, d]: [Tensor, Tensor, Tensor, Tensor]) => {
      const pivot = b.sub(a.mul(factor));
      const next = [c.div(pivot), d.sub(a.mul(before)).div(pivot)] as [Tensor, Tensor];
      return [next, next] as [[Tensor, Tensor], [Tensor, Tensor]];
    },
    start,
    [lower, centre, upper, side] as [Tensor, Tensor, Tensor, Tensor],
  );
  const [, solution] = scan(
    (after: Tensor, [factor, own]: [Tensor, Tensor]) => {
      const x = own.sub(factor.mul(after));
      return [x, x] as [Tensor, Tensor];
    },
    centre.at(0).mul(0),
    [factors, sides] as [Tensor, Tensor],
    { reverse: true },
  );
  return solution;
}

/**
 * Spline `Σ cᵢ Bᵢ(x)` of a degree from ascending knots `[n + degree + 1]` and coefficients `[n]`: a function of
 * a tensor x of any shape, by de Boor's algorithm. It is defined from knot number `degree` to knot number n. Its first and last
 * polynomials extend beyond them, as in SciPy.
 *
 * Derivatives of every order exist in x, the coefficients and the knots.
 *
 * @throws DownhillError `shape` unless there are degree + 1 more knots than coefficients, and at least degree + 1
 * coefficients; `range` for a degree that is not an integer from 0 to 20.
 * @see de Boor, J. Approx. Theory 6, 1972.
 * @example
 * const curve = bSpline([0, 0, 0, 1, 1, 1], [0, 0, 1], 2); // x² from its Bernstein coefficients
 * curve([0.5, 2]); // f64[2] [0.25, 4]
 */
export function bSpline(knots: TensorLike, coefficients: TensorLike, degree: number = 3): Curve {
  if (arguments.length > 3) refuseExtra("bSpline", arguments, 3);
  checkInteger("bSpline", "the degree", degree, { from: 0, to: 20 });
  const [given, own] = [asFloating(knots, "bSpline"), asFloating(coefficients, "bSpline")];
  const n = own.shape[0] ?? 0;
  if (given.ndim !== 1 || own.ndim !== 1 || given.shape[0] !== n + degree + 1 || n < degree + 1)
    throw new DownhillError(
      "shape",
      `bSpline: a spline of degree ${degree} needs n coefficients, ${degree + 1} or more, and n + ${degree + 1} knots; got ${showType(own.type)} and ${showType(given.type)}.`,
    );
  const [ts, cs] = [given, own.astype(given.dtype)];
  return (x) => {
    const [t] = floatingOperands("bSpline", x, ts.at(0));
    const found = searchsorted(stopGradient(ts), stopGradient(t), { side: "right" });
    const interval = minimum(maximum(found.sub(1), degree), n - 1);
    let points = Array.from({ length: degree + 1 }, (_, j) => take(cs, interval.add(j - degree)));
    for (let level = 1; level <= degree; level++)
      points = points.slice(1).map((point, i) => {
        const j = i + level;
        const from = take(ts, interval.add(j - degree));
        const width = take(ts, interval.add(j + 1 - level)).sub(from);
        const isEmpty = equal(width, 0);
        const part = where(isEmpty, 0, t.sub(from).div(where(isEmpty, 1, width)));
        return points[i]!.add(part.mul(point.sub(points[i]!)));
      });
    return points[0]!;
  };
}
