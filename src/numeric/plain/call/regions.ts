import { scalarFunctions } from "../../../engine/prims/scalar-functions.ts";
import type { DerivedRegion, GradientResults } from "../../../engine/region/index.ts";
import { cotangents, addStep, gradient, tangent, typeOfResult } from "../../../engine/region/index.ts";
import type { Region, RegionType } from "../../../engine/region/form/region.ts";

/** What was made of regions, so that it is made once. */
const derived = new WeakMap<Region, Map<string, DerivedRegion>>();

/** A region with one step more, the same for the same region and steps. */
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
 * The derivative of a region along tangents of its `active` parameters, which follow the others; results are those of the region, then
 * the tangents of the floating ones. `masked` marks the parameters in whose tangents zeros count as those of a mask; with it, loops may have no iterations.
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

/** The gradient of the first result of a region, as `gradient` makes it. */
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

/** The results of a region, then the cotangents of its `active` parameters, from those of all results, which follow the parameters. */
export function cotangentRegion(from: DerivedRegion, active: readonly boolean[]): DerivedRegion {
  return remembered(from, `cotangents ${maskKey(active)}`, () =>
    cotangents(from.region(), active, scalarFunctions),
  );
}
