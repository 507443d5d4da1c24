// How many iterations a loop has at most, as is known before the loops around it: records must have room for these.
import type { NameFacts } from "./kept.ts";
import { endsOf } from "./kept.ts";
import type { Polynomial } from "./polynomial.ts";
import { atomPolynomial, constantPolynomial, isSum, leastOver, sum } from "./polynomial.ts";
import type { Loop } from "./prepare.ts";
import type { For } from "./region.ts";

/**
 * The most iterations of a loop in steps of 1, as a polynomial of fixed names: where its bounds depend on no index of the loops around
 * it, or on one index of a loop in steps of 1 and linearly, as in a triangle, so that there are at least half as many on average.
 * `undefined` elsewhere.
 *
 * @param around the loops around it, outermost first.
 */
export function mostTrips(loop: For, around: readonly Loop[], names: NameFacts): Polynomial | undefined {
  const counted = around.filter((one): one is For => one.kind === "for");
  const indices = new Map(counted.map(({ index }) => [index, atomPolynomial(index)]));
  const one = constantPolynomial(1);
  const [first, last] = endsOf(loop, indices, names);
  const trips = last && first && sum(sum(last, first, -1), one, 1);
  if (trips === undefined || Math.abs(loop.step) !== 1) return undefined;
  const [outer, ...others] = counted.filter(({ index }) =>
    [...trips.keys()].some((key) => hasAtom(key, index)),
  );
  if (outer === undefined) return trips;
  if (others.length > 0 || Math.abs(outer.step) !== 1) return undefined;
  const [least, greatest] = endsOf(outer, new Map(), names);
  const over = (p: Polynomial | undefined): Polynomial | undefined =>
    p && leastOver(p, outer.index, { least, greatest }, isLength);
  const [fewest, opposite] = [over(trips), over(sum(new Map(), trips, -1))];
  if (fewest === undefined || !isSum(fewest, isLength)) return undefined;
  return opposite && sum(new Map(), opposite, -1);
}

function hasAtom(monomial: string, atom: string): boolean {
  return monomial.split(" ").includes(atom);
}

const isLength = (atom: string): boolean => atom.startsWith("length:");
