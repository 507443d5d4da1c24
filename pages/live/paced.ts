// Rate-limited execution.

/** Rate-limited function returned by {@link paced}. */
export interface Paced {
  /** Requests execution. Requests until the next execution are merged. */
  (): void;
  /** Executes immediately if requested. */
  now(): void;
  /** Cancels a pending request. */
  cancel(): void;
}

/**
 * Limits the rate of a function. A worker may report faster than a page can draw, so the page draws only the latest
 * report and stays responsive.
 *
 * @param distance delay in milliseconds from a request to the execution
 */
export function paced(act: () => void, distance = 250): Paced {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const ask = (): void => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      act();
    }, distance);
  };
  const cancel = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  const now = (): void => {
    if (waiting === undefined) return;
    cancel();
    act();
  };
  return Object.assign(ask, { now, cancel });
}
