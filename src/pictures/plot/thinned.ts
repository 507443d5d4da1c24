const mostPoints = 4000; // maximum number of points of a curve: several per pixel of a wide page

/**
 * Thins a curve of finite points with increasing x without changing its appearance: keeps the first, least, greatest
 * and last point of each of a thousand parts of equal length. Curves of at most 4000 points are unchanged.
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
