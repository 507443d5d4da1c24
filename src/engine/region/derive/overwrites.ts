// Decides whether array elements that were read are overwritten later.
import type { Polynomial } from "../../loops/polynomial.ts";
import { addPolynomials, constantPolynomial, namePolynomial, one } from "../../loops/polynomial.ts";
import type { RegionExpr, RegionFor, RegionLoop } from "../form/region.ts";
import type { LoopIndexRange, NamedBounds, NamedPolynomials } from "../form/whole-numbers.ts";
import { indexBounds, isNeverNegative, lengthAtom, onlyName, polynomialOf } from "../form/whole-numbers.ts";

/** An access to an array element. */
export interface OrderedAccess {
  readonly places: readonly RegionExpr[];
  /** Loops around the access, outermost first. */
  readonly loops: readonly RegionLoop[];
  /** Position in program text. Of two accesses, the one with the lower number is earlier. */
  readonly order: number;
}

export interface NameFacts {
  /** Expression that defines a local that never changes; `undefined` for other names. */
  readonly valueOf: (name: string) => RegionExpr | undefined;
  /** True if the value of a local or an array does not change in the whole scope. */
  readonly isFixed: (name: string) => boolean;
}

/**
 * True if no store that runs after a read overwrites the element that was read. It is proved along one axis with
 * indices that are affine in loop indices. In a table that is filled row by row, each later store has a larger row.
 */
export function isNeverOverwritten(read: OrderedAccess, store: OrderedAccess, names: NameFacts): boolean {
  let common = 0;
  while (common < store.loops.length && store.loops[common] === read.loops[common]) common++;
  const cases = Array.from({ length: common }, (_, level) => level);
  if (store.order > read.order) cases.push(common); // the same iteration of all common loops
  return cases.every((level) => differ(store, read, level, common, names));
}

/**
 * True if a store in a later iteration of loop number `level` accesses other elements than a read. Both accesses are in
 * that loop, and in the same iteration of the loops around it. If `level` equals `common`, the number of loops that
 * contain both, the store runs in the same iteration of all of them.
 */
function differ(
  store: OrderedAccess,
  read: OrderedAccess,
  level: number,
  common: number,
  names: NameFacts,
): boolean {
  const ranges: NamedBounds[] = [];
  const natural = new Set<string>();
  const [ofRead, ofStore] = [new Map<string, Polynomial>(), new Map<string, Polynomial>()];
  const enter = (loop: RegionLoop, indices: Map<string, Polynomial>, name: string): void => {
    if (loop.kind !== "for") return;
    indices.set(loop.index, namePolynomial(name));
    addRange(loop, name, indices, ranges, natural, names);
  };
  read.loops.forEach((loop, i) => {
    if (loop.kind !== "for") return;
    enter(loop, ofRead, loop.index);
    if (i < level) ofStore.set(loop.index, namePolynomial(loop.index));
  });
  store.loops.forEach((loop, i) => {
    if (i < level || loop.kind !== "for") return;
    if (i > level || level === common) return enter(loop, ofStore, `${loop.index}'`);
    // index + direction · (|step| + later), later = 0, 1, …
    const isUp = loop.step > 0 !== (loop.reverse === true);
    const later = `${loop.index}+`;
    const step = constantPolynomial(Math.abs(loop.step));
    const distance = addPolynomials(namePolynomial(later), step);
    const index = namePolynomial(loop.index);
    natural.add(later);
    const { least, greatest } = endsOf(loop, ofRead, names);
    const room = isUp
      ? greatest && addPolynomials(greatest, index, -1)
      : least && addPolynomials(index, least, -1);
    ranges.push({ name: later, least: new Map(), greatest: room && addPolynomials(room, step, -1) });
    ofStore.set(loop.index, addPolynomials(index, distance, isUp ? 1 : -1));
  });
  const isPositive = (p: Polynomial): boolean => isNotNegative(addPolynomials(p, one, -1), ranges, natural);
  return read.places.some((place, axis) => {
    const [a, b] = [
      polynomialOf(place, polynomialsOf(ofRead, names)),
      polynomialOf(store.places[axis]!, polynomialsOf(ofStore, names)),
    ];
    if (a === undefined || b === undefined) return false;
    return isPositive(addPolynomials(b, a, -1)) || isPositive(addPolynomials(a, b, -1));
  });
}

/**
 * Adds the range of a loop's index to `ranges`. Adds to `natural` the names that are at least 0 if the loop has an
 * iteration.
 */
function addRange(
  loop: RegionFor,
  name: string,
  indices: ReadonlyMap<string, Polynomial>,
  ranges: NamedBounds[],
  natural: Set<string>,
  names: NameFacts,
): void {
  const { least, greatest } = endsOf(loop, indices, names);
  if (least !== undefined && isNotNegative(least, ranges, natural)) {
    natural.add(name);
    for (const bound of [loop.from, loop.to]) {
      const p = polynomialOf(bound, polynomialsOf(indices, names));
      const only = p && onlyName(p);
      if (only !== undefined) natural.add(only);
    }
  }
  ranges.push({ name, least, greatest });
}

/** Least and greatest value of a loop index, as polynomials; `undefined` for a bound that is no polynomial. */
export function endsOf(
  loop: RegionFor,
  indices: ReadonlyMap<string, Polynomial>,
  names: NameFacts,
): LoopIndexRange {
  return indexBounds(loop, (bound) => polynomialOf(bound, polynomialsOf(indices, names)));
}

function isNotNegative(p: Polynomial, ranges: readonly NamedBounds[], natural: ReadonlySet<string>): boolean {
  return isNeverNegative(p, ranges, (name) => natural.has(name) || name.startsWith("length:"));
}

/** Polynomials of names: those in `indices` for loop indices, the polynomials of their definitions for other locals. */
function polynomialsOf(indices: ReadonlyMap<string, Polynomial>, names: NameFacts): NamedPolynomials {
  const own: NamedPolynomials = {
    local(name) {
      const index = indices.get(name);
      if (index !== undefined) return index;
      const value = names.valueOf(name);
      const known = value && polynomialOf(value, own);
      return known ?? (names.isFixed(name) ? namePolynomial(name) : undefined);
    },
    length: (array, axis) => (names.isFixed(array) ? namePolynomial(lengthAtom(array, axis)) : undefined),
  };
  return own;
}
