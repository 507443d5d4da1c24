// Steps of a linear least-squares model within bounds.
import { HeldCoordinates, type SearchSpace } from "./search-space.ts";
import type { BoundedModel, TrustRadius } from "./trust-radius.ts";

/** A damped step within bounds. */
export interface BoundedStep {
  readonly velocity: Float64Array;
  /** Returns the damped step for another `Qᵀb`; elements of parameters that end at a bound are 0. */
  readonly solve: (qtb: Float64Array) => Float64Array;
}

/** Largest number of sets of parameters at bounds that one step tries. */
const mostSets = 12;

/**
 * The damped step that minimises the model within the bounds. Parameters whose step crosses a bound end at it. The
 * damping is then chosen again for the others, because the damping of the uncut step fits a greater length. Yields before
 * each factorisation with other parameters at bounds.
 */
export function* boundedStep(
  model: BoundedModel,
  at: {
    readonly x: Float64Array;
    readonly scale: Float64Array;
    readonly trust: TrustRadius;
    /** Undamped step without regard to bounds that are not reached yet. */
    readonly undamped: Float64Array | undefined;
  },
  space: SearchSpace,
): Generator<undefined, BoundedStep, void> {
  const { x, scale, trust } = at;
  const set = new HeldCoordinates(space, x, model.free);
  let reduced = model;
  let undamped = at.undamped;
  for (let count = 1; ; count++) {
    yield undefined;
    const solve = trust.solver(reduced, scale, undamped);
    const { free, held } = set;
    const velocity = solve(reduced.qtb);
    for (let i = 0; i < free.length; i++) if (free[i] === 0) velocity[i] = held[i]!;
    if (count === mostSets) return { velocity, solve };
    if (!set.update(velocity, () => modelSlopes(model, velocity))) return { velocity, solve };
    reduced = { ...model, free, qtb: shifted(model, held) };
    undamped = trust.undamped(reduced, scale);
  }
}

/** `Qᵀb + Rδ` */
function shifted({ r, qtb }: BoundedModel, delta: Float64Array): Float64Array {
  const n = qtb.length;
  const out = qtb.slice();
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) out[i]! += r[i * n + j]! * delta[j]!;
  return out;
}

/** Gradient of half the model, `Rᵀ(Qᵀb + Rδ)`. */
function modelSlopes(model: BoundedModel, delta: Float64Array): Float64Array {
  const n = delta.length;
  const rest = shifted(model, delta);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) out[j]! += model.r[i * n + j]! * rest[i]!;
  return out;
}
