import { internalError } from "../../../engine/errors/index.ts";
import { largest } from "../vector.ts";
import type { InteriorIterate, InteriorOutcome } from "./interior-point.ts";

/** Reason why a search under constraints stopped by its own rules. */
export type ConstrainedReason = "solved" | "acceptable" | "infeasible" | "unbounded" | "numerical";

/** Result of judging a search, and the iterate that it is about. */
export interface Verdict {
  readonly reason: ConstrainedReason;
  readonly message: string;
  readonly iterate: InteriorIterate;
}

/** Outcome of a search with the measures that decide about it. */
export interface Judged {
  readonly outcome: InteriorOutcome;
  /** Iterate of the least error outside of restorations. */
  readonly best: InteriorIterate;
  /** Largest unscaled violation at an iterate. */
  readonly violation: (at: InteriorIterate) => number;
  /** Size of the forces of constraints relative to that of the objective at an iterate. */
  readonly cancellation: (at: InteriorIterate) => number;
  readonly tolerance: number;
  readonly constraintTolerance: number;
  /** Names of the constraints and bounds with a share in a conflict. */
  readonly conflicts: () => string;
}

/** Factor of the tolerances within which a result is `acceptable`. */
const acceptableFactor = 100;
/** Forces of constraints, relative to that of the objective, from which multipliers count as divergent. */
const divergentForce = 1e4;
/** Violation relative to the size of diverging parameters that still counts as feasible. */
const divergingViolation = 1e-6;

/** Judges the outcome of an interior point search. */
export function judge(judged: Judged): Verdict {
  const { outcome, violation } = judged;
  const { end, last } = outcome;
  switch (end) {
    case "optimal":
      return optimalVerdict(last, judged.cancellation(last));
    case "infeasible":
      return {
        reason: "infeasible",
        iterate: last,
        message:
          `No nearby point satisfies the constraints: this point is stationary for the sum of the violations, with a largest violation of ${show(violation(last))}. ` +
          `${judged.conflicts()} For constraints that are not convex, another start may lead to a feasible point.`,
      };
    case "unbounded": {
      const isFeasible = violation(last) <= divergingViolation * Math.max(1, largest(last.at.x));
      return {
        reason: isFeasible ? "unbounded" : "numerical",
        iterate: last,
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

function optimalVerdict(last: InteriorIterate, cancellation: number): Verdict {
  if (last.errors.dualScale === 1 || cancellation < divergentForce)
    return {
      reason: "solved",
      iterate: last,
      message: "The optimality conditions hold within the tolerances.",
    };
  return {
    reason: "acceptable",
    iterate: last,
    message:
      "The optimality conditions hold only relative to the size of the multipliers, which diverge: at this point the gradients of the " +
      "active constraints do not determine multipliers (no constraint qualification), as for complementarity constraints.",
  };
}

function stalledVerdict(
  { outcome, best, violation, cancellation, tolerance, constraintTolerance }: Judged,
  end: "stalled" | "singular" | "not-finite",
): Verdict {
  const cause = {
    stalled: "no step improves value or violation any more, up to rounding",
    singular: "the equations of a step could not be solved",
    "not-finite": "a derivative is not a finite number",
  }[end];
  if (best.errors.total <= tolerance && violation(best) <= constraintTolerance)
    return optimalVerdict(best, cancellation(best));
  const rounding = 2 ** -50 * largest(best.at.x);
  const isAcceptable =
    best.errors.total <= acceptableFactor * tolerance + rounding &&
    violation(best) <= acceptableFactor * constraintTolerance + rounding;
  if (isAcceptable)
    return {
      reason: "acceptable",
      iterate: best,
      message: `The optimality conditions hold within ${acceptableFactor} times the tolerances; ${cause}.`,
    };
  const advice = {
    stalled:
      "Functions with kinks, such as abs and max, have no derivative there: write them as further constraints.",
    singular: "Check for constraints that repeat one another, and scale parameters to similar sizes.",
    "not-finite": "Keep parameters away from such points by bounds, or start elsewhere.",
  }[end];
  return {
    reason: "numerical",
    iterate: outcome.last,
    message: `The search ended without a solution: ${cause}. ${advice}`,
  };
}

function show(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
