// Reverse mode: transposes a region that is linear in some of its parameters, as tangent regions are.
import { afterPass } from "../../util/after-pass.ts";
import { shareCommon } from "../flat/common.ts";
import { eliminateDeadCode } from "../flat/dead-code.ts";
import { hoistInvariants } from "../flat/invariants.ts";
import { propagateConstants, startSums } from "../flat/tidy.ts";
import { makeBuilder } from "../form/build.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import { replaceLengths } from "../form/lengths.ts";
import type { Region } from "../form/region.ts";
import type { TransposeOptions } from "./options.ts";
import { planReverse } from "./plan-reverse.ts";
import { makeFlatForm } from "./tangent.ts";
import { writeReverse } from "./write-reverse.ts";

export type { TransposeOptions } from "./options.ts";

/**
 * Transposes a region in the parameters in which it is jointly linear. The parameters of the transpose are those that
 * are not linear, then a cotangent per linear result. Its results are those that are not linear, then the cotangent of
 * each linear parameter. The transpose of a tangent region in its tangents computes gradients.
 *
 * Statements that are not linear run once, in the forward pass. Then the transposed linear statements run in reverse
 * order.
 *
 * @throws DownhillError `internal` if the region is not linear in these parameters, or a linear array parameter has no
 *   `lengths`.
 */
export function transpose(
  region: Region,
  linear: readonly boolean[],
  linearResults: readonly boolean[],
  functions: ScalarFunctions,
  options: TransposeOptions = {},
): Region {
  const flat = makeFlatForm(replaceLengths(region, linear), functions, options);
  const build = makeBuilder(flat, functions);
  const plan = planReverse(flat, linear, linearResults, build, options);
  const pruned = afterPass(eliminateDeadCode, writeReverse(plan, build));
  const hoisted = options.hoist === false ? pruned : afterPass(hoistInvariants, pruned, plan.tapes);
  const summed = options.sums === false ? hoisted : afterPass(startSums, hoisted);
  const spread = afterPass(propagateConstants, summed, functions);
  return options.common === false ? spread : afterPass(shareCommon, spread, functions);
}
