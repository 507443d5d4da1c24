/** Keeps watch over whether sharing work saves time. */
export interface Gains {
  /** Whether work that begins now should be shared. */
  readonly isWorth: (now: number) => boolean;
  /** Notes how long a piece of work took in milliseconds, and how long it would have taken alone. */
  readonly note: (shared: number, alone: number, now: number) => void;
}

/** Milliseconds for which nothing is shared when sharing has cost time: at first, and at most. */
const shortest = 20;
const longest = 2000;
/** How much of what was gained and lost before still counts after another piece of work. */
const memory = 0.8;

/**
 * Where other programs want the processors too, a thread may have to wait for one in the middle of its part, for milliseconds, and
 * everyone waits for it. Then it is quicker to do everything alone for a while: longer each time that a new attempt loses
 * time, shorter after one that gains some. Results do not depend on who computes them.
 */
export function watchGains(): Gains {
  let balance = 0;
  let pause = shortest;
  let until = -Infinity;
  return {
    isWorth: (now) => now >= until,
    note(shared, alone, now) {
      balance = memory * balance + alone - shared;
      if (balance < 0) {
        until = now + pause;
        pause = Math.min(longest, 2 * pause);
        balance = 0;
      } else if (alone > shared) pause = Math.max(shortest, 0.9 * pause);
    },
  };
}
