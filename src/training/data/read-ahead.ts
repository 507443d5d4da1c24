/** What is done with batches that are read ahead. */
export interface ReadAheadHooks<B, R> {
  /** Begins the work on a batch, as soon as it is read. */
  readonly start: (batch: B) => Promise<R>;
  /** The loop waits for the work on a batch … */
  readonly wait: () => void;
  /** … and has it. */
  readonly waited: () => void;
  /** Nothing more is asked for; `isWhole` if all was given. */
  readonly end: (isWhole: boolean) => void;
}

/** How far reading has come; changed by reader and loop in turn. */
interface ReadAheadState<R> {
  /** What is read and not asked for yet, in order; a rejected one is the last. */
  readonly ready: Promise<R>[];
  isReading: boolean;
  /** The source has ended or failed. */
  isOver: boolean;
  /** Nothing more is asked for. */
  isLeft: boolean;
  /** Wakes the loop, if it waits for something to be ready. */
  wake: () => void;
}

/**
 * The items of an iterator in order, of which up to `ahead` are read, and worked on, before they are asked for.
 *
 * Reading begins with the first item that is asked for. An error, of the iterator or of the work, comes in the place
 * of its item; then, and when the loop is left, the iterator is closed. If it is in the middle of an item, which may
 * take for ever, it is waited for no longer than a turn of the event loop.
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
    item.catch(() => {}); // it is told when its turn comes
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

  let latest: Promise<unknown> = Promise.resolve(); // asked twice at once, it answers one after the other
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
