import { tensor } from "../../numeric/array/create.ts";
import { add, maximum, mul, sub } from "../../numeric/array/elementwise.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { Tensor } from "../../engine/ir/tensor.ts";
import { grad } from "../../engine/transforms/index.ts";
import type { Constraint, ConstrainedResult } from "../../numeric/optim/index.ts";
import { finish } from "../../numeric/optim/minimize/stop.ts";
import type { Landscape, Point } from "./landscape.ts";

/** A constraint of a race, at the result of the search under constraints. */
export interface RaceConstraint {
  readonly name: string;
  /** Limits of the function; equal for an equality. */
  readonly low: number;
  readonly high: number;
  /** The limited function of a point: a scalar. */
  readonly value: (point: Tensor) => Tensor;
  readonly multiplier: number;
  /** True for an equality, and for an inequality whose limit keeps the result from moving further. */
  readonly isActive: boolean;
  /** −multiplier · gradient: the force of the constraint on the result. */
  readonly force: Point;
}

/** The feasible region of a race, and the solution in it. */
export interface RaceRegion {
  readonly constraints: readonly RaceConstraint[];
  /** Points of the search under constraints, one per iteration. */
  readonly path: readonly Point[];
  readonly result: Point;
  readonly value: number;
  /** Verdict of the search, and its explanation. */
  readonly reason: string;
  readonly message: string;
  /** −gradient of the landscape at the result: the force that the constraints balance. */
  readonly pull: Point;
}

/**
 * A constraint that is an inequality counts as inactive if its force is below this fraction of the largest force (or of
 * 1, if that is larger).
 */
const leastForce = 1e-6;

/**
 * Solves a landscape under constraints.
 *
 * @throws DownhillError `shape` for constraints of more than one value, `option` for a landscape with one coordinate.
 */
export function solveRegion(
  landscape: Landscape,
  start: Point,
  given: readonly Constraint<Tensor, []>[],
): RaceRegion {
  if (landscape.coordinates.length < 2)
    throw new DownhillError(
      "option",
      "race: constraints need a landscape with two or more coordinates. Bound one coordinate by its domain.",
    );
  const limits = given.map((constraint, k) => readLimits(constraint, k, start));
  const path: Point[] = [];
  // the constraints carry their solver, so that races without them do not contain it
  const search = given[0]!.solvers.minimize("race", landscape.value, {
    constraints: given,
    callback: ({ params }: { readonly params: Tensor }) => void path.push(params.tolist() as number[]),
  });
  const found = finish(search(tensor([...start]), [])) as ConstrainedResult<Tensor>;
  const at = found.params;
  const forces = given.map((_, k) => {
    const multiplier = (found.multipliers.constraints[k] as Tensor).item();
    const gradient = grad(limits[k]!.value)(at).tolist() as number[];
    return { multiplier, force: gradient.map((g) => -multiplier * g + 0) };
  });
  const pull = (found.gradient!.tolist() as number[]).map((g) => -g + 0);
  const largest = Math.max(length(pull), ...forces.map(({ force }) => length(force)));
  return {
    constraints: limits.map((limit, k) => ({
      ...limit,
      ...forces[k]!,
      isActive: limit.low === limit.high || length(forces[k]!.force) > leastForce * Math.max(1, largest),
    })),
    path,
    result: at.tolist() as number[],
    value: found.value,
    reason: found.reason,
    message: found.message,
    pull,
  };
}

function readLimits(
  { name, low, high, f }: Constraint<Tensor, []>,
  k: number,
  start: Point,
): Pick<RaceConstraint, "name" | "low" | "high" | "value"> {
  const value = f as (point: Tensor) => Tensor;
  const title = name ?? `constraint ${k + 1}`;
  const isScalar = [value(tensor([...start])), tensor(low), tensor(high)].every(
    (x) => x instanceof Tensor && x.ndim === 0,
  );
  if (!isScalar)
    throw new DownhillError(
      "shape",
      `race: ${title} must be a scalar with scalar limits, to be drawn as one curve. Pass one constraint per value.`,
    );
  return { name: title, low: tensor(low).item(), high: tensor(high).item(), value };
}

function length(v: Point): number {
  return Math.hypot(...v);
}

/** Violation of a constraint at a point: above 0 outside of its region, below 0 inside. */
export function excessOf(
  { low, high, value }: Pick<RaceConstraint, "low" | "high" | "value">,
  point: Tensor,
): Tensor {
  const at = value(point);
  if (low === -Infinity) return sub(at, high);
  return high === Infinity ? sub(low, at) : maximum(sub(at, high), sub(low, at));
}

/**
 * The landscape plus an exact penalty: a multiple, above all multipliers, of the violations. Its minimum is the solution
 * under constraints, so that optimisers without constraints can be compared on it.
 *
 * @see Nocedal, Wright, Numerical optimization, 2nd edition, 2006, section 17.2.
 */
export function withPenalty(landscape: Landscape, { constraints }: RaceRegion): (point: Tensor) => Tensor {
  const weight = 2 * Math.max(...constraints.map(({ multiplier }) => Math.abs(multiplier)), 0.5);
  return (point) =>
    constraints.reduce(
      (total, constraint) => add(total, mul(weight, maximum(excessOf(constraint, point), 0))),
      landscape.value(point),
    );
}
