import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import type { Evaluation } from "../../training/train/index.ts";
import { fileIn, type OutputFolder } from "../shared/write-file.ts";

/** File in the checkpoint folder with one line of JSON per epoch: the result on the test part after it. */
const fileName = "tests.jsonl";

/** Result on the test part of the data after an epoch. */
export interface EpochTest extends Pick<Evaluation, "loss" | "metrics"> {
  readonly epoch: number;
}

/**
 * Stores the test result of an epoch for comparisons of runs. A resumed run appends to the file. If an epoch occurs
 * twice, because the first one was not saved, the last line counts.
 *
 * @throws DownhillError `file` if it cannot be written.
 */
export async function keepTest(folder: OutputFolder, { epoch, loss, metrics }: EpochTest): Promise<void> {
  const path = fileIn(folder, fileName);
  try {
    await appendFile(path, `${JSON.stringify({ epoch, loss, metrics })}\n`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DownhillError("file", `cannot write ${path}: ${why}.`, { cause });
  }
}

/** Reads the stored epochs of a run by their numbers. Truncated and unknown lines are ignored. */
export async function keptTests(folder: string): Promise<ReadonlyMap<number, EpochTest>> {
  const text = await readFile(join(folder, fileName), "utf8").catch(() => "");
  const tests = new Map<number, EpochTest>();
  for (const line of text.split("\n")) {
    const test = readLine(line);
    if (test !== undefined) tests.set(test.epoch, test);
  }
  return tests;
}

function readLine(line: string): EpochTest | undefined {
  try {
    const { epoch, loss, metrics } = JSON.parse(line) as EpochTest;
    const isWhole =
      Number.isInteger(epoch) &&
      typeof loss === "number" &&
      Object.values(metrics).every((value) => typeof value === "number");
    return isWhole ? { epoch, loss, metrics } : undefined;
  } catch {
    return undefined;
  }
}
