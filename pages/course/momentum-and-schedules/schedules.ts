// Schedules of the learning rate for a run of known length.
import { constantRate, cosineDecay, cyclic, multiStepDecay, oneCycle, type Schedule } from "downhill/optim";

/** The available schedules. */
export const scheduleNames = ["held", "dropped", "plateau", "cosine", "cyclic", "one-cycle"] as const;

export type ScheduleName = (typeof scheduleNames)[number];

/** Labels of the schedules. */
export const scheduleWords: Readonly<Record<ScheduleName, string>> = {
  held: "held",
  dropped: "dropped",
  plateau: "on plateau",
  cosine: "cosine",
  cyclic: "cyclic",
  "one-cycle": "one cycle",
};

/** Epochs per training run and steps per epoch: 400 points in batches of 10. */
export const epochs = 40;
export const stepsAnEpoch = 40;
const steps = epochs * stepsAnEpoch;

/** Factor of each drop of the rate. */
const dropFactor = 0.1;
/** Epochs after which the rate drops. */
const dropsAfter = [20, 30] as const;
/** Half a cycle: the number of epochs up, and the number down. */
const halfCycle = 4;

/**
 * Learning rate by step, with maximum `rate`. For the plateau rule, the rate is not known before the run: the rule
 * lowers it after epochs without progress, and the schedule is the initial rate.
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

/** The rate at every fourth step, for drawing. */
export function ratesOf(name: ScheduleName, rate: number): { readonly x: number[]; readonly y: number[] } {
  const schedule = scheduleOf(name, rate);
  const x = Array.from({ length: steps / 4 + 1 }, (_, i) => Math.min(4 * i, steps - 1));
  return { x: x.map((t) => t / stepsAnEpoch), y: x.map((t) => schedule(t)) };
}
