// Upper bounds of trip counts that are known before the outermost loop, for the lengths of tapes.
import type { NameFacts } from "./overwrites.ts";
import { endsOf } from "./overwrites.ts";
import type { Polynomial } from "../../loops/polynomial.ts";
import { addPolynomials, hasName, namePolynomial, one } from "../../loops/polynomial.ts";
import type { RegionFor, RegionLoop } from "../form/region.ts";
import { isSum, leastOver } from "../form/whole-numbers.ts";

/**
 * Upper bound of the trip count of a loop with step ±1, as a polynomial of names that do not change. The bounds of the
 * loop may depend linearly on the index of one enclosing loop with step ±1, as in a triangle. The average trip count is
 * then at least half of the bound. `undefined` for other loops.
 *
 * @param around enclosing loops, outermost first.
 */
export function boundTrips(
  loop: RegionFor,
  around: readonly RegionLoop[],
  names: NameFacts,
): Polynomial | undefined {
  const counted = around.filter((outer): outer is RegionFor => outer.kind === "for");
  const indices = new Map(counted.map(({ index }) => [index, namePolynomial(index)]));
  const { least: first, greatest: last } = endsOf(loop, indices, names);
  const trips = last && first && addPolynomials(addPolynomials(last, first, -1), one);
  if (trips === undefined || Math.abs(loop.step) !== 1) return undefined;
  const [outer, ...others] = counted.filter(({ index }) => hasName(trips, index));
  if (outer === undefined) return trips;
  if (others.length > 0 || Math.abs(outer.step) !== 1) return undefined;
  const range = { name: outer.index, ...endsOf(outer, new Map(), names) };
  const [fewest, opposite] = [trips, addPolynomials(new Map(), trips, -1)].map((p) =>
    leastOver(p, range, isLength),
  );
  if (fewest === undefined || !isSum(fewest, isLength)) return undefined;
  return opposite && addPolynomials(new Map(), opposite, -1);
}

const isLength = (name: string): boolean => name.startsWith("length:");
