// Schedules of the learning rate, for a run of a known length.
import { constantRate, cosineDecay, cyclic, multiStepDecay, oneCycle, type Schedule } from "downhill/optim";

/** The ways in which the rate may change. */
export const scheduleNames = ["held", "dropped", "plateau", "cosine", "cyclic", "one-cycle"] as const;

export type ScheduleName = (typeof scheduleNames)[number];

/** What they are called. */
export const scheduleWords: Readonly<Record<ScheduleName, string>> = {
  held: "held",
  dropped: "dropped",
  plateau: "on plateau",
  cosine: "cosine",
  cyclic: "cyclic",
  "one-cycle": "one cycle",
};

/** Epochs of a training, and steps of an epoch: 400 points in batches of 10. */
export const epochs = 40;
export const stepsAnEpoch = 40;
const steps = epochs * stepsAnEpoch;

/** What the rate is multiplied by where it is dropped. */
const dropFactor = 0.1;
/** The epochs after which it is dropped. */
const dropsAfter = [20, 30] as const;
/** Half a cycle: so many epochs up, so many down. */
const halfCycle = 4;

/**
 * The rate by step, highest at `rate`. On a plateau it is not known before the run: the rule lowers it after epochs without
 * progress, and the schedule is the rate from which it does.
 */
export function scheduleOf(name: ScheduleName, rate: number): Schedule {
  switch (name) {
    case "held":
    case "plateau":
      return constantRate(rate);
    case "dropped":
      return multiStepDecay({ from: rate, factor: dropFactor, at: dropsAfter.map((e) => e * stepsAnEpoch) });
    case "cosine":
      return cosineDecay({ from: rate, steps });
    case "cyclic":
      return cyclic({ base: rate / 20, max: rate, stepSizeUp: halfCycle * stepsAnEpoch });
    case "one-cycle":
      return oneCycle({ max: rate, steps });
    default:
      return name satisfies never;
  }
}

/** The rate at each fourth step, to be drawn. */
export function ratesOf(name: ScheduleName, rate: number): { readonly x: number[]; readonly y: number[] } {
  const schedule = scheduleOf(name, rate);
  const x = Array.from({ length: steps / 4 + 1 }, (_, i) => Math.min(4 * i, steps - 1));
  return { x: x.map((t) => t / stepsAnEpoch), y: x.map((t) => schedule(t)) };
}
