// The special functions: one row has what all tests need to know about a function.
import * as math from "../../src/engine/kernel/math/index.ts";
import * as special from "../../src/engine/kernel/math/special/index.ts";
import type { Procedure } from "../../src/engine/kernel/scalar.ts";

/** [arguments, value, what it lacks to the true one, Σ |x ∂f/∂x| or the local amplitude] by procedure, as `special-functions.py` writes them. */
export type SpecialPoints = Readonly<
  Record<
    string,
    readonly (readonly [args: readonly number[], value: number, rest: number, condition: number])[]
  >
>;

/** Range of an operand, for the tests and for random programs. */
export type Domain = "any" | "tame" | "positive" | "inner" | "belowTwo" | "fraction";

/** The public function of a procedure, which has its name. */
export interface SpecialOperation {
  readonly name: string;
  /** The domain of each operand. */
  readonly operands: readonly Domain[];
  /** Operands and exact result at special values: zeros, infinities, edges of the domain, NaN. */
  readonly values: readonly (readonly [operands: readonly number[], value: number])[];
}

/** A special function, and how near to the values of mpmath it has to be. */
export interface SpecialFunction {
  readonly procedure: Procedure;
  /** Asserted relative bound. Errors up to `forCondition` · 2^−52 · Σ |x ∂f/∂x| are accepted too. */
  readonly bound: number;
  readonly forCondition: number;
  /** Absent for procedures that only derivatives call, and for functions whose tests are written by hand. */
  readonly operation?: SpecialOperation;
}

const ulp = 2 ** -52;

/** A public function of the name of the procedure, or none where the operands are left out. */
function operationOf(
  { name }: Procedure,
  operands: SpecialOperation["operands"] | undefined,
  values: SpecialOperation["values"],
): { readonly operation?: SpecialOperation } {
  return operands === undefined ? {} : { operation: { name, operands, values } };
}

/** One argument: 4 ulps, of the result or, near a zero, of the argument. */
const ofOne = (
  procedure: Procedure,
  operands?: readonly [Domain],
  values: SpecialOperation["values"] = [],
): SpecialFunction => ({
  procedure,
  bound: 4 * ulp,
  forCondition: 4,
  ...operationOf(procedure, operands, values),
});
/** Several arguments. */
const ofSeveral = (
  procedure: Procedure,
  operands?: readonly Domain[],
  values: SpecialOperation["values"] = [],
): SpecialFunction => ({
  procedure,
  bound: 1e-13,
  forCondition: 4,
  ...operationOf(procedure, operands, values),
});
/** A derivative in a parameter. */
const derivative = (procedure: Procedure, bound: number): SpecialFunction => ({
  procedure,
  bound,
  forCondition: 0,
});

// prettier-ignore
export const specialFunctions: readonly SpecialFunction[] = [
  ofOne(math.lgamma64),
  ofOne(math.digamma64),
  ofOne(special.polygamma64(1)),
  ofOne(special.polygamma64(2)),
  ofSeveral(special.polygamma64(5)),
  ofOne(special.erfinv64, ["inner"], [[[1], Infinity], [[-1], -Infinity], [[1.5], NaN], [[-0], -0]]),
  ofOne(special.erfcinv64, ["belowTwo"], [[[0], Infinity], [[2], -Infinity], [[1], 0], [[-1], NaN]]),
  ofOne(special.ndtr64, ["any"], [[[-Infinity], 0], [[Infinity], 1], [[0], 0.5]]),
  ofOne(special.ndtri64, ["fraction"], [[[0], -Infinity], [[1], Infinity], [[1.5], NaN]]),
  ofOne(special.logNdtr64, ["any"], [[[-Infinity], -Infinity], [[Infinity], -0]]),
  derivative(special.normalHazard64, 1e-14),
  ofOne(special.i064, ["tame"], [[[0], 1], [[-Infinity], Infinity]]),
  ofOne(special.i0e64, ["positive"], [[[Infinity], 0]]),
  ofOne(special.i164, ["tame"], [[[-0], -0], [[-Infinity], -Infinity]]),
  ofOne(special.i1e64, ["positive"], [[[Infinity], 0]]),
  derivative(special.besselRatio64(1), 1e-14),
  derivative(special.besselRatio64(3), 1e-14),
  derivative(special.i0eByOrder64(1), 2e-14),
  derivative(special.i0eByOrder64(2), 1e-14),
  derivative(special.i0eByOrder64(3), 1e-14),
  ofOne(special.logit64, ["fraction"], [[[0], -Infinity], [[1], Infinity], [[0.5], 0], [[2], NaN]]),
  ofOne(special.entr64, ["positive"], [[[0], 0], [[-1], -Infinity]]),
  ofSeveral(special.relEntr64, ["positive", "positive"], [[[0, 0], 0], [[1, 0], Infinity], [[-1, 1], Infinity]]),
  ofSeveral(special.klDiv64, ["positive", "positive"], [[[0, 2], 2], [[2, 2], 0], [[1, -1], Infinity]]),
  ofOne(special.erfcx64, ["any"], [[[-Infinity], Infinity], [[Infinity], 0], [[0], 1]]),
  derivative(special.erfcxByOrder64(1), 1e-14),
  derivative(special.erfcxByOrder64(3), 1e-14),
  ofOne(special.dawsn64, ["any"], [[[-Infinity], -0], [[Infinity], 0], [[-0], -0]]),
  derivative(special.dawsnByOrder64(1), 1e-14),
  derivative(special.dawsnByOrder64(2), 2e-13),
  derivative(special.dawsnByOrder64(3), 1e-12),
  ofOne(special.expi64, ["positive"], [[[0], -Infinity], [[-Infinity], -0], [[Infinity], Infinity]]),
  ofOne(special.spence64, ["positive"], [[[0], Math.PI ** 2 / 6], [[1], 0], [[-1], NaN], [[Infinity], -Infinity]]),
  derivative(special.logQuotientByOrder64(0), 1e-15),
  derivative(special.logQuotientByOrder64(1), 1e-14),
  derivative(special.logQuotientByOrder64(2), 1e-14),
  ofOne(special.ellipk64, ["fraction"], [[[0], Math.PI / 2], [[1], Infinity], [[2], NaN], [[-Infinity], 0]]),
  ofOne(special.ellipe64, ["fraction"], [[[0], Math.PI / 2], [[1], 1], [[2], NaN], [[-Infinity], Infinity]]),
  derivative(special.ellipkByOrder64(1), 1e-14),
  derivative(special.ellipkByOrder64(2), 2e-14),
  derivative(special.ellipeByOrder64(1), 1e-14),
  derivative(special.ellipeByOrder64(2), 2e-14),
  ofOne(special.lambertw64),
  ofOne(special.lambertwLower64),
  derivative(special.lambertwOnePlus64, 1e-15),
  derivative(special.lambertwLowerOnePlus64, 1e-15),
  { ...ofSeveral(special.boxcox64, ["positive", "inner"], [[[0, 2], -0.5], [[0, 0], -Infinity], [[1, 3], 0], [[2, 0], Math.LN2], [[-1, 2], NaN]]), bound: 4 * ulp },
  derivative(special.expm1Quotient64(0), 2e-15),
  derivative(special.expm1Quotient64(1), 2e-15),
  derivative(special.expm1Quotient64(2), 2e-15),
  { ...ofSeveral(special.jv64), bound: 4 * ulp },
  { ...ofSeveral(special.yv64), bound: 4 * ulp },
  { ...ofSeveral(special.iv64), bound: 4 * ulp, forCondition: 0 },
  { ...ofSeveral(special.kv64), bound: 4 * ulp, forCondition: 0 },
  ofSeveral(special.zeta64),
  ofSeveral(special.beta64, ["positive", "positive"], [[[0, 1], Infinity], [[1, Infinity], 0], [[-1, 2], NaN]]),
  ofSeveral(special.betaln64, ["positive", "positive"], [[[1, 1], 0], [[2, 0], Infinity], [[0, Infinity], NaN]]),
  ofSeveral(special.digammaRise64),
  ofSeveral(special.betainc64, ["positive", "positive", "fraction"], [[[2, 3, 0], 0], [[2, 3, 1], 1], [[2, 3, 1.5], NaN], [[0, 2, 0.5], 1], [[2, 0, 0.5], 0], [[0, 0, 0.5], NaN], [[-1, 2, 0.5], NaN]]),
  ofSeveral(special.betaDensity64),
  derivative(special.betaincByShapes64(1, 0), 1e-12),
  derivative(special.betaincByShapes64(0, 1), 1e-12),
  derivative(special.betaincByShapes64(1, 1), 1e-8),
  derivative(special.betaincByShapes64(2, 0), 1e-8),
  ofSeveral(special.betaincinv64, ["positive", "positive", "fraction"], [[[2, 3, 0], 0], [[2, 3, 1], 1], [[2, 3, 1.5], NaN], [[0, 3, 0.5], NaN], [[2, Infinity, 0.5], NaN]]),
  ofSeveral(special.betaincOfSquare64(0)),
  derivative(special.betaincOfSquare64(1), 1e-12),
  ofSeveral(special.betaincOfSquareInverse64),
  ofSeveral(special.gammaincinv64, ["positive", "fraction"], [[[2, 0], 0], [[2, 1], Infinity], [[2, 1.5], NaN], [[0, 0.5], NaN], [[Infinity, 0.5], NaN], [[1e-3, 1e-10], 0]]),
  ofSeveral(special.gammainccinv64, ["positive", "fraction"], [[[2, 0], Infinity], [[2, 1], 0], [[2, -0.5], NaN], [[NaN, 0.5], NaN]]),
  ofSeveral(special.gammainc64, ["positive", "positive"], [[[1, 0], 0], [[1, Infinity], 1], [[0, 1], 1], [[Infinity, 1], 0], [[0, 0], NaN], [[-1, 1], NaN], [[1, -1], NaN], [[1e300, 2], 0]]),
  ofSeveral(special.gammaincc64, ["positive", "positive"], [[[1, 0], 1], [[1, Infinity], 0], [[0, 1], 0], [[Infinity, Infinity], NaN]]),
  ofSeveral(special.gammaDensity64),
  derivative(special.gammaincByShape64(1), 1e-12),
  derivative(special.gammaincByShape64(2), 1e-8),
  derivative(special.gammaincByShape64(3), 1e-9),
];

/** The public functions among them. */
export const specialOperations: readonly SpecialOperation[] = specialFunctions.flatMap(({ operation }) =>
  operation === undefined ? [] : [operation],
);

const any = [0.5, -1.25, 2, -0.4, 0.8, -2.5];
const inner = [0.5, -0.25, 0.7, -0.1, 0.3, -0.6];
const samples: Readonly<Record<Domain, readonly (readonly number[])[]>> = {
  any: [any],
  tame: [any],
  positive: [
    [0.5, 2.5, 0.25, 7, 25, 30],
    [0.25, 4, 0.5, 6, 20, 35],
  ],
  inner: [inner],
  belowTwo: [inner.map((x) => 1 + x)],
  fraction: [[0.3, 0.4, 0.6, 0.55, 0.5, 0.45]],
};

/** Six numbers for each operand, within its domain. */
export function samplesOf({ operands }: SpecialOperation): readonly (readonly number[])[] {
  return operands.map((domain, i) => samples[domain][i] ?? samples[domain][0]!);
}

/** Largest error of `compute` as a fraction of the allowed one, the largest relative error, and its arguments. */
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
