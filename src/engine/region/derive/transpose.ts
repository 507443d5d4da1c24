// Reverse mode: the transposed statements of a region that is linear in some of its parameters, as tangents are.
import { shareCommon } from "../flat/common.ts";
import { eliminateDeadCode } from "../flat/dead-code.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { Region } from "../form/region.ts";
import { hoistInvariants } from "../flat/invariants.ts";
import { withLengths } from "../form/lengths.ts";
import type { TransposeOptions } from "./options.ts";
import { ReverseMode } from "./reverse-mode.ts";
import { flatForm } from "./tangent.ts";
import { afterPass } from "../../util/after-pass.ts";
import { spreadConstants, startSums } from "../flat/tidy.ts";

export type { TransposeOptions } from "./options.ts";

/**
 * The transpose of a region in the parameters in which it is jointly linear. Its parameters are those that are not linear, then a
 * cotangent for each linear result; its results those that are not linear, then the cotangent of each linear parameter. The transpose
 * of a tangent in its tangents computes gradients.
 *
 * What is not linear runs once, forwards; then the transposed linear statements run in reverse order. What the way back needs is there
 * still, computed again, or recorded.
 *
 * @throws DownhillError `internal` where the region is not linear in these parameters, or a linear array does not tell its lengths.
 */
export function transpose(
  region: Region,
  linear: readonly boolean[],
  linearResults: readonly boolean[],
  functions: ScalarFunctions,
  options: TransposeOptions = {},
): Region {
  const flat = flatForm(withLengths(region, linear), functions, options);
  const mode = new ReverseMode(flat, linear, linearResults, functions, options);
  const pruned = afterPass(eliminateDeadCode, mode.region());
  const hoisted = options.hoist === false ? pruned : afterPass(hoistInvariants, pruned, mode.tapes);
  const spread = afterPass(
    spreadConstants,
    options.sums === false ? hoisted : afterPass(startSums, hoisted),
    functions,
  );
  return options.common === false ? spread : afterPass(shareCommon, spread, functions);
}
