import { rest } from "../tuning.ts";

/** Monitors whether sharing saves time over all work together. */
export interface Gains {
  /** Returns true if sharing is not disabled at present, so that work that begins now may be shared. */
  readonly isWorth: (now: number) => boolean;
  /** Records the milliseconds that sharing a piece of work has saved; negative for a loss. */
  readonly note: (saved: number, now: number) => void;
}

/**
 * Creates a monitor. If other programs also use the processors, a thread may lose its processor in the middle of its
 * part for milliseconds, and all threads wait for it. This is rare for each piece of work, but costs far more than the
 * piece could gain. The monitor adds up savings and losses, and disables sharing for a while when the sum becomes a
 * loss. The next pause is longer if sharing becomes a loss again sooner than the last pause was long; otherwise it is
 * shorter.
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
