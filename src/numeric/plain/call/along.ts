import { type Body, runBody } from "./callable.ts";
import { tangentRegion } from "./regions.ts";
import type { Leaf } from "./templates.ts";

const elementsOf = ({ data }: Leaf): ArrayLike<number> => (typeof data === "number" ? [data] : data);
const holds = (leaf: Leaf, is: (x: number) => boolean): boolean =>
  Array.prototype.some.call(elementsOf(leaf), is);

/**
 * The values of a body, `nValues` leaves, and their tangents along a direction, which has a leaf for each `active` parameter. A 0 in a direction counts as
 * one of a mask: the derivative along it does not depend on the slope there, which may be infinite. Code that keeps these zeros strong is
 * longer, so it runs only if a tangent is NaN without it.
 */
export function runAlong(
  { region, outside }: Body,
  leaves: readonly Leaf[],
  direction: readonly Leaf[],
  active: readonly boolean[],
  nValues: number,
): Leaf[] {
  const run = (masked: readonly boolean[]): Leaf[] =>
    runBody({ region: tangentRegion(region, active, masked), outside }, leaves, direction);
  const results = run([]);
  const tangents = results.slice(nValues);
  if (!tangents.some((leaf) => holds(leaf, Number.isNaN))) return results;
  const hasZero = direction.map((leaf) => holds(leaf, (x) => x === 0));
  if (!hasZero.includes(true)) return results;
  let next = 0;
  return run(active.map((is) => is && hasZero[next++]!));
}
