import * as math from "../../src/engine/kernel/math/index.ts";
import * as special from "../../src/engine/kernel/math/special/index.ts";
import type { Procedure } from "../../src/engine/kernel/scalar.ts";

/** [arguments, value, what it lacks to the true one, Σ |x ∂f/∂x|] by procedure, as `special-functions.py` writes them. */
export type SpecialPoints = Readonly<
  Record<
    string,
    readonly (readonly [args: readonly number[], value: number, rest: number, condition: number])[]
  >
>;

/** A special function, and how near to the values of mpmath it has to be. */
export interface SpecialFunction {
  readonly procedure: Procedure;
  /** What the tests assert, relatively; errors up to `forCondition` · 2^−52 · Σ |x ∂f/∂x| are right too. */
  readonly bound: number;
  readonly forCondition: number;
}

const ulp = 2 ** -52;

/** One argument: 4 ulps, of the result or, near a zero, of the argument. */
const ofOne = (procedure: Procedure): SpecialFunction => ({ procedure, bound: 4 * ulp, forCondition: 4 });
/** Several arguments. */
const ofSeveral = (procedure: Procedure): SpecialFunction => ({ procedure, bound: 1e-13, forCondition: 4 });
/** A derivative in a parameter. */
const derivative = (procedure: Procedure, bound: number): SpecialFunction => ({
  procedure,
  bound,
  forCondition: 0,
});

export const specialFunctions: readonly SpecialFunction[] = [
  ofOne(math.lgamma64),
  ofOne(math.digamma64),
  ofOne(special.polygamma64(1)),
  ofOne(special.polygamma64(2)),
  ofSeveral(special.polygamma64(5)),
  ofOne(special.erfinv64),
  ofOne(special.erfcinv64),
  ofOne(special.ndtr64),
  ofOne(special.ndtri64),
  ofOne(special.logNdtr64),
  derivative(special.normalHazard64, 1e-14),
  ofOne(special.i064),
  ofOne(special.i0e64),
  ofOne(special.i164),
  ofOne(special.i1e64),
  derivative(special.besselRatio64(1), 1e-14),
  derivative(special.besselRatio64(3), 1e-14),
  derivative(special.i0eByOrder64(1), 2e-14),
  derivative(special.i0eByOrder64(2), 1e-14),
  derivative(special.i0eByOrder64(3), 1e-14),
  ofOne(special.logit64),
  ofOne(special.entr64),
  ofSeveral(special.relEntr64),
  ofSeveral(special.klDiv64),
  ofSeveral(special.zeta64),
  ofSeveral(special.beta64),
  ofSeveral(special.betaln64),
  ofSeveral(special.digammaRise64),
  ofSeveral(special.betainc64),
  ofSeveral(special.betaDensity64),
  derivative(special.betaincByShapes64(1, 0), 1e-12),
  derivative(special.betaincByShapes64(0, 1), 1e-12),
  derivative(special.betaincByShapes64(1, 1), 1e-8),
  derivative(special.betaincByShapes64(2, 0), 1e-8),
  ofSeveral(special.betaincinv64),
  ofSeveral(special.betaincOfSquare64(0)),
  derivative(special.betaincOfSquare64(1), 1e-12),
  ofSeveral(special.betaincOfSquareInverse64),
  ofSeveral(special.gammaincinv64),
  ofSeveral(special.gammainccinv64),
  ofSeveral(special.gammainc64),
  ofSeveral(special.gammaincc64),
  ofSeveral(special.gammaDensity64),
  derivative(special.gammaincByShape64(1), 1e-12),
  derivative(special.gammaincByShape64(2), 1e-8),
  derivative(special.gammaincByShape64(3), 1e-9),
];

/** The greatest error of `compute` in parts of what is allowed, the greatest relative one, and where that is. */
export function measureSpecial(
  { procedure, bound, forCondition }: SpecialFunction,
  compute: (...x: number[]) => number,
  data: SpecialPoints,
): {
  readonly points: number;
  readonly ofAllowed: number;
  readonly relative: number;
  readonly at: readonly number[];
} {
  const points = data[procedure.name];
  if (points === undefined) throw new Error(`special-functions.json has no values of ${procedure.name}.`);
  let [ofAllowed, relative] = [0, 0];
  let at: readonly number[] = [];
  for (const [args, value, rest, condition] of points) {
    const size = Math.abs(value);
    const error = Math.abs(compute(...args) - value - rest);
    const part = error / Math.max(bound * size, forCondition * ulp * condition);
    if (!(part <= ofAllowed)) [ofAllowed, at] = [part, args];
    relative = Math.max(relative, error / size);
  }
  return { points: points.length, ofAllowed, relative, at };
}
