// Schedules of the backward pass of a loop: when each step runs, and how long its input is stored.

/** An operation of a schedule. `step` counts the iterations of the loop from 0. */
export interface ScheduledStep {
  /** `forward` computes the value after the step; `backward` uses the value before it. */
  readonly kind: "forward" | "backward";
  readonly step: number;
}

/** A stored value: the value before iteration `step`, stored from operation `from` to operation `to`. */
export interface StoredSpan {
  readonly step: number;
  readonly from: number;
  readonly to: number;
}

/** A schedule, with the spans in which values are stored. */
export interface Schedule {
  readonly operations: readonly ScheduledStep[];
  readonly spans: readonly StoredSpan[];
  /** Number of forward steps, including repeated ones. */
  readonly forwardSteps: number;
  /** Largest number of values stored at once. */
  readonly mostStored: number;
}

/** Strategies: store every value, store the beginning of each segment, or halve the loop again and again. */
export type Strategy = "all" | "segments" | "halving";

/** Creates the schedule of a loop with n iterations. */
export function scheduleOf(strategy: Strategy, n: number): Schedule {
  const recorder = makeRecorder();
  switch (strategy) {
    case "all":
      recorder.store(0);
      segment(recorder, 0, n);
      break;
    case "segments":
      inSegments(recorder, n);
      break;
    case "halving":
      recorder.store(0);
      halve(recorder, 0, n);
      break;
    default:
      return strategy satisfies never;
  }
  return recorder.schedule();
}

interface Recorder {
  run(kind: ScheduledStep["kind"], step: number): void;
  store(step: number): void;
  drop(step: number): void;
  schedule(): Schedule;
}

function makeRecorder(): Recorder {
  const operations: ScheduledStep[] = [];
  const spans: StoredSpan[] = [];
  const since = new Map<number, number>();
  let mostStored = 0;
  return {
    run: (kind, step) => void operations.push({ kind, step }),
    store(step) {
      since.set(step, operations.length);
      mostStored = Math.max(mostStored, since.size);
    },
    drop(step) {
      spans.push({ step, from: since.get(step)!, to: operations.length });
      since.delete(step);
    },
    schedule: () => ({
      operations,
      spans,
      forwardSteps: operations.filter(({ kind }) => kind === "forward").length,
      mostStored,
    }),
  };
}

/**
 * Runs iterations `from` to `to` − 1 forward, storing the value before each, and then backward. The value before
 * iteration `from` must be stored already.
 */
function segment({ run, store, drop }: Recorder, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (i > from) store(i);
    if (i < to - 1) run("forward", i);
  }
  for (let i = to - 1; i >= from; i--) {
    run("backward", i);
    drop(i);
  }
}

/** Length of the segments for a loop of n iterations. */
function segmentLength(n: number): number {
  return Math.ceil(Math.sqrt(n));
}

function inSegments(recorder: Recorder, n: number): void {
  const length = segmentLength(n);
  const last = length * Math.floor((n - 1) / length);
  for (let i = 0; i < last; i++) {
    if (i % length === 0) recorder.store(i);
    recorder.run("forward", i);
  }
  recorder.store(last);
  for (let start = last; start >= 0; start -= length) segment(recorder, start, Math.min(start + length, n));
}

/**
 * Runs iterations `from` to `to` − 1 backward, given the stored value before iteration `from`. It computes and stores
 * the value in the middle, and then halves the later and the earlier part in the same way.
 */
function halve(recorder: Recorder, from: number, to: number): void {
  if (to - from === 1) {
    recorder.run("backward", from);
    recorder.drop(from);
    return;
  }
  const middle = Math.floor((from + to) / 2);
  for (let i = from; i < middle; i++) recorder.run("forward", i);
  recorder.store(middle);
  halve(recorder, middle, to);
  halve(recorder, from, middle);
}
