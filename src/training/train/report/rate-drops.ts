import { refuseExtra } from "../../../engine/errors/arguments.ts";
import { showTick } from "../../../pictures/plot/scale.ts";
import type { Mark } from "./figures.ts";

/** An epoch with its learning rate; `undefined` if unknown. */
export interface RatedEpoch {
  readonly learningRate: number | undefined;
}

/**
 * Returns the drops of the learning rate as marks for the loss curve, each between two epochs. If the rate changes in
 * more than half of the epochs, there are no distinct drops, and the result is empty.
 *
 * @example
 * const history = [0.1, 0.1, 0.1, 0.05, 0.05].map((learningRate) => ({ learningRate }));
 * rateDrops(history); // [{ epoch: 3.5, label: "rate 0.05" }]
 */
export function rateDrops(history: readonly RatedEpoch[]): Mark[] {
  if (arguments.length > 1) refuseExtra("rateDrops", arguments, 1);
  const steps = history.slice(1).map(({ learningRate }, i) => {
    const before = history[i]!.learningRate;
    if (learningRate === undefined || before === undefined || learningRate === before) return undefined;
    return { epoch: i + 1.5, rate: learningRate, isDrop: learningRate < before };
  });
  const changes = steps.filter((step) => step !== undefined);
  if (changes.length > steps.length / 2) return [];
  return changes
    .filter(({ isDrop }) => isDrop)
    .map(({ epoch, rate }) => ({ epoch, label: `rate ${showTick(Number(rate.toPrecision(3)))}` }));
}
