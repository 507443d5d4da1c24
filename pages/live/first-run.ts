// Runs that begin by themselves, so that no figure is empty before it is used.
import { effect, type Signal, signal } from "@preact/signals";
import type { AnyJob } from "./job.ts";

/** Whether the page shows what its address holds. */
export const isAlive: Signal<boolean> = signal(false);

let before: Promise<void> = Promise.resolve();

/**
 * Begins a run when its figure comes into view, once the page is alive and other runs of this kind have ended: what two of them
 * measure at the same time is no measure of either.
 *
 * @param element a part of the figure that is in view when the figure is looked at
 * @returns what gives the plan up
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
