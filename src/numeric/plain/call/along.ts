import { type RegionClosure, runBody } from "./callable.ts";
import { tangentRegion } from "./regions.ts";
import type { ValueLeaf } from "./templates.ts";

/**
 * Computes the `nValues` values of a body and their tangents along a direction, which has a leaf for each `active`
 * parameter. A 0 in a direction is a masked zero (docs/masks.md), so that the tangent does not depend on a slope there
 * that may be infinite. Code that handles masked zeros, also in loops without iterations, is longer. It therefore runs
 * only if a tangent is NaN without it.
 */
export function runAlong(
  body: RegionClosure,
  leaves: readonly ValueLeaf[],
  direction: readonly ValueLeaf[],
  active: readonly boolean[],
  nValues: number,
): ValueLeaf[] {
  const run = (masked?: readonly boolean[]): ValueLeaf[] =>
    runBody({ ...body, region: tangentRegion(body.region, active, masked) }, leaves, direction);
  const results = run();
  const [values, tangents] = [results.slice(0, nValues), results.slice(nValues)];
  if (!tangents.some(holdsNaN) || values.every(holdsNaN)) return results;
  let next = 0;
  return run(active.map((is) => is && holdsZero(direction[next++]!)));
}

function holdsNaN({ data }: ValueLeaf): boolean {
  if (typeof data === "number") return Number.isNaN(data);
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) return true;
  return false;
}

function holdsZero({ data }: ValueLeaf): boolean {
  return typeof data === "number" ? data === 0 : data.includes(0);
}
