// The buttons of long work.
import type { ComponentChildren, JSX } from "preact";
import type { AnyJob } from "./job.ts";

/** A button that starts work, one that stops it, how far it is, and why it failed. */
export function StartStop({
  job,
  label,
  start,
  progress,
  children,
}: {
  readonly job: AnyJob;
  /** What is started: “Train”. */
  readonly label: string;
  readonly start: () => void;
  /** How far it is, in words. */
  readonly progress: string;
  /** More buttons. */
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <>
      <div class="controls">
        <button type="button" disabled={job.isRunning.value} onClick={start}>
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
