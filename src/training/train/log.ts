import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { EpochRecord } from "./history.ts";
import type { Stretch } from "./stretches.ts";

/** What a run tells while it goes: plain data. */
export type LogEntry =
  | StartEntry
  | StepEntry
  | (EpochRecord & { readonly kind: "epoch" })
  | CheckpointEntry
  | WarningEntry
  | EndEntry;

/** Before the first step. */
export interface StartEntry {
  readonly kind: "start";
  /** Steps and epochs done before: not 0 where a run is resumed. */
  readonly step: number;
  readonly epoch: number;
  /** How many epochs there are to be. */
  readonly epochs: number;
  readonly isResumed: boolean;
  /** Of a run with checkpoints: its parts, the last of which begins now. */
  readonly stretches?: readonly Stretch[];
  /** Numbers in the parameters. */
  readonly parameters: number;
}

/** After a step. */
export interface StepEntry {
  readonly kind: "step";
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Steps taken so far in the run. */
  readonly step: number;
  /** Number of the batch in its epoch, from 1; of several batches a step, of the last. */
  readonly batch: number;
  /** The loss of the batch (of the batches together, where several make a step) before the step. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly learningRate: number | undefined;
  /** Items that went into the step. */
  readonly items: number;
  /**
   * With `gradientNorms`: the 2-norm of the gradient by each leaf of the parameters, in their order, as the optimiser gets it.
   * Infinite where a square is, which in float32 is beyond 1.8e19.
   */
  readonly gradientNorms?: readonly number[];
}

/** After a checkpoint was written. */
export interface CheckpointEntry {
  readonly kind: "checkpoint";
  readonly step: number;
  /** Epochs finished, and batches of the next one that are done. */
  readonly epoch: number;
  readonly batch: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** What deserves attention, as a sentence. */
export interface WarningEntry {
  readonly kind: "warning";
  readonly message: string;
}

/** At the end, however it came; `error` is its message. */
export interface EndEntry {
  readonly kind: "end";
  readonly stopped: string;
  readonly step: number;
  readonly epoch: number;
  readonly error?: string;
}

/** What takes entries: a plain function. A promise is waited for. */
export type LogSink = (entry: LogEntry) => void | Promise<void>;

/** Options of `jsonLines`. */
export interface JsonLinesOptions {
  /** Which steps are written: every so many. Default 0: none, only epochs and what else there is. */
  readonly everySteps?: number;
}

/** Tells all sinks. */
export async function tell(sinks: readonly LogSink[], entry: LogEntry): Promise<void> {
  for (const sink of sinks) await sink(entry);
}

/**
 * A sink that writes each entry as a line of JSON. Numbers that JSON has not (NaN, infinities) are written as `null`.
 *
 * @throws DownhillError `option` or `range` for misuse.
 * @example
 * const lines: string[] = [];
 * const sink = jsonLines((line) => lines.push(line));
 * sink({ kind: "warning", message: "the disk is nearly full" });
 * lines; // ['{"kind":"warning","message":"the disk is nearly full"}\n']
 */
export function jsonLines(write: (line: string) => unknown, options: JsonLinesOptions = {}): LogSink {
  if (arguments.length > 2) refuseExtra("jsonLines", arguments, 2);
  checkOptions("jsonLines", options, ["everySteps"]);
  const { everySteps = 0 } = options;
  if (typeof write !== "function") {
    throw new DownhillError("option", "jsonLines: needs a function that takes a line of text.");
  }
  if (!(Number.isInteger(everySteps) && everySteps >= 0)) {
    throw new DownhillError(
      "range",
      `jsonLines: everySteps must be a whole number of 0 or more; got ${String(everySteps)}.`,
    );
  }
  return async (entry) => {
    if (entry.kind === "step" && (everySteps === 0 || entry.step % everySteps !== 0)) return;
    await write(`${JSON.stringify(entry)}\n`);
  };
}
