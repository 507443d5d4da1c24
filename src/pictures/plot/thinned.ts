const mostPoints = 4000; // of a curve: several for each pixel of a wide page

/**
 * A curve of very many finite points, x rising, as it looks: of each of a thousand parts of its points the first, the least, the greatest and
 * the last. One of 4000 points or fewer stays as it is.
 */
export function thinned(
  x: readonly number[],
  y: readonly number[],
): { readonly x: readonly number[]; readonly y: readonly number[] } {
  const n = x.length;
  if (n <= mostPoints) return { x, y };
  const parts = mostPoints / 4;
  const kept: number[] = [];
  for (let part = 0; part < parts; part++) {
    const [first, end] = [Math.floor((part * n) / parts), Math.floor(((part + 1) * n) / parts)];
    let [low, high] = [first, first];
    for (let i = first; i < end; i++) {
      if (y[i]! < y[low]!) low = i;
      if (y[i]! > y[high]!) high = i;
    }
    kept.push(...[...new Set([first, low, high, end - 1])].sort((a, b) => a - b));
  }
  return { x: kept.map((i) => x[i]!), y: kept.map((i) => y[i]!) };
}
