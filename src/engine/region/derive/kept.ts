// Which elements that were read are still what they were once all has gone forwards: nothing stores to them any more.
import type { Polynomial } from "../../loops/polynomial.ts";
import { addPolynomials, constantPolynomial, namePolynomial, one } from "../../loops/polynomial.ts";
import type { Loop } from "./prepare.ts";
import type { For, RegionExpr } from "../form/region.ts";
import type { Bounds, NamedBounds, NamedPolynomials } from "../form/whole-numbers.ts";
import { indexBounds, isNeverNegative, lengthAtom, onlyName, polynomialOf } from "../form/whole-numbers.ts";

/** An access to an array at some places, in loops, the outermost first; `order` says which of two comes first in the text. */
export interface PlacedAccess {
  readonly places: readonly RegionExpr[];
  readonly loops: readonly Loop[];
  readonly order: number;
}

/** What is known of names. */
export interface NameFacts {
  /** What an immutable local was declared as. */
  readonly valueOf: (name: string) => RegionExpr | undefined;
  /** Whether a local or an array is the same whenever it is read. */
  readonly isFixed: (name: string) => boolean;
}

/**
 * Whether a store never meets, in what runs after a read, an element that the read has read. That is seen where places along some axis are
 * affine in indices, as those of tables are that are filled row by row: whatever is stored later lies further on.
 */
export function neverMeets(store: PlacedAccess, read: PlacedAccess, names: NameFacts): boolean {
  let common = 0;
  while (common < store.loops.length && store.loops[common] === read.loops[common]) common++;
  const cases = Array.from({ length: common }, (_, level) => level);
  if (store.order > read.order) cases.push(common); // in the same iteration of all loops around both
  return cases.every((level) => areApart(store, read, level, common, names));
}

/** Whether places differ where the store is in a later iteration of the loop of this level, or of none, and in the same ones further out. */
function areApart(
  store: PlacedAccess,
  read: PlacedAccess,
  level: number,
  common: number,
  names: NameFacts,
): boolean {
  const ranges: NamedBounds[] = [];
  const natural = new Set<string>();
  const [ofRead, ofStore] = [new Map<string, Polynomial>(), new Map<string, Polynomial>()];
  const enter = (loop: Loop, indices: Map<string, Polynomial>, name: string): void => {
    if (loop.kind !== "for") return;
    indices.set(loop.index, namePolynomial(name));
    noteRange(loop, name, indices, ranges, natural, names);
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
      polynomialOf(place, named(ofRead, names)),
      polynomialOf(store.places[axis]!, named(ofStore, names)),
    ];
    if (a === undefined || b === undefined) return false;
    return isPositive(addPolynomials(b, a, -1)) || isPositive(addPolynomials(a, b, -1));
  });
}

/** Notes between which ends an index lies, and what cannot be negative where there is an iteration. */
function noteRange(
  loop: For,
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
      const p = polynomialOf(bound, named(indices, names));
      const only = p && onlyName(p);
      if (only !== undefined) natural.add(only);
    }
  }
  ranges.push({ name, least, greatest });
}

/** The least and the greatest value of an index. */
export function endsOf(loop: For, indices: ReadonlyMap<string, Polynomial>, names: NameFacts): Bounds {
  return indexBounds(loop, (bound) => polynomialOf(bound, named(indices, names)));
}

function isNotNegative(p: Polynomial, ranges: readonly NamedBounds[], natural: ReadonlySet<string>): boolean {
  return isNeverNegative(p, ranges, (name) => natural.has(name) || name.startsWith("length:"));
}

/** Indices as they are told, and locals as they were declared. */
function named(indices: ReadonlyMap<string, Polynomial>, names: NameFacts): NamedPolynomials {
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
