/** Draws the next argument from numbers in [0, 1). */
export type Draw = (random: () => number) => number;

/** Evenly from `low` to `high`. */
export function between(low: number, high: number): Draw {
  return (random) => low + (high - low) * random();
}

/** Either sign, 2^low ≤ |x| < 2^high, exponents evenly. */
export function exponents(low: number, high: number): Draw {
  return (random) =>
    (random() < 0.5 ? -1 : 1) * 2 ** Math.floor(low + (high - low) * random()) * (1 + random());
}

export const positive =
  (draw: Draw): Draw =>
  (random) =>
    Math.abs(draw(random));
/** A small integer multiple of `unit`, rounded to float64. */
export const near =
  (unit: number, count: number): Draw =>
  (random) =>
    unit * Math.floor((2 * random() - 1) * count);

/** A generator of numbers in [0, 1) with 53 random bits, two draws of mulberry32 each. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
}
