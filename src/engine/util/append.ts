/**
 * Appends items to an array. `push(...items)` puts every item on the stack of the engine, which overflows at about
 * 100,000.
 */
export function append<T>(to: T[], items: Iterable<T>): void {
  for (const item of items) to.push(item);
}

/** Maximum of `start` and any number of values; `Math.max(...values)` overflows like `push(...items)`. */
export function largestOf(start: number, values: Iterable<number>): number {
  let largest = start;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

/** Replaces all items of an array. */
export function replaceAll<T>(to: T[], items: Iterable<T>): void {
  const copies = [...items]; // `items` may iterate over the array itself
  to.length = 0;
  append(to, copies);
}
