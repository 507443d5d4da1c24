// What a row is measured in. A step that takes some seconds and does some work becomes a number of the unit.

/**
 * @typedef {object} Unit
 * @property {boolean} more whether more is better
 * @property {boolean} [isSpeed] whether it tells how quick something is
 * @property {(seconds: number, work: number) => number} [of]
 * @property {string} says
 */

/** @type {Record<string, Unit>} */
export const units = {
  "GFLOP/s": {
    more: true,
    isSpeed: true,
    of: (s, work) => work / s / 1e9,
    says: "10⁹ products and sums a second",
  },
  "GB/s": {
    more: true,
    isSpeed: true,
    of: (s, work) => work / s / 1e9,
    says: "10⁹ bytes read and written a second",
  },
  "steps/s": { more: true, isSpeed: true, of: (s, work) => work / s, says: "steps of training a second" },
  "calls/s": { more: true, isSpeed: true, of: (s, work) => work / s, says: "calls a second" },
  us: { more: false, isSpeed: true, of: (s, work) => (s * 1e6) / work, says: "microseconds a call" },
  ns: { more: false, isSpeed: true, of: (s, work) => (s * 1e9) / work, says: "nanoseconds an element" },
  ms: { more: false, isSpeed: true, of: (s, work) => (s * 1e3) / work, says: "milliseconds" },
  calls: { more: false, says: "calls" },
  x: { more: false, says: "times as long" },
  ulp: { more: false, says: "units in the last place off the exact result" },
  B: { more: false, says: "bytes" },
  MB: { more: false, says: "megabytes" },
  cores: { more: true, says: "cores" },
};

/** The middle of numbers. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The best of numbers in a unit. */
export const best = (unit, values) => (units[unit].more ? Math.max(...values) : Math.min(...values));

/** Speed of a relative to b; undefined for units other than speed, and if a time is zero. */
export function speedup(unit, a, b) {
  if (units[unit].isSpeed !== true || !(a > 0) || !(b > 0)) return undefined;
  return units[unit].more ? a / b : b / a;
}

/** Three or four digits, without an exponent. */
export function digits(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  return size >= 100
    ? value.toFixed(0)
    : value
        .toPrecision(3)
        .replace(/(\.\d*?)0+$/, "$1")
        .replace(/\.$/, "");
}
