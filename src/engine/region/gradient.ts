import { isFloating } from "./build.ts";
import { eliminateDeadCode } from "./dead-code.ts";
import type { ScalarFunctions } from "./functions.ts";
import type { Region } from "./region.ts";
import { tangent } from "./tangent.ts";
import type { TransposeOptions } from "./transpose.ts";
import { transpose } from "./transpose.ts";

/**
 * Values and cotangents in one region: the transpose of the tangent. Its parameters are those of the region, then a cotangent for each
 * floating result; its results those of the region, then the cotangent of each `active` floating parameter, of its type and lengths.
 * With a cotangent of 1 for a single result that is the gradient.
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

/**
 * The gradient of a region whose one floating result is a scalar, in the parameters that are active, and with `value` its results in
 * front: what `cotangents` gives, of the cotangent 1.
 */
export function gradient(
  region: Region,
  active: readonly boolean[],
  functions: ScalarFunctions,
  { value = false, ...options }: TransposeOptions & { readonly value?: boolean } = {},
): Region {
  const n = region.results.length;
  const seeds = region.results.map(() => undefined);
  const back = cotangents(region, active, functions, { ...options, seeds: [...seeds, 1] });
  const results = back.results.slice(value ? 0 : n);
  return eliminateDeadCode({ ...back, name: `gradient of ${region.name}`, results });
}
