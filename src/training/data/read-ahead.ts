/** Hooks for batches that are read ahead. */
export interface ReadAheadHooks<B, R> {
  /** Starts the work on a batch as soon as it is read. */
  readonly start: (batch: B) => Promise<R>;
  /** Called when the loop begins to wait for the work on a batch. */
  readonly wait: () => void;
  /** Called when the loop stops waiting for the work on a batch. */
  readonly waited: () => void;
  /** Called when the loop ends; `isWhole` if it received all batches. */
  readonly end: (isWhole: boolean) => void;
}

/** State that the reader and the loop over the batches share. */
interface ReadAheadState<R> {
  /** Batches that were read but not yet requested, in order. A rejected one is the last. */
  readonly ready: Promise<R>[];
  isReading: boolean;
  /** True once the source has ended or failed. */
  isOver: boolean;
  /** True once the loop has ended. */
  isLeft: boolean;
  /** Wakes the loop if it waits for a batch. */
  wake: () => void;
}

/**
 * Returns the items of an iterator in order. Up to `ahead` items are read and processed before they are requested.
 *
 * Reading begins with the first request. An error of the iterator or of the work is thrown at the position of its item.
 * After an error, and when the loop is left, the iterator is closed. If it is busy with an item, which may take for
 * ever, closing waits no longer than a turn of the event loop.
 */
export function readAhead<B, R>(
  source: AsyncIterator<B, undefined>,
  ahead: number,
  work: ReadAheadHooks<B, R>,
): AsyncIterator<R, undefined> {
  const at: ReadAheadState<R> = { ready: [], isReading: false, isOver: false, isLeft: false, wake: () => {} };

  const fill = async (): Promise<void> => {
    if (at.isReading) return;
    at.isReading = true;
    try {
      while (!at.isOver && !at.isLeft && at.ready.length < ahead) {
        const { done, value } = await source.next();
        if (at.isLeft) return;
        if (done === true) at.isOver = true;
        else add(work.start(value));
        at.wake();
      }
    } catch (error) {
      at.isOver = true;
      add(Promise.reject(error));
    } finally {
      at.isReading = false;
      at.wake();
    }
  };
  const add = (item: Promise<R>): void => {
    item.catch(() => {}); // reported when the loop reaches this item
    at.ready.push(item);
  };

  const leave = async (): Promise<void> => {
    if (at.isLeft) return;
    at.isLeft = true;
    at.ready.length = 0;
    at.wake();
    work.end(false);
    if (at.isOver) return;
    at.isOver = true;
    const closing = source.return?.();
    if (!at.isReading) await closing;
    else {
      closing?.catch(() => {});
      await Promise.race([closing, nextTurn()]);
    }
  };

  const take = async (): Promise<IteratorResult<R, undefined>> => {
    void fill();
    while (at.ready.length === 0 && !at.isOver && !at.isLeft) {
      await new Promise<void>((resolve) => {
        at.wake = resolve;
      });
    }
    const item = at.ready.shift();
    if (item === undefined) {
      if (!at.isLeft) work.end(true);
      at.isLeft = true;
      return { done: true, value: undefined };
    }
    void fill();
    work.wait();
    try {
      return { done: false, value: await item };
    } catch (error) {
      if (at.isLeft) return { done: true, value: undefined };
      await leave();
      throw error;
    } finally {
      work.waited();
    }
  };

  let latest: Promise<unknown> = Promise.resolve(); // concurrent calls of next are answered in order
  return {
    next() {
      const result = latest.then(take);
      latest = result.catch(() => {});
      return result;
    },
    async return() {
      await leave();
      return { done: true, value: undefined };
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
