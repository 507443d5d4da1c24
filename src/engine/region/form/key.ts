import type { PositionIndex, Region } from "./region.ts";

const keys = new WeakMap<Region, string>();

/**
 * Returns a text that determines the computation of a region. Regions with equal keys differ only in names, file and
 * positions. Cached per region. The key is the whole text, not a hash, because the engine's own string hash is faster.
 */
export function regionKey(region: Region): string {
  let key = keys.get(region);
  if (key === undefined) keys.set(region, (key = canonicalText(region, new Map())));
  return key;
}

/**
 * Returns the positions in a region in order of appearance. Regions with equal keys have the same number of positions,
 * in corresponding order.
 */
export function positionsInOrder(region: Region): readonly PositionIndex[] {
  const positions = new Map<PositionIndex, number>();
  canonicalText(region, positions);
  return [...positions.keys()];
}

/** Fields of statements that contain declared names. */
const naming: ReadonlySet<string> = new Set(["name", "index", "array", "x", "y"]);

/** Returns a region as JSON, with names and positions numbered in order of appearance. */
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
    // JSON has neither −0 nor non-finite numbers
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : `#${Object.is(value, -0) ? "-0" : value}`;
  });
}
