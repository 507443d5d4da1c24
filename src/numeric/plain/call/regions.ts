import { scalarFunctions } from "../../../engine/prims/scalar-functions.ts";
import type { GradientResults } from "../../../engine/region/gradient.ts";
import { cotangents, gradient } from "../../../engine/region/gradient.ts";
import type { Region, RegionType } from "../../../engine/region/region.ts";
import { tangent, typeOfResult } from "../../../engine/region/tangent.ts";

/** What was made of regions, so that it is made once. */
const derived = new WeakMap<Region, Map<string, Region>>();

function remembered(region: Region, key: string, make: () => Region): Region {
  let own = derived.get(region);
  if (own === undefined) derived.set(region, (own = new Map<string, Region>()));
  let found = own.get(key);
  if (found === undefined) own.set(key, (found = make()));
  return found;
}

const maskKey = (mask: readonly boolean[]): string => mask.map(Number).join("");

/** The types of the results of a region, in their order. */
export function resultTypes({ body, results }: Region): RegionType[] {
  return results.map((result) => typeOfResult(result, body));
}

/**
 * The derivative of a region along tangents of its `active` parameters, which follow the others; results are those of the region, then
 * the tangents of the floating ones.
 */
export function tangentRegion(region: Region, active: readonly boolean[]): Region {
  return remembered(region, `tangent ${maskKey(active)}`, () =>
    tangent(region, active, scalarFunctions, { primal: true }),
  );
}

/** The gradient of the first result of a region, as `gradient` makes it. */
export function gradientRegion(region: Region, active: readonly boolean[], wanted: GradientResults): Region {
  return remembered(region, `${wanted} ${maskKey(active)}`, () =>
    gradient(region, active, scalarFunctions, { wanted, along: tangentRegion(region, active) }),
  );
}

/** The results of a region, then the cotangents of its `active` parameters, from those of all results, which follow the parameters. */
export function cotangentRegion(region: Region, active: readonly boolean[]): Region {
  return remembered(region, `cotangents ${maskKey(active)}`, () =>
    cotangents(region, active, scalarFunctions),
  );
}
