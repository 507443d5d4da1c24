import { asFloating } from "../../array/promote.ts";
import { broadcastTo } from "../../array/shape.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import { Tensor } from "../../../engine/ir/tensor.ts";
import { checkNumber } from "../options.ts";
import type { Schedule } from "../schedule.ts";
import { type ScheduleArithmetic, ofNumbers, ofTensorsLike } from "./arithmetic.ts";

/** A rate as a formula of the step `t`, for numbers and for tensors. */
export type ScheduleFormula = <X>(t: X, arithmetic: ScheduleArithmetic<X>) => X;

/** Builds the schedule of a formula. Steps are numbers of 0 or more, fractions included, or tensors of any shape. */
export function makeSchedule(operation: string, formula: ScheduleFormula): Schedule {
  function rate(step: number): number;
  function rate(step: Tensor): Tensor;
  function rate(step: number | Tensor): number | Tensor {
    if (arguments.length > 1) refuseExtra(operation, arguments, 1);
    if (step instanceof Tensor) {
      const t = asFloating(step, operation);
      return broadcastTo(formula(t, ofTensorsLike(t)), t.shape);
    }
    checkNumber(operation, "the step", step, { from: 0 });
    return formula(step, ofNumbers);
  }
  return rate;
}

/** A schedule of the learning rate together with one of the momentum. */
export interface CycledSchedule extends Schedule {
  /** The momentum (β₁ of Adam) at each step, which falls while the rate rises. */
  readonly momentum: Schedule;
}

/**
 * Checks that an option is a function.
 * @throws DownhillError `option` if it is not.
 */
export function checkFunction(operation: string, option: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new DownhillError(
    "option",
    `${operation}: ${option} must be a function, got ${value === null ? "null" : typeof value}.`,
  );
}
