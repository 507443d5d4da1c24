import { dot, largest, largestPart, product } from "../vector.ts";
import { givenScale, type ParameterScale, scaleFor, unknownScale } from "../minimize/levenberg-marquardt.ts";
import { freeCoordinates, HeldCoordinates, type SearchSpace } from "../minimize/search-space.ts";
import type { DescentSearch, Iterate } from "../minimize/stop.ts";
import type { LargeProblem, Linearisation } from "./linearisation.ts";

/** Damping at the start. */
const firstDamping = 1e-4;
/** Smallest factor of the damping after a step. With Nielsen's 1/3, pose graphs took up to 4 more iterations of 13. */
const leastDecay = 1 / 10;
/** Damping above which a short step says nothing about the distance to the minimum. */
const mostDamping = 1e-3;

/**
 * The Levenberg–Marquardt method for `Σ r²` with bounds, for problems whose Jacobian is not stored as a dense matrix.
 *
 * The step δ minimises `|r + Jδ|² + μ|Dδ|²`. D holds the largest norms of the columns of J so far, or multiples of the
 * reciprocals of `typical`. Coordinates at a bound do not move if the gradient points outwards. Steps minimise the model within
 * the bounds. The ratio of the decrease to the predicted one changes μ.
 *
 * Each iterate costs one factorisation, so convergence is measured without a further one. `gradient` is the largest cosine
 * of the angle between the residuals and a column of J, less its rounding error. `decrease` and `step` are those of the
 * last step; they are infinite while the damping is strong.
 *
 * @see Marquardt, 1963; Moré, 1978 (D); Nielsen, Damping parameter in Marquardt's method, 1999 (μ).
 */
export function* largeSearch(
  f: LargeProblem,
  start: Float64Array,
  space: SearchSpace,
  typical?: Float64Array,
): DescentSearch {
  let x = space.move(start, new Float64Array(space.size));
  let scales: readonly ParameterScale[] = Array.from({ length: space.size }, () => unknownScale);
  let scale: Float64Array | undefined;
  let [mu, growth] = [firstDamping, 2];
  let [decrease, step] = [Infinity, Infinity];
  let lastUnseen = Infinity;
  for (;;) {
    const model = f.linearise(x);
    const value = dot(model.residuals, model.residuals);
    const areFinite = model.gradient.every(Number.isFinite) && model.columnSizes.every(Number.isFinite);
    if (value > 0 && !areFinite)
      return yield { x, value, gradient: Float64Array.of(Number.NaN), isComplete: true, decrease, step, fault: model.fault() }; // prettier-ignore
    const sizes = space.sizes(x);
    if (typical === undefined) {
      scales = scales.map((s, j) => scaleFor(s, model.columnSizes[j]!, Math.abs(sizes[j]!)));
      scale = Float64Array.from(scales, ({ now }) => now);
    } else scale ??= givenScale(typical, model.columnSizes);
    const free = freeCoordinates(space, x, (j) => model.gradient[j]!);
    const noise = noiseOf(model, sizes);
    const at: Iterate = { x, value, gradient: Float64Array.of(cosine(model, free, value, noise)), isComplete: true, decrease, step }; // prettier-ignore
    yield at;
    if (!areFinite) return;
    const rounding = 2 * Math.sqrt(value) * noise + 2 ** -48 * value;
    for (;;) {
      if (!(mu < 1e60)) return yield { ...at, decrease: Infinity, step: Infinity };
      const shift = scale.map((d) => mu * (d === 0 ? 1 : d * d));
      const direction = yield* directionWithin(model, { x, free, shift }, space);
      if (direction !== undefined) {
        const next = space.move(x, direction);
        const taken = space.between(x, next);
        const predicted = -2 * dot(model.gradient, taken) - model.squaredChange(taken);
        if (largest(taken) === 0) {
          yield { ...at, decrease: Math.abs(predicted) <= rounding && mu <= mostDamping ? 0 : decrease };
          return;
        }
        const values = f.values(next);
        const trial = dot(values, values);
        const fall = value - trial;
        // Below the rounding error of the values only the model can decide, as long as its predictions keep shrinking.
        const isUnseen = predicted < rounding && predicted < lastUnseen / 4;
        if (predicted > 0 && (isUnseen ? fall > -rounding : fall / predicted > 1e-4)) {
          if (isUnseen) lastUnseen = predicted;
          const isTelling = mu <= mostDamping;
          mu *= isUnseen ? 1 / 3 : Math.max(leastDecay, 1 - ((2 * fall) / predicted - 1) ** 3);
          growth = 2;
          decrease = isTelling ? Math.max(fall, 0) : Infinity;
          step = isTelling ? largestPart(taken, space.sizes(next)) : Infinity;
          x = next;
          break;
        }
      }
      mu = Math.max(mu, 1e-20) * growth;
      growth *= 2;
    }
  }
}

/** Largest number of sets of coordinates at bounds that one step tries, because each costs a factorisation. */
const mostSets = 4;

/** The damped step within the bounds, as `boundedStep` computes it for dense matrices. */
function* directionWithin(
  model: Linearisation,
  at: { readonly x: Float64Array; readonly free: Float64Array; readonly shift: Float64Array },
  space: SearchSpace,
): Generator<undefined, Float64Array | undefined, void> {
  const set = new HeldCoordinates(space, at.x, at.free);
  for (let count = 1; ; count++) {
    const { free, held } = set;
    const shift = product(at.shift, free);
    const step = yield* model.solve(free, shift, held);
    if (step === undefined || count === mostSets) return step;
    if (!set.update(step, () => model.gradientAfter(step))) return step;
  }
}

/** Rounding error of the residuals: their change when each parameter changes by its rounding error. */
function noiseOf({ columnSizes }: Linearisation, sizes: Float64Array): number {
  return 2 ** -52 * Math.sqrt(dot(product(columnSizes, columnSizes), product(sizes, sizes)));
}

/** Largest cosine of the angle between the residuals and a column of J of a free coordinate. */
function cosine(
  { gradient, columnSizes }: Linearisation,
  free: Float64Array,
  value: number,
  noise: number,
): number {
  if (value === 0) return 0;
  let top = 0;
  for (let j = 0; j < gradient.length; j++) {
    if (free[j] === 0 || columnSizes[j] === 0) continue;
    top = Math.max(top, Math.abs(gradient[j]!) / columnSizes[j]!);
  }
  return Math.max(0, top - noise) / Math.sqrt(value);
}
