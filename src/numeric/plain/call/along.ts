import { type Body, runBody } from "./callable.ts";
import { tangentRegion } from "./regions.ts";
import type { Leaf } from "./templates.ts";

/**
 * The values of a body, `nValues` leaves, and their tangents along a direction, which has a leaf for each `active` parameter. A 0 in a
 * direction counts as one of a mask: the derivative along it does not depend on the slope there, which may be infinite. Code that keeps
 * these zeros strong, and those of loops without iterations, is longer, so it runs only if a tangent is NaN without it.
 */
export function runAlong(
  body: Body,
  leaves: readonly Leaf[],
  direction: readonly Leaf[],
  active: readonly boolean[],
  nValues: number,
): Leaf[] {
  const run = (masked?: readonly boolean[]): Leaf[] =>
    runBody({ ...body, region: tangentRegion(body.region, active, masked) }, leaves, direction);
  const results = run();
  const [values, tangents] = [results.slice(0, nValues), results.slice(nValues)];
  if (!tangents.some(holdsNaN) || values.every(holdsNaN)) return results;
  let next = 0;
  return run(active.map((is) => is && holdsZero(direction[next++]!)));
}

function holdsNaN({ data }: Leaf): boolean {
  if (typeof data === "number") return Number.isNaN(data);
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) return true;
  return false;
}

function holdsZero({ data }: Leaf): boolean {
  return typeof data === "number" ? data === 0 : data.includes(0);
}
