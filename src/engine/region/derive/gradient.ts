import { isFloating } from "../form/build.ts";
import { eliminateDeadCode } from "../flat/dead-code.ts";
import type { ScalarFunctions } from "../form/functions.ts";
import type { Region } from "../form/region.ts";
import { tangent } from "./tangent.ts";
import type { TransposeOptions } from "./transpose.ts";
import { transpose } from "./transpose.ts";

/**
 * Values and cotangents in one region: the transpose of the tangent. Its parameters are those of the region, then a cotangent for each
 * floating result; its results those of the region, then the cotangent of each `active` floating parameter, of its type and lengths.
 *
 * @param active whether a parameter gets a cotangent, one each; integers and booleans never do.
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

/** Whether a region's parameters have derivatives: all floating ones. */
export function floatingParams({ params }: Region): boolean[] {
  return params.map(({ type }) => isFloating(type));
}

/** Which results of a gradient are wanted, in their order: `rest` are the results of the region but for the first. */
export type GradientResults = "gradient" | "gradient rest" | "values gradient";

/** A gradient that is wanted, and what of it is made already. */
export interface GradientOptions extends TransposeOptions {
  /** By default the gradient alone. */
  readonly wanted?: GradientResults | undefined;
  /** The tangent of the region in the parameters that are active, with its results in front. */
  readonly along?: Region | undefined;
}

/**
 * The gradient of the first result of a region, a floating scalar, in its `active` parameters, which are floating: an entry for each in
 * order. Parameters are those of the region.
 */
export function gradient(
  region: Region,
  active: readonly boolean[],
  functions: ScalarFunctions,
  { wanted = "gradient", along, ...options }: GradientOptions = {},
): Region {
  const forward = along ?? tangent(region, active, functions, { ...options, primal: true });
  const n = region.results.length;
  const first = forward.results[n]!; // the tangent of the first result, for that is floating
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
