import { trial } from "../tuning.ts";

/** Decides, each time a piece of work begins, whether threads share it. */
export interface SharingHeuristic {
  /** Returns whether the work that begins now is shared. */
  readonly isShared: (now: number) => boolean;
  /** Records the number of units of the last piece of work, and how many milliseconds it took. */
  readonly note: (units: number, elapsed: number, now: number) => void;
  /** Returns the usual time in milliseconds that one thread needs for this number of units; NaN if unknown. */
  readonly alone: (units: number) => number;
}

type WorkMode = "shared" | "alone";

/**
 * Measures whether sharing a piece of work saves time: uses the faster mode, and tries the other one occasionally, the
 * more rarely the more time the trial loses. Work that is too small for threads, or whose threads wait for other
 * programs, is thus done alone until that changes. Results do not depend on the mode.
 */
export function makeChoice(): SharingHeuristic {
  /**
   * Typical run time in milliseconds per unit of work, for shared work and for work done alone; NaN before the first
   * run.
   */
  const times = { shared: NaN, alone: NaN };
  let way: WorkMode = "shared";
  let runs = 0;
  let nextTrial = Infinity;
  let reference = NaN;
  let left = 0;
  let trialTime = 0;
  let trialLoss = 0;

  const other = (): WorkMode => (way === "shared" ? "alone" : "shared");
  /**
   * Milliseconds of a run, limited to a multiple of the usual time, so that an interrupted run does not count too much.
   */
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
