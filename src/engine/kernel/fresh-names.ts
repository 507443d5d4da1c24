/** Makes names of locals and buffers that nothing else in a routine has. */
export function makeNames(): (hint: string) => string {
  const counts = new Map<string, number>();
  const fresh = (hint: string): string => {
    const n = (counts.get(hint) ?? 0) + 1;
    counts.set(hint, n);
    return n === 1 ? hint : fresh(`${hint}_${n}`);
  };
  return fresh;
}
