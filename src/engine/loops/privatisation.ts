// Detects arrays that each iteration of a loop could have as a private copy, because it reads only elements that it
// wrote before.
import { bindingsOf } from "../kernel/uses.ts";
import type { ElementAccess, DependenceFacts, IndexedLoop } from "./dependence.ts";
import { madeIn } from "./dependence.ts";
import type { Polynomial } from "./polynomial.ts";
import type { PolynomialContext } from "./index-polynomial.ts";
import { hasName, namesIn, renamed, samePolynomial } from "./polynomial.ts";
import { polynomialOf } from "./index-polynomial.ts";
import type { ForStmt } from "../kernel/scalar.ts";

/**
 * True if each iteration of a loop writes the same elements of a buffer, unconditionally, and reads only elements that
 * it has written. Each iteration may then use a private copy of the buffer; only the last one must use the buffer
 * itself.
 *
 * @param list accesses of an iteration to the buffer, in order.
 * @param length number of elements of the array in the buffer; `undefined` if unknown.
 */
export function isPrivate(
  facts: DependenceFacts,
  loop: ForStmt,
  list: readonly ElementAccess[],
  length: Polynomial | undefined,
): boolean {
  const made = madeIn(facts, loop);
  const { declared } = bindingsOf(loop.body);
  const isSteady = ({ index, isSure, loops }: ElementAccess): boolean => {
    if (!isSure || index === undefined || hasName(index, loop.index)) return false;
    const within = new Set<string>();
    return loops.every((inner) => {
      const ends = endsOf(inner, made);
      const isSame = (name: string): boolean =>
        name !== loop.index && (within.has(name) || !declared.has(name));
      const isTold = ends !== undefined && ends.every((end) => namesIn(end).every(isSame));
      within.add(inner.index);
      return isTold;
    });
  };
  return list.every((access, i) =>
    access.isStore
      ? isSteady(access)
      : list.slice(0, i).some((before) => before.isStore && covers(before, access, made, length)),
  );
}

/** Bounds of a loop; `undefined` if they are not polynomials. */
function endsOf(
  { from, to }: IndexedLoop,
  made: PolynomialContext,
): readonly [Polynomial, Polynomial] | undefined {
  const [first, end] = [polynomialOf(from, made), polynomialOf(to, made)];
  return first === undefined || end === undefined ? undefined : [first, end];
}

/** True if an earlier `store` of the same iteration certainly writes all elements that `read` reads. */
function covers(
  store: ElementAccess,
  read: ElementAccess,
  made: PolynomialContext,
  length: Polynomial | undefined,
): boolean {
  const place = store.index;
  if (place === undefined) return false;
  let common = 0;
  while (common < store.loops.length && store.loops[common] === read.loops[common]) common++;
  const [own, others] = [store.loops.slice(common), read.loops.slice(common)];
  const [all] = own;
  if (all !== undefined && own.length === 1 && length !== undefined) {
    // a loop over the whole array
    const ends = endsOf(all, made);
    const isIndex = samePolynomial(place, new Map([[all.index, 1]]));
    if (isIndex && ends?.[0].size === 0 && samePolynomial(ends[1], length)) return true;
  }
  const { index } = read;
  if (index === undefined) return false;
  const matches = (
    left: readonly IndexedLoop[],
    free: readonly IndexedLoop[],
    names: ReadonlyMap<string, string>,
  ): boolean => {
    const [first, ...rest] = left;
    if (first === undefined) return samePolynomial(renamed(place, names), index);
    const ends = endsOf(first, made);
    return free.some((other) => {
      const same = endsOf(other, made);
      const isSame = ends?.every((end, k) => same !== undefined && samePolynomial(renamed(end, names), same[k]!)); // prettier-ignore
      const unmatched = free.filter((one) => one !== other);
      return isSame === true && matches(rest, unmatched, new Map([...names, [first.index, other.index]]));
    });
  };
  return matches(own, others, new Map());
}
