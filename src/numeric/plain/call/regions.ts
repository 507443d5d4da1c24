import { scalarFunctions } from "../../../engine/prims/scalar-functions.ts";
import { eliminateDeadCode } from "../../../engine/region/dead-code.ts";
import type { Region, RegionType } from "../../../engine/region/region.ts";
import { tangent, typeOfResult } from "../../../engine/region/tangent.ts";
import { transpose } from "../../../engine/region/transpose.ts";

/** Whether a number of this type has a derivative. */
export const isFloating = (type: RegionType): boolean => type === "f64" || type === "f32";

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

/** Which results of a gradient are wanted, in their order: `rest` are the results of the region but for the first. */
export type GradientResults = "gradient" | "gradient rest" | "values gradient";

/**
 * The gradient of the first result of a region, a floating scalar, in its `active` parameters, which are floating: an entry for each in
 * order. Parameters are those of the region.
 */
export function gradientRegion(region: Region, active: readonly boolean[], wanted: GradientResults): Region {
  return remembered(region, `${wanted} ${maskKey(active)}`, () => {
    const along = tangentRegion(region, active);
    const n = region.results.length;
    const first = along.results[n]!; // the tangent of the first result, for that is floating
    const linear = along.params.map((_, i) => i >= region.params.length);
    const both: Region = { ...along, results: [...along.results.slice(0, n), first] };
    const isLinear = both.results.map((_, i) => i === n);
    const seeds = isLinear.map((is) => (is ? 1 : undefined));
    const out = transpose(both, linear, isLinear, scalarFunctions, { seeds });
    const [values, gradient] = [out.results.slice(0, n), out.results.slice(n)];
    const results = {
      gradient,
      "gradient rest": [...gradient, ...values.slice(1)],
      "values gradient": [...values, ...gradient],
    }[wanted];
    const made: Region = { ...out, name: `gradient of ${region.name}`, results };
    return wanted === "values gradient" ? made : eliminateDeadCode(made);
  });
}
