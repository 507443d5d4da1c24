import { DownhillError } from "../../engine/errors/index.ts";
import type { Device } from "../../engine/runtime/index.ts";
import type { FitData } from "./batches.ts";
import { isReadableAgain } from "./divergence.ts";
import type { TrainingProgress } from "./progress.ts";
import { restore } from "./resident.ts";

/** Replaces the device of a run if it is lost. */
export interface Spare {
  /**
   * Returns the device on which the run continues from its restore point. Returns undefined if the error is not the loss
   * of the device, or if the run cannot repeat its steps.
   */
  readonly replace: (error: unknown) => Promise<Device | undefined>;
  /** Closes the device that replaced the one of the options, if any. */
  readonly close: () => void;
}

/** Maximum number of times in a row, without a new step in between, that a lost device is replaced. */
const mostLosses = 3;

/** Creates the `Spare` of a run on a device; `note` receives a warning whenever a lost device is replaced. */
export function makeSpare<P, S>(
  device: Device | undefined,
  progress: TrainingProgress<P, S>,
  data: FitData<unknown>,
  note: (text: string) => Promise<void>,
): Spare {
  let current = device;
  let isOpenedHere = false;
  let furthest = -1;
  let losses = 0;
  return {
    async replace(error) {
      if (!(error instanceof DownhillError) || error.code !== "device" || !isReadableAgain(data))
        return undefined;
      losses = progress.step > furthest ? 1 : losses + 1;
      if (losses > mostLosses) return undefined;
      furthest = Math.max(furthest, progress.step);
      const next = await current?.reopen?.();
      if (next === undefined) return undefined;
      current = next;
      isOpenedHere = true;
      const lostAt = progress.step;
      restore(progress);
      await note(
        `${next.name} was lost after step ${lostAt}. The run continues after step ${progress.step} on the device opened anew.`,
      );
      return next;
    },
    close() {
      if (isOpenedHere) current?.close?.();
    },
  };
}
