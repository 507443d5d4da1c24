import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { type EventFile, openEventFile } from "../io/event-file.ts";
import type { FileOperations } from "../io/file-operations.ts";
import type { LogEntry, LogSink } from "./log.ts";

/** Options of `tensorBoard`. */
export interface TensorBoardOptions {
  /** Interval in steps at which steps are written, 1 or more; 0 writes only epochs. Default 1. */
  readonly everySteps?: number;
  /** File operations to use instead of those of Node, Deno or Bun. */
  readonly files?: FileOperations;
}

/**
 * Creates a sink that writes event files for TensorBoard into a folder, one file per run. Each step adds to the curves
 * `step/loss`, `step/learning rate` and `step/…` for each metric. Each epoch adds to `loss/training` and
 * `loss/validation`, to `…/training` and `…/validation` for each metric, to `learning rate`, and to the seconds spent
 * in total and waiting for data. After a run was resumed, TensorBoard shows its new steps instead of those that were
 * lost.
 *
 * @throws DownhillError `option` or `range` for invalid arguments; `file`, on receiving an entry, if the file cannot be
 *   written.
 * @example
 * ```text
 * await fit({ params, loss, data, optimizer, epochs: 20, log: tensorBoard("runs/a") });
 * // then: tensorboard --logdir runs
 * ```
 */
export function tensorBoard(folder: string, options: TensorBoardOptions = {}): LogSink {
  if (arguments.length > 2) refuseExtra("tensorBoard", arguments, 2);
  checkOptions("tensorBoard", options, ["everySteps", "files"]);
  const { everySteps = 1, files } = options;
  if (typeof folder !== "string" || folder === "") {
    throw new DownhillError("option", "tensorBoard: needs the path of a folder.");
  }
  if (!(Number.isInteger(everySteps) && everySteps >= 0)) {
    throw new DownhillError(
      "range",
      `tensorBoard: everySteps must be an integer of 0 or more; got ${String(everySteps)}.`,
    );
  }
  let file: EventFile | undefined;
  return async (entry) => {
    file ??= await openEventFile(folder, files === undefined ? {} : { files });
    if (entry.kind === "start" && entry.isResumed) await file.restartAt(entry.step);
    const values = valuesOf(entry, everySteps);
    if (values !== undefined && "step" in entry) await file.add({ step: entry.step, values });
    if (entry.kind === "epoch" || entry.kind === "checkpoint") await file.flush();
    if (entry.kind !== "end") return;
    await file.close();
    file = undefined;
  };
}

/** Returns the values that an entry adds to curves, by name of the curve; `undefined` for an entry that adds none. */
function valuesOf(entry: LogEntry, everySteps: number): Readonly<Record<string, number>> | undefined {
  switch (entry.kind) {
    case "step": {
      if (everySteps === 0 || entry.step % everySteps !== 0) return undefined;
      const rate =
        entry.learningRate === undefined ? [] : [["step/learning rate", entry.learningRate] as const];
      const metrics = Object.entries(entry.metrics).map(([name, value]) => [`step/${name}`, value] as const);
      return Object.fromEntries([["step/loss", entry.loss], ...metrics, ...rate]);
    }
    case "epoch": {
      const { validation, learningRate, seconds, dataSeconds } = entry;
      const curves = (part: string, { loss, metrics }: Pick<typeof entry, "loss" | "metrics">) =>
        [["loss", loss] as const, ...Object.entries(metrics)].map(
          ([name, value]) => [`${name}/${part}`, value] as const,
        );
      return Object.fromEntries([
        ...curves("training", entry),
        ...(validation === undefined ? [] : curves("validation", validation)),
        ...(learningRate === undefined ? [] : [["learning rate", learningRate] as const]),
        ["seconds/epoch", seconds] as const,
        ["seconds/waiting for data", dataSeconds] as const,
      ]);
    }
    case "start":
    case "checkpoint":
    case "warning":
    case "end":
      return undefined;
    default:
      return entry satisfies never;
  }
}
