/**
 * Adds items to the end of an array. `push(...items)` puts each item on the stack of the engine, which is full at about 100,000.
 */
export function append<T>(to: T[], items: Iterable<T>): void {
  for (const item of items) to.push(item);
}

/** Largest of a start and any number of values; `Math.max(...values)` has the limit of `push(...items)`. */
export function largestOf(start: number, values: Iterable<number>): number {
  let largest = start;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

/** Puts other items in the place of all in an array. */
export function replaceAll<T>(to: T[], items: Iterable<T>): void {
  const copies = [...items]; // which may be those of the array itself
  to.length = 0;
  append(to, copies);
}
