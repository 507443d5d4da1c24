import { tensor } from "../../array/create.ts";
import { reshape } from "../../array/shape.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { plainOf } from "../../../engine/transforms/plain.ts";
import { type Shape, sizeOf } from "../../../engine/util/shape.ts";
import type { FlatParameters } from "../minimize/problem.ts";
import type { BoxBounds } from "../minimize/walls.ts";
import { multiplyColumns } from "../../sparse/matrix/products.ts";
import { optimalityErrors, slacksOf } from "./barrier.ts";
import type { Constraint } from "./constraint.ts";
import { linearise, type PrimalDual } from "./nonlinear-program.ts";
import {
  rescaleMultipliers,
  type RowProgram,
  type Scaling,
  slackForm,
  type SlackForm,
} from "./slack-form.ts";
import { unitScaling } from "./scaling.ts";

/**
 * Lagrange multipliers at a result. With them `∇cost + Σ multiplier · ∇constraint + bounds = 0`. A multiplier is
 * positive if an upper limit is active, negative if a lower one is, and 0 otherwise. When a limit rises by a small δ,
 * the least cost falls by δ · multiplier.
 */
export interface Multipliers<P = unknown> {
  /**
   * One per constraint in the given order, with the shape of its values. For plain functions, numbers and flat arrays.
   */
  readonly constraints: readonly (Tensor | number | Float64Array)[];
  /** Multipliers of the bounds `low` and `high`, in the structure of the parameters. */
  readonly bounds: P;
}

/** One iteration of a search under constraints. */
export interface ConstrainedIteration {
  readonly iteration: number;
  readonly value: number;
  /** Largest unscaled violation of a constraint. */
  readonly violation: number;
  /** E₀ of the scaled problem, which is compared with `gradientTolerance`. */
  readonly optimality: number;
  /** Barrier parameter μ. */
  readonly barrier: number;
  /** Fraction of the Newton step that was taken. */
  readonly step: number;
  /** Multiple of the identity that was added to the Hessian. */
  readonly regularisation: number;
  /** `restoration` while the search only minimises the violation. */
  readonly phase: "search" | "restoration";
}

/** Values, errors and multipliers of the unscaled problem at a result. */
export interface Assessment {
  readonly x: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly violation: number;
  readonly optimality: number;
  /** Multipliers, one per row (`rows`) and one per parameter (`bounds`). */
  readonly rows: Float64Array;
  readonly bounds: Float64Array;
}

/** Evaluates values, errors and multipliers of the unscaled problem, given a point of the scaled one. */
export function assess(
  program: RowProgram,
  form: SlackForm,
  scaling: Scaling,
  box: BoxBounds,
  limits: BoxBounds,
  at: PrimalDual,
): Assessment {
  const x = form.parameters(at.x);
  const unscaled = slackForm(program, x, box, limits, unitScaling(limits.low.length));
  const { value, rows: all } = program.values(x);
  const v = unscaled.variables(x, all);
  const dual = rescaleMultipliers(unscaled, at, scaling, v);
  const values = unscaled.values(v);
  const point = linearise(unscaled, v, values);
  const { total } = optimalityErrors(point, dual, slacksOf(unscaled, v), 0);
  const rows = new Float64Array(limits.low.length);
  unscaled.rows.forEach((j, e) => (rows[j] = dual.y[e]!));
  const gradient = program.gradient(x);
  const bounds = new Float64Array(x.length);
  unscaled.free.forEach((i, k) => (bounds[i] = dual.high[k]! - dual.low[k]!));
  if (unscaled.free.length < x.length) {
    const { pattern, values: entries } = program.jacobian(x);
    const slope = gradient.slice();
    multiplyColumns(pattern.rowPointers, pattern.columns, entries, rows, slope);
    for (let i = 0; i < x.length; i++) if (box.low[i] === box.high[i]) bounds[i] = -slope[i]!;
  }
  return {
    x,
    value,
    gradient,
    violation: unscaled.violation(v, values.residuals),
    optimality: total,
    rows,
    bounds,
  };
}

/** Evaluates violation and optimality of the unscaled problem for given multipliers by row and by parameter. */
export function assessAt(
  program: RowProgram,
  box: BoxBounds,
  limits: BoxBounds,
  { x, rows, bounds }: Pick<Assessment, "x" | "rows" | "bounds">,
): Assessment {
  const form = slackForm(program, x, box, limits, unitScaling(limits.low.length));
  const v = form.variables(x, program.values(x).rows);
  const [low, high] = [new Float64Array(v.length), new Float64Array(v.length)];
  form.free.forEach((i, k) => {
    low[k] = Math.max(-bounds[i]!, 0);
    high[k] = Math.max(bounds[i]!, 0);
  });
  const y = Float64Array.from(form.rows, (j) => rows[j]!);
  const scaling = unitScaling(limits.low.length);
  return assess(program, form, scaling, box, limits, { x: v, y, low, high });
}

/**
 * Evaluates the problem at a minimum that was found without its constraints. Their multipliers are 0, and those of
 * active bounds balance the gradient.
 */
export function assessFree(
  program: RowProgram,
  box: BoxBounds,
  limits: BoxBounds,
  x: Float64Array,
): Assessment {
  const gradient = program.gradient(x);
  const bounds = gradient.map((g, i) => ((g > 0 ? x[i] === box.low[i] : x[i] === box.high[i]) ? -g : 0));
  return assessAt(program, box, limits, { x, rows: new Float64Array(limits.low.length), bounds });
}

/** The record of an assessed point in the history of a search without steps. */
export function recordOf(
  { value, violation, optimality }: Assessment,
  iteration: number,
): ConstrainedIteration {
  return { iteration, value, violation, optimality, barrier: 0, step: 0, regularisation: 0, phase: "search" };
}

/** Converts multipliers to the shapes of the constraints and to the structure of the parameters. */
export function shapeMultipliers(
  flat: FlatParameters,
  constraints: readonly Constraint[],
  shapes: readonly Shape[],
  { rows, bounds }: Pick<Assessment, "rows" | "bounds">,
): Multipliers {
  let at = 0;
  return {
    constraints: constraints.map(({ f }, k) => {
      const part = rows.slice(at, (at += sizeOf(shapes[k]!)));
      if (plainOf(f) !== undefined) return shapes[k]!.length === 0 ? part[0]! : part;
      return reshape(tensor(part), shapes[k]!);
    }),
    bounds: flat.fromVector(bounds),
  };
}
