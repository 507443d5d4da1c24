import { sub } from "../../array/elementwise.ts";
import { stack } from "../../array/shape.ts";
import { sum } from "../../array/reduce.ts";
import { DownhillError, showType } from "../../../engine/errors/index.ts";
import { Tensor, type TensorLike } from "../../../engine/ir/tensor.ts";
import { plainOf } from "../../../engine/transforms/plain.ts";
import { broadcastShapes, sameShape } from "../../../engine/util/shape.ts";
import type { ConstrainedResult } from "../minimize/minimize.ts";
import type { Constraint } from "./constraint.ts";
import { nameOf, requireRow } from "./row-functions.ts";

type AnyCost = (...given: never[]) => Tensor | number;

/** A problem whose traced limits have been replaced by further arguments of its functions. */
export interface ShiftedProblem {
  readonly f: AnyCost;
  readonly constraints: readonly Constraint[];
  /** Values of these arguments, to be passed after the user's arguments. */
  readonly limits: readonly Tensor[];
  /** Converts a result of this problem to a result of the original problem. */
  readonly restore: (result: ConstrainedResult<unknown>) => ConstrainedResult<unknown>;
}

function isTracedLimit(limit: TensorLike): limit is Tensor {
  return limit instanceof Tensor && limit.tracer !== undefined;
}

/**
 * Replaces limits that an enclosing transform traces: they are subtracted from the functions, and 0 is the limit. A function
 * between two different limits becomes two. `undefined` if no limit is traced.
 */
export function shiftTracedLimits(
  operation: string,
  f: AnyCost,
  constraints: readonly Constraint[],
): ShiftedProblem | undefined {
  if (!constraints.some(({ low, high }) => isTracedLimit(low) || isTracedLimit(high))) return undefined;
  const limits: Tensor[] = [];
  const isSplit = constraints.map(() => false);
  const argumentOf = (limit: TensorLike): ((more: readonly Tensor[]) => TensorLike) => {
    if (!isTracedLimit(limit)) return () => limit;
    const position = limits.push(limit) - 1;
    return (more) => more[position]!;
  };
  const shifted = constraints.map((constraint, k): Constraint => {
    const { low, high } = constraint;
    if (!isTracedLimit(low) && !isTracedLimit(high))
      return behindArguments(constraint, (value) => value, limits);
    const name = nameOf(constraints, k);
    const lowest = argumentOf(low);
    const highest = low === high ? lowest : argumentOf(high);
    const minus = (value: Tensor, limit: TensorLike): Tensor => {
      const shape = limit instanceof Tensor ? limit.shape : sub(limit, 0).shape;
      const fits = broadcastShapes(shape, value.shape);
      if (fits !== undefined && sameShape(fits, value.shape)) return sub(value, limit);
      throw new DownhillError(
        "shape",
        `${operation}: a limit of ${name} has shape [${shape.join(", ")}], but its values are ${showType(value.type)}. ` +
          "Give one number, or numbers of a shape that broadcasts to it.",
      );
    };
    const given = (value: unknown): Tensor => requireRow(operation, name, value);
    if (low === high)
      return behindArguments(
        { ...constraint, low: 0, high: 0 },
        (value, more) => minus(given(value), lowest(more)),
        limits,
      );
    if (low === -Infinity)
      return behindArguments(
        { ...constraint, high: 0 },
        (value, more) => minus(given(value), highest(more)),
        limits,
      );
    if (high === Infinity)
      return behindArguments(
        { ...constraint, low: 0 },
        (value, more) => minus(given(value), lowest(more)),
        limits,
      );
    isSplit[k] = true;
    // the first part is at least 0, the second one at most 0
    return behindArguments(
      { ...constraint, low: [0, -Infinity], high: [Infinity, 0] },
      (value, more) => {
        const row = given(value);
        return stack([minus(row, lowest(more)), minus(row, highest(more))], { axis: row.ndim });
      },
      limits,
    );
  });
  const call = (plainOf(f)?.overTensors ?? f) as (...xs: unknown[]) => Tensor;
  return {
    f: (params: unknown, ...all: unknown[]) => call(params, ...all.slice(0, all.length - limits.length)),
    constraints: shifted,
    limits,
    restore: (result) => ({
      ...result,
      multipliers: {
        ...result.multipliers,
        constraints: result.multipliers.constraints.map((y, k) =>
          isSplit[k] === true ? sum(y as Tensor, { axis: -1 }) : y,
        ),
      },
    }),
  };
}

/**
 * Returns the constraint with a function that takes the limits as its last arguments. It passes the value of the
 * original function, which does not receive them, and the limits through `change`.
 */
function behindArguments(
  constraint: Constraint,
  change: (value: unknown, limits: readonly Tensor[]) => unknown,
  limits: readonly Tensor[],
): Constraint {
  const f = (plainOf(constraint.f)?.overTensors ?? constraint.f) as (...xs: unknown[]) => unknown;
  return {
    ...constraint,
    f(params, ...all) {
      const own = all.length - limits.length;
      return change(f(params, ...all.slice(0, own)), all.slice(own) as Tensor[]) as Tensor;
    },
  };
}
