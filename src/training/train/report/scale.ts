/** An axis: where values lie on it, from 0 to 1, and the values that are marked. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** An axis with round numbers at its marks, about `count` of them; its ends are marks, unless given. */
export function linearScale(
  values: readonly number[],
  count: number,
  ends?: readonly [number, number],
): Scale {
  const [low, high] = ends ?? extent(values);
  const [from, to] =
    low === high ? [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2] : [low, high];
  const step = roundStep((to - from) / count);
  const first = ends === undefined ? Math.floor(from / step + 1e-9) : Math.ceil(from / step - 1e-9);
  const last = ends === undefined ? Math.ceil(to / step - 1e-9) : Math.floor(to / step + 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => clean((first + i) * step));
  const [start, end] = ends === undefined ? [first * step, last * step] : [from, to];
  return { at: (value) => (value - start) / (end - start), ticks };
}

/** An axis of equal ratios, for positive values: marks at powers of ten, or at 1, 2 and 5 times them where those are few. */
export function logScale(values: readonly number[]): Scale {
  const [low, high] = extent(values);
  const [first, last] = [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(high) - 1e-9)];
  const top = Math.max(last, first + 1);
  const every = Math.ceil((top - first) / 6);
  const within = top - first <= 2 ? [1, 2, 5] : [1];
  const ticks = Array.from({ length: top - first + 1 }, (_, i) => first + i)
    .filter((power) => (power - first) % every === 0)
    .flatMap((power) => within.map((n) => clean(n * 10 ** power)))
    .filter((tick) => tick <= 10 ** top * (1 + 1e-9));
  return { at: (value) => (Math.log10(value) - first) / (top - first), ticks };
}

/** The least and the greatest of the finite values; 0 and 1 where there are none. */
export function extent(values: readonly number[]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 1] : [low, high];
}

/** A number as the marks of an axis show it. */
export function showTick(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential().replace("e+", "e").replace("-", "−").replace("e-", "e−");
  }
  return String(clean(value)).replace("-", "−");
}

/** 1, 2 or 5 times a power of ten, not below `step`. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const n = step / power;
  return clean((n <= 1 + 1e-9 ? 1 : n <= 2 ? 2 : n <= 5 ? 5 : 10) * power);
}

/** Without the last digits that arithmetic added. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}
