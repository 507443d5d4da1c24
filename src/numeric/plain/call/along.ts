import { type Body, runBody } from "./callable.ts";
import { tangentRegion } from "./regions.ts";
import type { Leaf } from "./templates.ts";

const elementsOf = ({ data }: Leaf): ArrayLike<number> => (typeof data === "number" ? [data] : data);
const holds = (leaf: Leaf, is: (x: number) => boolean): boolean =>
  Array.prototype.some.call(elementsOf(leaf), is);

/**
 * The values of a body, `nValues` leaves, and their tangents along a direction, which has a leaf for each `active` parameter. A 0 in a
 * direction counts as one of a mask: the derivative along it does not depend on the slope there, which may be infinite. Code that keeps
 * these zeros strong, and those of loops without iterations, is longer, so it runs only if a tangent is NaN without it.
 */
export function runAlong(
  { region, outside }: Body,
  leaves: readonly Leaf[],
  direction: readonly Leaf[],
  active: readonly boolean[],
  nValues: number,
): Leaf[] {
  const run = (masked?: readonly boolean[]): Leaf[] =>
    runBody({ region: tangentRegion(region, active, masked), outside }, leaves, direction);
  const results = run();
  const isNaN = results.map((leaf) => holds(leaf, Number.isNaN));
  const [values, tangents] = [isNaN.slice(0, nValues), isNaN.slice(nValues)];
  if (!values.includes(false) || !tangents.includes(true)) return results;
  let next = 0;
  return run(active.map((is) => is && holds(direction[next++]!, (x) => x === 0)));
}
