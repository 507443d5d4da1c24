// Long computations in a worker, with progress messages and a way to stop.
import { type ReadonlySignal, signal } from "@preact/signals";

/** Message types between a page and a worker: `{ order: …; told: … }`, with cloneable values. */
export interface Work {
  /** An order from the page. */
  readonly order: unknown;
  /** A message to the page. A worker may send many per order. */
  readonly told: unknown;
}

/** Messages of a worker: any number of `told`, and finally `ended`. */
type Sent<W extends Work> =
  | { readonly kind: "told"; readonly message: W["told"] }
  | { readonly kind: "ended"; readonly problem: string };

/** A job of a page's worker. It runs one order at a time. */
export interface Job<W extends Work> {
  readonly isRunning: ReadonlySignal<boolean>;
  /** Error of the last order; empty if it succeeded. */
  readonly problem: ReadonlySignal<string>;
  /** Starts an order. A running order is stopped. */
  start(order: W["order"], told: (message: W["told"]) => void): void;
  /** Stops immediately. Messages already delivered remain valid. */
  stop(): void;
}

/** Part of a job that is independent of its message types. */
export type AnyJob = Pick<Job<Work>, "isRunning" | "problem" | "stop">;

/**
 * Creates a job in a worker, whose module is loaded with the first order.
 *
 * @param open `() => new Worker(new URL("./….worker.js", import.meta.url), { type: "module" })`; that module calls {@link work}
 */
export function jobOf<W extends Work>(open: () => Worker): Job<W> {
  const isRunning = signal(false);
  const problem = signal("");
  let worker: Worker | undefined;
  let hear: (sent: Sent<W>) => void = () => {};
  const opened = (): Worker => {
    const made = open();
    made.addEventListener("message", ({ data }: MessageEvent<Sent<W>>) => hear(data));
    made.addEventListener("error", () => {
      worker = undefined;
      hear({ kind: "ended", problem: "The part of this page that computes could not be loaded." });
    });
    return made;
  };
  const stop = (): void => {
    if (!isRunning.value) return;
    worker?.terminate();
    worker = undefined;
    isRunning.value = false;
  };
  return {
    isRunning,
    problem,
    stop,
    start(order, told) {
      stop();
      isRunning.value = true;
      problem.value = "";
      hear = (sent) => {
        if (sent.kind === "told") return told(sent.message);
        isRunning.value = false;
        problem.value = sent.problem;
      };
      worker ??= opened();
      worker.postMessage(order, []);
    },
  };
}

/** The part of a worker's global scope that is used. */
interface WorkerScope {
  addEventListener(type: "message", hear: (event: MessageEvent) => void): void;
  postMessage(message: unknown, transfer: []): void;
}

/**
 * Runs orders in a worker. `tell` sends a message to the page. An error thrown by `act` ends the order with its
 * message.
 */
export function work<W extends Work>(
  act: (order: W["order"], tell: (message: W["told"]) => void) => Promise<void>,
): void {
  const scope = globalThis as unknown as WorkerScope;
  const send = (sent: Sent<W>): void => scope.postMessage(sent, []);
  scope.addEventListener("message", ({ data }: MessageEvent<W["order"]>) => {
    act(data, (message) => send({ kind: "told", message })).then(
      () => send({ kind: "ended", problem: "" }),
      (error: unknown) =>
        send({ kind: "ended", problem: error instanceof Error ? error.message : String(error) }),
    );
  });
}
