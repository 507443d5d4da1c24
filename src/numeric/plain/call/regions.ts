import { scalarFunctions } from "../../../engine/prims/scalar-functions.ts";
import type { DerivedRegion, GradientResults } from "../../../engine/region/index.ts";
import { cotangents, addStep, gradient, tangent, typeOfResult } from "../../../engine/region/index.ts";
import type { Region, RegionType } from "../../../engine/region/form/region.ts";

/** Cache of the regions derived from each region. */
const derived = new WeakMap<Region, Map<string, DerivedRegion>>();

/**
 * Returns the region derived from another region by a step, such as a gradient. Cached by the base region and all
 * steps.
 */
function remembered(from: DerivedRegion, step: string, make: () => Region): DerivedRegion {
  let own = derived.get(from.base);
  if (own === undefined) derived.set(from.base, (own = new Map<string, DerivedRegion>()));
  const next = addStep(from, step, make);
  const found = own.get(next.steps);
  if (found === undefined) own.set(next.steps, next);
  return found ?? next;
}

const maskKey = (mask: readonly boolean[]): string => mask.map(Number).join("");

/** The types of the results of a region, in their order. */
export function resultTypes({ body, results }: Region): RegionType[] {
  return results.map((result) => typeOfResult(result, body));
}

/**
 * Region that computes the results and their tangents, given tangents of its `active` parameters. The tangents follow
 * the other parameters; results are those of the region, followed by the tangents of the floating ones. `masked` marks
 * parameters in whose tangents zeros are masked zeros; with it, loops may have no iterations.
 */
export function tangentRegion(
  from: DerivedRegion,
  active: readonly boolean[],
  masked?: readonly boolean[],
): DerivedRegion {
  const step = `tangent ${maskKey(active)}`;
  return remembered(from, masked === undefined ? step : `${step} ${maskKey(masked)}`, () =>
    tangent(from.region(), active, scalarFunctions, {
      primal: true,
      masked,
      emptyLoops: masked !== undefined,
    }),
  );
}

/**
 * Returns the region that computes the gradient of the first result, and the other results that `wanted` names. Cached.
 */
export function gradientRegion(
  from: DerivedRegion,
  active: readonly boolean[],
  wanted: GradientResults,
): DerivedRegion {
  return remembered(from, `${wanted} ${maskKey(active)}`, () =>
    gradient(from.region(), active, scalarFunctions, {
      wanted,
      along: tangentRegion(from, active).region(),
    }),
  );
}

/**
 * Region that computes the results, followed by the cotangents of the `active` parameters. The cotangents of all
 * results follow the parameters.
 */
export function cotangentRegion(from: DerivedRegion, active: readonly boolean[]): DerivedRegion {
  return remembered(from, `cotangents ${maskKey(active)}`, () =>
    cotangents(from.region(), active, scalarFunctions),
  );
}
