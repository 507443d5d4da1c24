import { eliminateDeadCode } from "../flat/dead-code.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { Region } from "../form/region.ts";
import { tangent } from "./tangent.ts";
import type { TransposeOptions } from "./transpose.ts";
import { transpose } from "./transpose.ts";

/**
 * Returns a region that computes results and cotangents: the transpose of the tangent. Parameters are those of the
 * region, then a cotangent per floating result. Results are those of the region, then the cotangent of each `active`
 * floating parameter, of the same type and lengths.
 *
 * @param active for each parameter, true if it gets a cotangent; integers and booleans never do.
 */
export function cotangents(
  region: Region,
  active: readonly boolean[],
  functions: ScalarFunctions,
  options: TransposeOptions = {},
): Region {
  const forward = tangent(region, active, functions, { ...options, primal: true });
  const transposed = transpose(
    forward,
    forward.params.map((_, i) => i >= region.params.length),
    forward.results.map((_, i) => i >= region.results.length),
    functions,
    options,
  );
  return { ...transposed, name: `cotangents of ${region.name}` };
}

/** Results of a gradient region, in order. `values` are all results of the region, `rest` all except the first. */
export type GradientResults = "gradient" | "gradient rest" | "values gradient";

export interface RegionGradientOptions extends TransposeOptions {
  /** Results to compute. Default: the gradient alone. */
  readonly wanted?: GradientResults | undefined;
  /**
   * Tangent region in the active parameters, which returns the results of the region before their tangents. Default:
   * built by `gradient`.
   */
  readonly along?: Region | undefined;
}

/**
 * Returns a region that computes the gradient of the first result, a floating scalar, with respect to the `active`
 * floating parameters. It has the parameters of `region`; `wanted` selects its results.
 */
export function gradient(
  region: Region,
  active: readonly boolean[],
  functions: ScalarFunctions,
  { wanted = "gradient", along, ...options }: RegionGradientOptions = {},
): Region {
  const forward = along ?? tangent(region, active, functions, { ...options, primal: true });
  const n = region.results.length;
  const first = forward.results[n]!; // the tangent of the first result, which is floating
  const isLinear = [...region.results.map(() => false), true];
  const out = transpose(
    { ...forward, results: [...forward.results.slice(0, n), first] },
    forward.params.map((_, i) => i >= region.params.length),
    isLinear,
    functions,
    { ...options, seeds: isLinear.map((is) => (is ? 1 : undefined)) },
  );
  const [values, slopes] = [out.results.slice(0, n), out.results.slice(n)];
  const results = {
    gradient: slopes,
    "gradient rest": [...slopes, ...values.slice(1)],
    "values gradient": [...values, ...slopes],
  }[wanted];
  const made: Region = { ...out, name: `gradient of ${region.name}`, results };
  return wanted === "values gradient" ? made : eliminateDeadCode(made);
}
