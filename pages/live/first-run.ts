// Automatic first runs, so that no figure is empty before it is used.
import { effect, type Signal, signal } from "@preact/signals";
import type { AnyJob } from "./job.ts";

/** True once the page is interactive and shows the state of its address. */
export const isAlive: Signal<boolean> = signal(false);

let before: Promise<void> = Promise.resolve();

/**
 * Starts a run when its figure becomes visible, the page is interactive, and other automatic runs have ended.
 * Simultaneous runs would distort each other's time measurements.
 *
 * @param element a part of the figure whose visibility starts the run
 * @returns a function that cancels the automatic start
 */
export function beginInView(element: Element, job: AnyJob, begin: () => void): () => void {
  let isGivenUp = false;
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    before = before.then(() => {
      if (isGivenUp) return;
      begin();
      return endOf(job);
    });
  });
  const release = effect(() => {
    if (isAlive.value) observer.observe(element);
  });
  return () => {
    isGivenUp = true;
    release();
    observer.disconnect();
  };
}

async function endOf({ isRunning }: AnyJob): Promise<void> {
  let release = (): void => {};
  await new Promise<void>((ended) => {
    release = isRunning.subscribe((is) => {
      if (!is) ended();
    });
  });
  release();
}
