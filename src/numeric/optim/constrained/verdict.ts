import { internalError } from "../../../engine/errors/index.ts";
import { largest } from "../vector.ts";
import { divergingViolation } from "./divergence.ts";
import type { InteriorIterate, InteriorOutcome } from "./interior-point.ts";
import type { PrimalDual } from "./nonlinear-program.ts";

/** Reason for the end of a search under constraints, apart from limits, callbacks and signals. */
export type ConstrainedReason = "solved" | "acceptable" | "infeasible" | "unbounded" | "numerical";

/** Classification of a search, and the point that is returned with its multipliers. */
export interface Verdict {
  readonly reason: ConstrainedReason;
  readonly message: string;
  readonly at: PrimalDual;
}

/** Outcome of a search, with the measures from which `judge` derives the verdict. */
export interface Judged {
  readonly outcome: InteriorOutcome;
  /** Iterate with the least error outside of restorations. */
  readonly best: InteriorIterate;
  /** Iterate with the least violation, or of those within the tolerance the one with the least value. */
  readonly nearest: PrimalDual;
  /** Unscaled violation of that iterate. */
  readonly nearestViolation: number;
  /** Returns the largest unscaled violation at an iterate. */
  readonly violation: (at: InteriorIterate) => number;
  /** Returns the largest force of a constraint at an iterate, relative to the gradient of the objective. */
  readonly cancellation: (at: InteriorIterate) => number;
  /** Returns the change of the Lagrangian if variables change by their size, relative to 1 + |value|. */
  readonly relativeSlope: (at: InteriorIterate) => number;
  readonly tolerance: number;
  readonly constraintTolerance: number;
  /** True if all constraints are linear: then a local minimum of the violation is a global one. */
  readonly hasLinearConstraints: boolean;
  /** Names of functions that seem to have no derivative at a point of the latest steps; empty if there are none. */
  readonly kinked: string;
  /** Names of the constraints and bounds with a share in a conflict. */
  readonly conflicts: () => string;
}

/** A result is `acceptable` if its errors are within this multiple of the tolerances. */
const acceptableFactor = 100;
/** Relative change of the value, for a change of variables by their size, from which a point is no solution. */
const clearSlope = 1e-3;
/** Relative force of constraints from which the multipliers count as diverging. */
const divergentForce = 1e4;

/** Classifies the outcome of an interior point search. */
export function judge(judged: Judged): Verdict {
  const { outcome, violation } = judged;
  const { end, last } = outcome;
  switch (end) {
    case "optimal":
      return optimalVerdict(last, judged);
    case "saddle":
      return {
        reason: "numerical",
        at: judged.nearest,
        message:
          "The search returned to a saddle point, where the first-order conditions hold, but points nearby that satisfy the " +
          "constraints have lower values. Start elsewhere.",
      };
    case "infeasible":
      if (judged.nearestViolation <= judged.constraintTolerance)
        return {
          reason: "numerical",
          at: judged.nearest,
          message:
            `The search left the points that satisfy the constraints, and got stuck with a violation of ${show(violation(last))}. ` +
            `${judged.conflicts()} The result is the best point that satisfies them. Functions with jumps have no useful derivatives there: ` +
            "replace them, or start elsewhere.",
        };
      return {
        reason: "infeasible",
        at: last.at,
        message: judged.hasLinearConstraints
          ? `No point satisfies the constraints: the least sum of violations has a largest violation of ${show(violation(last))}. ${judged.conflicts()}`
          : `No nearby point satisfies the constraints: this point is stationary for the sum of the violations, with a largest violation of ${show(violation(last))}. ` +
            `${judged.conflicts()} For constraints that are not convex, another start may lead to a feasible point.`,
      };
    case "unbounded": {
      const isFeasible = violation(last) <= divergingViolation(last.point.jacobian, last.at.x);
      return {
        reason: isFeasible ? "unbounded" : "numerical",
        at: isFeasible ? last.at : judged.nearest,
        message: isFeasible
          ? "The value falls without limit along feasible points. Bound the parameters, or check the sign of the cost."
          : "Parameters grow beyond 1e20 without becoming feasible. Bound the parameters.",
      };
    }
    case "stalled":
    case "singular":
    case "not-finite":
      return stalledVerdict(judged, end);
    case "stopped":
      throw internalError("a search that was stopped has no verdict");
  }
}

function optimalVerdict(
  last: InteriorIterate,
  { cancellation, relativeSlope }: Pick<Judged, "cancellation" | "relativeSlope">,
): Verdict {
  if (last.errors.dualScale > 1 && cancellation(last) >= divergentForce)
    return {
      reason: "acceptable",
      at: last.at,
      message:
        "The optimality conditions hold only relative to the size of the multipliers, which diverge: at this point the gradients of the " +
        "active constraints do not determine multipliers (no constraint qualification), because they depend on each other or vanish, as for " +
        "complementarity constraints.",
    };
  if (relativeSlope(last) > clearSlope)
    return {
      reason: "acceptable",
      at: last.at,
      message:
        "The optimality conditions hold within the tolerances only because parameters are large: a change of a parameter by " +
        "its size would change the value. Scale the parameters to similar sizes, or lower gradientTolerance.",
    };
  return {
    reason: "solved",
    at: last.at,
    message: "The optimality conditions hold within the tolerances.",
  };
}

function stalledVerdict(judged: Judged, end: "stalled" | "singular" | "not-finite"): Verdict {
  const { best, nearest, violation, tolerance, constraintTolerance } = judged;
  const cause = {
    stalled: "no step improves value or violation any more, up to rounding",
    singular: "the equations of a step could not be solved",
    "not-finite": "a derivative is not a finite number",
  }[end];
  if (best.errors.total <= tolerance && violation(best) <= constraintTolerance)
    return optimalVerdict(best, judged);
  const rounding = 2 ** -50 * largest(best.at.x);
  const isAcceptable =
    best.errors.total <= acceptableFactor * tolerance + rounding &&
    violation(best) <= acceptableFactor * constraintTolerance + rounding;
  if (isAcceptable)
    return {
      reason: "acceptable",
      at: best.at,
      message: `The optimality conditions hold within ${acceptableFactor} times the tolerances; ${cause}.`,
    };
  const { kinked } = judged;
  if (kinked !== "")
    return {
      reason: "numerical",
      at: nearest,
      message:
        `The search ended without a solution: ${kinked} seems to have no derivative near this point, as at a kink of abs, max or a norm. ` +
        "The result is the best point found. Write kinks with further parameters t, p and q: −t ≤ x ≤ t, or x = p − q with p ≥ 0 " +
        "and q ≥ 0, where |x| is t or p + q, and a ≤ t, b ≤ t instead of max(a, b).",
    };
  const advice = {
    stalled:
      "Functions with kinks, such as abs and max, have no derivative there: write them as further constraints.",
    singular: "Check for constraints that repeat one another, and scale parameters to similar sizes.",
    "not-finite": "Keep parameters away from such points by bounds, or start elsewhere.",
  }[end];
  return {
    reason: "numerical",
    at: nearest,
    message: `The search ended without a solution: ${cause}. The result is its least violated point. ${advice}`,
  };
}

function show(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
