import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import type { EpochRecord } from "./history.ts";
import type { Stretch } from "./stretches.ts";

/** One entry of the log of a run. Plain data. */
export type LogEntry =
  | StartEntry
  | StepEntry
  | (EpochRecord & { readonly kind: "epoch" })
  | CheckpointEntry
  | WarningEntry
  | EndEntry;

/** Entry that is written before the first step. */
export interface StartEntry {
  readonly kind: "start";
  /** Number of steps already done; not 0 in a resumed run. `epoch` is the number of finished epochs. */
  readonly step: number;
  readonly epoch: number;
  /** Total number of epochs requested. */
  readonly epochs: number;
  readonly isResumed: boolean;
  /** Stretches of a run with checkpoints. The last one begins now. */
  readonly stretches?: readonly Stretch[];
  /** Number of elements in the parameters. */
  readonly parameters: number;
}

/** Entry that is written after a step. */
export interface StepEntry {
  readonly kind: "step";
  /** Number of the epoch, counted from 1. */
  readonly epoch: number;
  /** Number of steps taken so far in the run. */
  readonly step: number;
  /** Number of the batch in its epoch, counted from 1. If a step takes several batches, the last of them. */
  readonly batch: number;
  /** Loss of the batch before the step. If a step takes several batches, the loss of all of them together. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly learningRate: number | undefined;
  /** Number of items in the step. */
  readonly items: number;
  /**
   * With the option `gradientNorms`: the 2-norm of the gradient for each leaf of the parameters, in their order, as
   * passed to the optimiser. Infinite if a square overflows, which in float32 happens beyond 1.8e19.
   */
  readonly gradientNorms?: readonly number[];
}

/** Entry that is written after a checkpoint was saved. */
export interface CheckpointEntry {
  readonly kind: "checkpoint";
  readonly step: number;
  /** Number of finished epochs; `batch` is the number of batches done in the next one. */
  readonly epoch: number;
  readonly batch: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** A warning, as a sentence. */
export interface WarningEntry {
  readonly kind: "warning";
  readonly message: string;
}

/**
 * Entry at the end of the run, for whatever reason it ended. `error` is the message of the error that ended the run, if
 * any.
 */
export interface EndEntry {
  readonly kind: "end";
  readonly stopped: string;
  readonly step: number;
  readonly epoch: number;
  readonly error?: string;
}

/** Function that receives log entries. A returned promise is awaited. */
export type LogSink = (entry: LogEntry) => void | Promise<void>;

/** Options of `jsonLines`. */
export interface JsonLinesOptions {
  /**
   * Interval in steps at which step entries are written. Default 0: no step entries; all other entries are always
   * written.
   */
  readonly everySteps?: number;
}

/** Sends an entry to all sinks. */
export async function tell(sinks: readonly LogSink[], entry: LogEntry): Promise<void> {
  for (const sink of sinks) await sink(entry);
}

/**
 * Creates a sink that writes each entry as a line of JSON. Numbers that JSON lacks (NaN, infinities) become `null`.
 *
 * @throws DownhillError `option` or `range` for invalid arguments.
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
      `jsonLines: everySteps must be an integer of 0 or more; got ${String(everySteps)}.`,
    );
  }
  return async (entry) => {
    if (entry.kind === "step" && (everySteps === 0 || entry.step % everySteps !== 0)) return;
    await write(`${JSON.stringify(entry)}\n`);
  };
}
