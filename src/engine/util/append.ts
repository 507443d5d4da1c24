/**
 * Appends items to an array. Unlike `push(...items)`, which puts every item on the call stack, it works for more than
 * 100,000 items.
 */
export function append<T>(to: T[], items: Iterable<T>): void {
  for (const item of items) to.push(item);
}

/** Maximum of `start` and any number of values. Unlike `Math.max(...values)`, it does not overflow the call stack. */
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
