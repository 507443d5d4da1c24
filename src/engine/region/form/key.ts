import type { PositionIndex, Region } from "./region.ts";

const keys = new WeakMap<Region, string>();

/**
 * What a region computes, as text. Regions that differ in nothing but names, the file and where in the text things stand have equal
 * keys. Computed once a region. (It is the whole text and no hash of it: the engine hashes strings itself, and quicker.)
 */
export function regionKey(region: Region): string {
  let key = keys.get(region);
  if (key === undefined) keys.set(region, (key = canonicalText(region, new Map())));
  return key;
}

/**
 * The positions of a region in the order in which they appear in it: regions of equal keys have the same number of them, one for
 * one.
 */
export function positionsInOrder(region: Region): readonly PositionIndex[] {
  const positions = new Map<PositionIndex, number>();
  canonicalText(region, positions);
  return [...positions.keys()];
}

/** Fields that hold a name that a region declares. */
const naming: ReadonlySet<string> = new Set(["name", "index", "array", "x", "y"]);

/** A region as text, with numbers in the order of appearance for names and positions. */
function canonicalText({ params, body, results }: Region, positions: Map<PositionIndex, number>): string {
  const names = new Map<string, number>();
  const numberOf = <K>(map: Map<K, number>, key: K): number => {
    let n = map.get(key);
    if (n === undefined) map.set(key, (n = map.size));
    return n;
  };
  return JSON.stringify({ params, body, results }, (field, value: unknown) => {
    if (typeof value === "string") return naming.has(field) ? numberOf(names, value) : value;
    if (typeof value !== "number") return value;
    if (field === "at") return numberOf(positions, value);
    // text has neither −0 nor what is not finite
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : `#${Object.is(value, -0) ? "-0" : value}`;
  });
}
