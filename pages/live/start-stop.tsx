// Buttons of long computations.
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { beginInView } from "./first-run.ts";
import type { AnyJob } from "./job.ts";

/** A button that starts a job, one that stops it, its progress, and its error. */
export function StartStop({
  job,
  label,
  start,
  first,
  progress,
  children,
}: {
  readonly job: AnyJob;
  /** Name of the job: “Train”. */
  readonly label: string;
  readonly start: () => void;
  /** Starts the initial run when the figure becomes visible. Default: nothing starts automatically. */
  readonly first?: () => void;
  /** Progress, in words. */
  readonly progress: string;
  /** More buttons. */
  readonly children?: ComponentChildren;
}): JSX.Element {
  const row = useRef<HTMLDivElement>(null);
  const isFirst = useSignal(false);
  useEffect(() => {
    if (first === undefined) return;
    return beginInView(row.current!, job, () => {
      isFirst.value = !job.isRunning.peek();
      first();
    });
  }, []);
  return (
    <>
      <div class="controls" ref={row}>
        <button
          type="button"
          disabled={job.isRunning.value && !isFirst.value} // an automatic first run does not block the button
          onClick={() => {
            isFirst.value = false;
            start();
          }}
        >
          {label}
        </button>
        <button type="button" disabled={!job.isRunning.value} onClick={job.stop}>
          Stop
        </button>
        {children}
        <span role="status">{progress}</span>
      </div>
      <pre class="problem" role="alert">
        {job.problem}
      </pre>
    </>
  );
}
