import { trial } from "../tuning.ts";

/** Decides, each time that a piece of work begins, whether threads share it. */
export interface SharingHeuristic {
  /** Whether the work that begins now is shared. */
  readonly isShared: (now: number) => boolean;
  /** Notes how many units the work had that has just been asked about, and how many milliseconds it took. */
  readonly note: (units: number, elapsed: number, now: number) => void;
  /** Milliseconds that so many units take one thread, usually; NaN if that is not known yet. */
  readonly alone: (units: number) => number;
}

type WorkMode = "shared" | "alone";

/**
 * Finds out whether sharing a piece of work saves time by doing it either way: it takes the way that was quicker, and tries the
 * other one again now and then, the more rarely the more time that loses. So work that is too small for threads, or whose threads
 * have to wait for other programs that want the processors too, is done alone, until that changes. Results do not depend on it.
 */
export function makeChoice(): SharingHeuristic {
  /** Milliseconds a unit. */
  const times = { shared: NaN, alone: NaN };
  let way: WorkMode = "shared";
  let runs = 0;
  let nextTrial = Infinity;
  let reference = NaN;
  let left = 0;
  let trialTime = 0;
  let trialLoss = 0;

  const other = (): WorkMode => (way === "shared" ? "alone" : "shared");
  /** Milliseconds that a run of so many units counts, where a unit usually takes some. */
  const clipped = (elapsed: number, units: number, usual: number): number =>
    Number.isNaN(usual) ? elapsed : Math.min(elapsed, trial.mostOfUsual * usual * units + trial.clockLeap);
  const learn = (of: WorkMode, units: number, elapsed: number, weight: number): void => {
    const known = times[of];
    const time = clipped(elapsed, units, known) / units;
    times[of] = Number.isNaN(known) ? time : known + weight * (time - known);
  };
  const endTrial = (now: number): void => {
    const isBetter =
      way === "alone"
        ? times.shared < trial.toBegin * times.alone
        : times.alone * trial.toGoOn < times.shared;
    if (isBetter) way = other();
    reference = times[way];
    nextTrial = now + Math.max(trialLoss / trial.lostPart, trialTime / trial.takenPart);
    trialTime = trialLoss = 0;
  };

  return {
    alone: (units) => units * times.alone,
    isShared(now) {
      if (left === 0 && now >= nextTrial) left = trial.runs;
      return (left > 0 ? other() : way) === "shared";
    },
    note(units, elapsed, now) {
      if (left === 0) {
        runs++;
        if (runs <= trial.runsBefore / 2) return;
        learn(way, units, elapsed, Math.max(1 / 16, 1 / (runs - trial.runsBefore / 2)));
        if (runs === trial.runsBefore || times[way] > trial.drift * reference)
          nextTrial = Math.min(nextTrial, now);
        return;
      }
      const counted = clipped(elapsed, units, times[way]);
      trialTime += counted;
      trialLoss += Math.max(0, counted - units * times[way]);
      const isLong = elapsed > trial.longRun;
      if (isLong || left <= trial.runs - trial.uncountedRuns) learn(other(), units, counted, 1 / 2);
      left = isLong ? 0 : left - 1;
      if (left === 0) endTrial(now);
    },
  };
}
