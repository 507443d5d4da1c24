// Long work beside a page: in a worker, told step by step, stoppable.
import { type ReadonlySignal, signal } from "@preact/signals";

/** What goes between a page and a worker: `{ order: …; told: … }`, of values that can be cloned. */
export interface Work {
  /** What the page asks for. */
  readonly order: unknown;
  /** What it is told, as often as there is something to tell. */
  readonly told: unknown;
}

/** What a worker sends: what there is to tell, and at last how it ended. */
type Sent<W extends Work> =
  | { readonly kind: "told"; readonly message: W["told"] }
  | { readonly kind: "ended"; readonly problem: string };

/** Work that a page may have done. One order is worked on at a time. */
export interface Job<W extends Work> {
  readonly isRunning: ReadonlySignal<boolean>;
  /** Why the last order failed; "" where it did not. */
  readonly problem: ReadonlySignal<string>;
  /** Begins; work that is under way is stopped. */
  start(order: W["order"], told: (message: W["told"]) => void): void;
  /** Stops at once; what was told stays told. */
  stop(): void;
}

/** What a page needs to start and stop a job, whatever it is about. */
export type AnyJob = Pick<Job<Work>, "isRunning" | "problem" | "stop">;

/**
 * Work in a worker, whose module is loaded with the first order.
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

/** The part of a worker's scope that is used. */
interface WorkerScope {
  addEventListener(type: "message", hear: (event: MessageEvent) => void): void;
  postMessage(message: unknown, transfer: []): void;
}

/** Has a worker do orders: `tell` sends a message to the page. An error that `act` throws ends the order with its words. */
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
