import { addScaled, largestPart, subtract } from "../vector.ts";
import type { DescentSearch } from "./stop.ts";

/**
 * The Nelder–Mead simplex method, without derivatives: of n + 1 points, the worst is reflected through the others. For
 * comparison and for functions with kinks; it may stop at a point that is not a minimum.
 *
 * The factors depend on n as Gao and Han propose; the first simplex extends 5 % along each axis, as in SciPy.
 *
 * @see Nelder, Mead, A simplex method for function minimization, 1965; Gao, Han, Implementing the Nelder-Mead simplex
 * algorithm with adaptive parameters, 2012.
 */
export function* nelderMead(f: (x: Float64Array) => number, start: Float64Array): DescentSearch {
  const n = start.length;
  // in one dimension the adaptive factors would shrink the simplex to a point
  const m = Math.max(2, n);
  const [expansion, contraction, shrinkage] = [1 + 2 / m, 0.75 - 1 / (2 * m), 1 - 1 / m];
  const at = (x: Float64Array): Vertex => {
    const value = f(x);
    return { x, value: Number.isNaN(value) ? Infinity : value };
  };
  let simplex = [at(start), ...[...start].map((xi, i) => at(start.with(i, xi === 0 ? 0.00025 : xi * 1.05)))];
  if (!Number.isFinite(simplex[0]!.value)) {
    yield { x: start, value: simplex[0]!.value, decrease: Infinity, step: Infinity };
    return;
  }
  for (;;) {
    simplex.sort((a, b) => a.value - b.value);
    const [best, worst] = [simplex[0]!, simplex[n]!];
    const spread = Math.max(...simplex.map(({ x }) => largestPart(subtract(x, best.x), best.x)));
    yield { ...best, decrease: worst.value - best.value, step: spread };
    const others = simplex.slice(0, n);
    const centre = others.reduce<Float64Array>((sum, { x }) => addScaled(sum, 1 / n, x), new Float64Array(n));
    /**
     * The point on the line through the worst point and the centre of the others: t = 1 reflects, t > 1 expands, t < 0
     * contracts.
     */
    const through = (t: number): Vertex => at(addScaled(centre, t, subtract(centre, worst.x)));
    const reflected = through(1);
    let replacement: Vertex | undefined;
    if (reflected.value < best.value) {
      const expanded = through(expansion);
      replacement = expanded.value < reflected.value ? expanded : reflected;
    } else if (reflected.value < simplex[n - 1]!.value) {
      replacement = reflected;
    } else {
      const outside = reflected.value < worst.value;
      const contracted = through(outside ? contraction : -contraction);
      if (contracted.value < Math.min(reflected.value, worst.value)) replacement = contracted;
    }
    simplex =
      replacement === undefined
        ? simplex.map((v) => (v === best ? v : at(addScaled(best.x, shrinkage, subtract(v.x, best.x)))))
        : [...others, replacement];
  }
}

interface Vertex {
  readonly x: Float64Array;
  readonly value: number;
}
