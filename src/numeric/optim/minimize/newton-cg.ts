import { addScaled, dot, largest, largestPart, scaled } from "../vector.ts";
import type { Objective } from "./problem.ts";
import type { DescentSearch } from "./stop.ts";

/**
 * Newton's method with a trust region: each step minimises the quadratic model by conjugate gradients. It stops at the
 * edge of the region, and follows a direction of negative curvature up to the edge.
 *
 * @see Steihaug, The conjugate gradient method and trust regions in large scale optimization, 1983; Nocedal, Wright,
 * Numerical optimization, 2nd edition, algorithms 4.1 and 7.2.
 */
export function* newtonCg(f: Objective, x: Float64Array): DescentSearch {
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
    // where rounding hides the gain, the gradient decides
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
      // a step that ends at the edge of the region may be short without being the last one
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

/** A step that lowers the model `gᵀp + ½pᵀHp` within `|p| ≤ radius`, and the predicted decrease. */
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
