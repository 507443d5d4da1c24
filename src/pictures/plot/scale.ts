/** Scale of an axis: maps values to positions from 0 to 1 and back, and lists the tick values. */
export interface AxisScale {
  readonly ends: readonly [from: number, to: number];
  /** True if the scale is logarithmic. */
  readonly isLog: boolean;
  /**
   * Maps a value to its position: 0 at the first end, 1 at the other. Not finite if the scale cannot show the value.
   */
  readonly at: (value: number) => number;
  /** Maps a position to its value: the inverse of `at`. */
  readonly valueAt: (place: number) => number;
  readonly ticks: readonly number[];
}

/**
 * Creates a linear scale between two ends, which need not be round, with about `count` round tick values. Equal ends
 * are moved apart.
 */
export function linearScale(from: number, to: number, count: number): AxisScale {
  const [low, high] = apart(from, to);
  const step = roundStep((high - low) / count);
  return linearBetween(low, high, Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9), step);
}

/** Creates a linear scale that contains the values, with round ends and about `count` tick values. */
export function roundScale(values: readonly number[], count: number): AxisScale {
  const [low, high] = apart(...extent(values));
  const step = roundStep((high - low) / count);
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  return linearBetween(first * step + 0, last * step + 0, first, last, step); // + 0: avoids −0
}

/**
 * Creates a logarithmic scale between two positive ends, which need not be round. Tick values are powers of ten, also
 * their multiples by 2 and 5 if there are few, or round numbers if the ends enclose fewer than two of these. If `to` is
 * not above `from`, the scale spans a factor of ten.
 */
export function logScale(from: number, to: number, most: number = 7): AxisScale {
  const [low, high] = [Math.log10(from), Math.log10(to > from ? to : from * 10)];
  const first = Math.floor(low + 1e-9);
  const powers = Array.from({ length: Math.ceil(high - 1e-9) - first + 1 }, (_, i) => first + i);
  const isInside = (tick: number): boolean =>
    tick >= 10 ** low * (1 - 1e-9) && tick <= 10 ** high * (1 + 1e-9);
  const every = Math.ceil(powers.length / most);
  const parts = high - low <= 2.5 && every === 1 ? [1, 2, 5] : [1];
  const ticks = powers
    .filter((power) => (power - first) % every === 0)
    .flatMap((power) => parts.map((part) => clean(part * 10 ** power)))
    .filter(isInside);
  return {
    ends: [10 ** low, 10 ** high],
    isLog: true,
    at: (value) => (value > 0 ? (Math.log10(value) - low) / (high - low) : Number.NaN),
    valueAt: (place) => 10 ** (low + place * (high - low)),
    ticks: ticks.length >= 2 ? ticks : linearScale(10 ** low, 10 ** high, 4).ticks,
  };
}

/** Creates a logarithmic scale that contains the positive values, with powers of ten as ends. */
export function roundLogScale(values: readonly number[], most: number = 7): AxisScale {
  const [low, high] = extent(values.filter((value) => value > 0));
  const [first, last] = [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(high) - 1e-9)];
  return logScale(10 ** first, 10 ** Math.max(last, first + 1), most);
}

/**
 * Creates a linear scale for losses, rates and similar values. Starts at 0, or at the least value if that is negative,
 * unless the values are far from 0 compared with their spread.
 */
export function scaleFromZero(values: readonly number[], count: number): AxisScale {
  const [low, high] = extent(values);
  if (high <= leastSpan) return roundScale([low < -leastSpan ? low : 0, low < -leastSpan ? 0 : 1], count);
  // Differences in the last digits are rounding errors.
  if (high - low <= 1e-9 * high) return roundScale([0, high * 1.2], count);
  return roundScale(low > high * 0.8 ? [low, high] : [Math.min(0, low), high], count);
}

/** Returns the least and the greatest of the finite values; 0 and 1 if there are none. */
export function extent(values: ArrayLike<number>): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? [0, 1] : [low, high];
}

/** Formats the number of a tick mark. */
export function showTick(value: number): string {
  return needsExponent(value) ? showExponent(value) : String(clean(value)).replace("-", "−");
}

/**
 * Returns the function that formats the tick values of one axis. If one of them needs an exponent, so that `1000000` is
 * `1e6`, all values from 1000 on and below 0.01 have one.
 */
export function tickWriter(ticks: readonly number[]): (value: number) => string {
  if (!ticks.some(needsExponent)) return showTick;
  return (value) => {
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-2 || size >= 1e3) ? showExponent(value) : showTick(value);
  };
}

function needsExponent(value: number): boolean {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6);
}

function showExponent(value: number): string {
  return clean(value).toExponential().replace("e+", "e").replaceAll("-", "−");
}

function linearBetween(from: number, to: number, first: number, last: number, step: number): AxisScale {
  return {
    ends: [from, to],
    isLog: false,
    at: (value) => (value - from) / (to - from),
    valueAt: (place) => from + place * (to - from),
    ticks: Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => clean((first + i) * step)),
  };
}

const leastSpan = 1e-290; // a smaller span cannot be divided

/** Returns two ends that differ: the given ones, or moved apart if they are equal. */
function apart(low: number, high: number): [low: number, high: number] {
  if (high - low > leastSpan) return [low, high];
  const room = Math.max(Math.abs(low), Math.abs(high)) > leastSpan ? Math.abs(low) / 2 : 0.5;
  return [low - room, high + room];
}

/** Returns the smallest number of the form 1, 2 or 5 times a power of ten that is at least `step`. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const n = step / power;
  return clean((n <= 1 + 1e-9 ? 1 : n <= 2 ? 2 : n <= 5 ? 5 : 10) * power);
}

/** Rounds to 12 significant digits, which removes rounding errors. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}
