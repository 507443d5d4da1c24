import { rest } from "../tuning.ts";

/** Keeps watch over whether sharing work saves time, all work together. */
export interface Gains {
  /** Whether work that begins now may be shared. */
  readonly isWorth: (now: number) => boolean;
  /** Notes how many milliseconds sharing a piece of work has saved, less than 0 where it has cost some. */
  readonly note: (saved: number, now: number) => void;
}

/**
 * Where other programs want the processors too, a thread may have to wait for one in the middle of its part, for milliseconds, and
 * everyone waits for it. This is rare in each piece of work, and far more than the piece could gain. So what all of them save and
 * cost is added up, and when it has become a loss, everything is done alone for a while: longer each time that sharing
 * became a loss sooner than it had rested, shorter after it lasted.
 */
export function watchGains(): Gains {
  let balance = 0;
  let pause: number = rest.shortest;
  let began = -Infinity;
  return {
    isWorth: (now) => now >= began,
    note(saved, now) {
      balance = Math.min(rest.mostCredit, balance + saved);
      if (balance >= -rest.mostLoss) return;
      if (began > -Infinity) pause = now - began < pause ? Math.min(rest.longest, 2 * pause) : Math.max(rest.shortest, pause / 2); // prettier-ignore
      began = now + pause;
      balance = 0;
    },
  };
}
