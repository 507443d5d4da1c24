/** Lets the program do other things now and then: draw a page, read a signal, answer a request. */
export interface Breather {
  /** Whether so much time has passed since the last pause that one is due. */
  isDue(): boolean;
  /** Waits until everything that is due has been done. */
  pause(): Promise<void>;
}

/** Milliseconds between pauses: a page at 60 frames a second has 16. */
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

/** The next turn of the event loop. A timer of 0 ms takes 4 ms in pages; a message does not. */
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
