import { refuseExtra } from "../../engine/errors/arguments.ts";
import { DownhillError } from "../../engine/errors/index.ts";
import { checkOptions } from "../../engine/errors/options.ts";
import { type EventFile, openEventFile } from "../io/event-file.ts";
import type { FileOperations } from "../io/file-operations.ts";
import type { LogEntry, LogSink } from "./log.ts";

/** Options of `tensorBoard`. */
export interface TensorBoardOptions {
  /** Which steps are written: every so many, 1 or more; 0 for none, only epochs. Default 1. */
  readonly everySteps?: number;
  /** Other files than those of Node, Deno or Bun. */
  readonly files?: FileOperations;
}

/**
 * A sink that writes event files for TensorBoard into a folder, a file each run: curves `step/loss`, `step/…` of each
 * step, and of each epoch `loss/training`, `loss/validation`, `…/training` and `…/validation` of each metric,
 * `learning rate`, and the seconds that it took and waited for data. After a run was resumed, TensorBoard shows the
 * steps that it made anew and not those that were lost.
 *
 * @throws DownhillError `option` or `range` for misuse; `file`, when it is told something, if it cannot write.
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
      `tensorBoard: everySteps must be a whole number of 0 or more; got ${String(everySteps)}.`,
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

/** The points that an entry adds to curves. */
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
