import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { type Shape, sizeOf } from "../../../engine/util/shape.ts";
import type { ConstrainedResult } from "../minimize/minimize.ts";
import { type FlatParameters, flatParameters } from "../minimize/problem.ts";
import { isAllFinite } from "../vector.ts";
import type { PrimalDual } from "./nonlinear-program.ts";
import type { Scaling, SlackForm } from "./slack-form.ts";

/** Multipliers of an earlier solution, by row and by parameter. */
export interface EarlierMultipliers {
  readonly rows: Float64Array;
  readonly bounds: Float64Array;
}

/** A result, or a function that returns one, as the option `warmStart`. */
export type WarmStart = ConstrainedResult<unknown> | (() => ConstrainedResult<unknown> | undefined);

/**
 * Parameters and multipliers of the option `warmStart`; `undefined` without it, and for results that are not finite.
 *
 * @throws DownhillError `option` for anything but a result with constraints, `shape` if its sizes differ.
 */
export function readWarmStart(
  flat: FlatParameters,
  f: unknown,
  shapes: readonly Shape[],
  given: unknown,
): (EarlierMultipliers & { readonly x: Float64Array }) | undefined {
  const { operation } = flat.parameters;
  const earlier = (typeof given === "function" ? (given as () => unknown)() : given) as
    ConstrainedResult<unknown> | undefined;
  if (earlier === undefined) return undefined;
  const list = (earlier as Partial<typeof earlier> | null)?.multipliers?.constraints;
  if (!Array.isArray(list))
    throw new DownhillError(
      "option",
      `${operation}: warmStart must be an earlier result of this problem, with multipliers, or a function that returns one.`,
    );
  const vector = (tree: unknown): Float64Array => flatParameters(operation, tree, f).start;
  const rows = Float64Array.from((list as ConstrainedResult<unknown>["multipliers"]["constraints"]).flatMap(numbersOf)); // prettier-ignore
  const [x, bounds] = [vector(earlier.params), vector(earlier.multipliers.bounds)];
  const count = shapes.reduce((total, shape) => total + sizeOf(shape), 0);
  if (x.length !== flat.start.length || bounds.length !== x.length || rows.length !== count)
    throw new DownhillError(
      "shape",
      `${operation}: warmStart has ${x.length} parameters and ${rows.length} multipliers of constraints, but the problem has ` +
        `${flat.start.length} and ${count}. Pass a result of the same problem.`,
    );
  return [x, rows, bounds].every(isAllFinite) ? { x, rows, bounds } : undefined;
}

function numbersOf(multiplier: Tensor | number | Float64Array): readonly number[] {
  if (typeof multiplier === "number") return [multiplier];
  return [...((multiplier instanceof Tensor ? multiplier.data() : multiplier) as Float64Array)];
}

/** Converts earlier multipliers of a problem to multipliers in the slack form of the scaled problem. */
export function scaledMultipliers(
  { free, rows, slackOf, low: bounds }: SlackForm,
  scaling: Scaling,
  earlier: EarlierMultipliers,
): Omit<PrimalDual, "x"> {
  const [low, high] = [new Float64Array(bounds.length), new Float64Array(bounds.length)];
  const put = (i: number, force: number): void => {
    low[i] = Math.max(-force, 0);
    high[i] = Math.max(force, 0);
  };
  free.forEach((i, k) => put(k, earlier.bounds[i]! * scaling.objective));
  const y = Float64Array.from(rows, (j) => (earlier.rows[j]! * scaling.objective) / scaling.rows[j]!);
  slackOf.forEach((s, e) => {
    if (s >= 0) put(s, y[e]!);
  });
  return { y, low, high };
}
