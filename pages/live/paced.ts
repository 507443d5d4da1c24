// Work that is done now and then, however often there is a reason for it.

/** What {@link paced} gives. */
export interface Paced {
  /** Has the work done soon; once for all that ask until then. */
  (): void;
  /** Has it done at once, if it was asked for. */
  now(): void;
  /** Forgets that it was asked. */
  cancel(): void;
}

/**
 * Work at some distance in time. A worker may tell more than a page can draw: so the page is drawn for the latest of it, and has time for
 * its reader between.
 *
 * @param distance milliseconds from being asked to the work
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
