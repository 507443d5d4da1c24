/** Decides, each time that a piece of work begins, whether threads share it. */
export interface Choice {
  /** Whether the work that begins now is shared. */
  readonly isShared: (now: number) => boolean;
  /** Notes how many units the work had that has just been asked about, and how many milliseconds it took. */
  readonly note: (units: number, elapsed: number, now: number) => void;
  /** Milliseconds that so many units take one thread, usually; NaN if that is not known yet. */
  readonly alone: (units: number) => number;
}

/** Times that a way is tried in a row. The first ones do not count: other threads may sleep, caches hold what the other way left. */
const triedInRow = 4;
const uncounted = 2;
/** Milliseconds of a run beside which that is nothing: it is a trial by itself. */
const long = 2;
/** Times that the first way runs before the other one is tried. */
const before = 8;
/** How much quicker sharing has to be to begin with, and to go on: it costs what comes after it something, too. */
const toBegin = 0.9;
const toGoOn = 0.95;
/**
 * How many times its usual time a single run counts at most: most likely it was another program's turn; and milliseconds more than
 * that, since there are clocks that go by leaps.
 */
const most = 2.5;
const leap = 0.02;
/** What the time of the way taken has to grow by until the other one is tried before its time. */
const drift = 1.3;
/** Of the time after a trial, the part that it may have lost at most, and the part that it may have taken. */
const lost = 0.01;
const taken = 0.04;

type Way = "shared" | "alone";

/**
 * Finds out whether sharing a piece of work saves time by doing it either way: it takes the way that was quicker, and tries the
 * other one again now and then, the more rarely the more time that loses. So work that is too small for threads, or whose threads
 * have to wait for other programs that want the processors too, is done alone, until that changes. Results do not depend on it.
 */
export function makeChoice(): Choice {
  /** Milliseconds a unit. */
  const times = { shared: NaN, alone: NaN };
  let way: Way = "shared";
  let runs = 0;
  let nextTrial = Infinity;
  let reference = NaN;
  let left = 0;
  let trialTime = 0;
  let trialLoss = 0;

  const other = (): Way => (way === "shared" ? "alone" : "shared");
  /** Milliseconds that a run of so many units counts, where a unit usually takes some. */
  const clipped = (elapsed: number, units: number, usual: number): number =>
    Number.isNaN(usual) ? elapsed : Math.min(elapsed, most * usual * units + leap);
  const learn = (of: Way, units: number, elapsed: number, weight: number): void => {
    const known = times[of];
    const time = clipped(elapsed, units, known) / units;
    times[of] = Number.isNaN(known) ? time : known + weight * (time - known);
  };
  const endTrial = (now: number): void => {
    const isBetter =
      way === "alone" ? times.shared < toBegin * times.alone : times.alone * toGoOn < times.shared;
    if (isBetter) way = other();
    reference = times[way];
    nextTrial = now + Math.max(trialLoss / lost, trialTime / taken);
    trialTime = trialLoss = 0;
  };

  return {
    alone: (units) => units * times.alone,
    isShared(now) {
      if (left === 0 && now >= nextTrial) left = triedInRow;
      return (left > 0 ? other() : way) === "shared";
    },
    note(units, elapsed, now) {
      if (left === 0) {
        runs++;
        if (runs <= before / 2) return;
        learn(way, units, elapsed, Math.max(1 / 16, 1 / (runs - before / 2)));
        if (runs === before || times[way] > drift * reference) nextTrial = Math.min(nextTrial, now);
        return;
      }
      const counted = clipped(elapsed, units, times[way]);
      trialTime += counted;
      trialLoss += Math.max(0, counted - units * times[way]);
      const isLong = elapsed > long;
      if (isLong || left <= triedInRow - uncounted) learn(other(), units, counted, 1 / 2);
      left = isLong ? 0 : left - 1;
      if (left === 0) endTrial(now);
    },
  };
}
