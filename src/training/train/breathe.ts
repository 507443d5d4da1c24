/** Yields to the event loop now and then, so that the program can draw a page, read a signal or answer a request. */
export interface Breather {
  /** True if the last pause ended 12 ms ago or earlier. */
  isDue(): boolean;
  /** Waits for one turn of the event loop, in which pending work runs. */
  pause(): Promise<void>;
}

/** Least time between pauses, in milliseconds. A page at 60 frames per second has 16 ms per frame. */
const budget = 12;

export function makeBreather(): Breather {
  let last = performance.now();
  return {
    isDue: () => performance.now() - last >= budget,
    async pause() {
      await nextTurn();
      last = performance.now();
    },
  };
}

/** Waits for the next turn of the event loop. In pages a timer of 0 ms takes 4 ms; a message does not. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    const onMessage = (): void => {
      port1.close();
      resolve();
    };
    port1.addEventListener("message", onMessage);
    port1.start();
    port2.postMessage(null);
  });
}
