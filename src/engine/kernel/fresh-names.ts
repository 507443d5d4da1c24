/** Creates a generator of unique names for locals and buffers of a routine. */
export function makeNames(): (hint: string) => string {
  const counts = new Map<string, number>();
  const fresh = (hint: string): string => {
    const n = (counts.get(hint) ?? 0) + 1;
    counts.set(hint, n);
    return n === 1 ? hint : fresh(`${hint}_${n}`);
  };
  return fresh;
}
