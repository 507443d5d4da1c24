// The page's side of the worker that runs programs of learners.
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { jobOf } from "../../live/job.ts";
import { treeOf } from "./syntax.ts";
import type { LabMessage, LabOrder, LabWork } from "./whole-library.worker.ts";

/** Seconds after which a program without an end is stopped. */
const longestRun = 8;

const endless = `The code ran for ${longestRun} seconds without an end, and was stopped. Does every loop end?`;

/** Runs programs in one worker, one at a time. */
export interface Lab {
  /** Number of the run in progress; 0 if no program runs. */
  readonly running: ReadonlySignal<number>;
  /** Starts a program, and returns the number of its run. A running program is stopped. */
  run(order: Omit<LabOrder, "tree">, hear: (message: LabMessage) => void): number;
  stop(): void;
}

/** Creates the lab of a page. Its worker is started by the first program. */
function makeLab(): Lab {
  const job = jobOf<LabWork>(
    () => new Worker(new URL("./whole-library.worker.js", import.meta.url), { type: "module" }),
  );
  const running: Signal<number> = signal(0);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let hearNow: (message: LabMessage) => void = () => {};
  let runs = 0;
  const end = (): void => {
    clearTimeout(timer);
    running.value = 0;
  };
  job.isRunning.subscribe((is) => {
    if (is || running.peek() === 0) return;
    end();
    if (job.problem.peek() !== "") hearNow({ kind: "failed", problem: job.problem.peek() });
  });
  const stop = (): void => {
    runs += 1;
    end();
    job.stop();
  };
  const abandon = (problem: string): void => {
    const hear = hearNow;
    stop();
    hear({ kind: "failed", problem });
  };
  return {
    running,
    stop,
    run(order, hear) {
      stop();
      const mine = runs;
      hearNow = hear;
      running.value = mine;
      treeOf(order.text).then(
        (tree) => {
          if (mine !== runs) return;
          job.start({ ...order, tree }, (message) => {
            if (message.kind === "begun") timer = setTimeout(() => abandon(endless), 1000 * longestRun);
            else hear(message);
          });
        },
        (error: unknown) => abandon(error instanceof Error ? error.message : String(error)),
      );
      return mine;
    },
  };
}

/** The lab of this page. */
export const lab: Lab = /* @__PURE__ */ makeLab();
