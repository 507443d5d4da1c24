import { zeros } from "../../array/create.ts";
import { add, mul } from "../../array/elementwise.ts";
import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { DownhillError } from "../../../engine/errors/index.ts";
import type { Tensor } from "../../../engine/ir/tensor.ts";
import { checkInit, checkUpdate, type GeneralOptimizer, type Update } from "../optimizer.ts";
import { matchParameters, readParameters, rebuild } from "../parameters.ts";
import { checkState, stepOf } from "../state.ts";
import type { Schedule } from "../schedule.ts";
import { rateAt } from "../schedule.ts";

/** State of a link that only counts updates. */
export interface StepState {
  /** Number of updates made. */
  readonly step: Tensor;
}

/**
 * Multiplies updates by `schedule(step)`, with steps counted from 0. After an optimiser in a chain it scales the steps,
 * in addition to the optimiser's own rate; before one it scales the gradients.
 *
 * @throws DownhillError `option` if the schedule is not a function.
 */
export function scaleBySchedule(schedule: Schedule): GeneralOptimizer<StepState> {
  if (arguments.length > 1) refuseExtra("scaleBySchedule", arguments, 1);
  if (typeof schedule !== "function") {
    throw new DownhillError(
      "option",
      `scaleBySchedule: needs a function of the step, got ${String(schedule)}.`,
    );
  }
  return {
    init(params) {
      checkInit("scaleBySchedule", arguments);
      readParameters("scaleBySchedule", params);
      return { step: zeros([], { dtype: "int32" }) };
    },
    update<P>(grads: P, state: StepState, params: P): Update<P, StepState> {
      checkUpdate("scaleBySchedule", arguments);
      const parameters = readParameters("scaleBySchedule", params);
      checkState("scaleBySchedule", state, { step: "needed" });
      const step = stepOf("scaleBySchedule", state);
      const scaled = matchParameters(parameters, "grads", grads).map((g) =>
        mul(g, rateAt("scaleBySchedule", schedule, step, g.dtype as "float64" | "float32", {})),
      );
      return { updates: rebuild(parameters, scaled) as P, state: { step: add(step, 1) } };
    },
  };
}
