import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { nodeFiles } from "../../training/io/file-operations.ts";
import { toJson } from "../shared/json.ts";
import { fileIn, type OutputFolder, writeOutput } from "../shared/write-file.ts";
import type { TablePreprocessing, LearningProblem } from "./problem.ts";

/** File in the checkpoint folder with the conversion of table columns to inputs and targets. */
const fileName = "inputs.json";

/**
 * Stores the preprocessing learned from the table for runs that resume this one, because the table may have changed by
 * then. Does nothing for images.
 */
export async function keepLearnt(folder: OutputFolder, { inputs, task }: LearningProblem): Promise<void> {
  if (inputs === undefined) return;
  await nodeFiles("train").makeFolder(folder);
  await writeOutput(
    fileIn(folder, fileName),
    `${toJson({ inputs, task } satisfies TablePreprocessing, 2)}\n`,
  );
}

/**
 * Reads the preprocessing that the run in a folder learned from its table; `undefined` if there is no run, or its data
 * were not a table.
 *
 * @throws DownhillError `data` for a file with other content.
 */
export function formerLearnt(folder: string): TablePreprocessing | undefined {
  const path = join(folder, fileName);
  if (!existsSync(path)) return undefined;
  try {
    const found: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (isLearnt(found)) return { inputs: found.inputs, task: found.task };
  } catch {
    // reported below
  }
  throw new DownhillError(
    "data",
    `${path} no longer describes how the columns of the table become inputs. Start a new run in another folder.`,
  );
}

/** True if the value describes the conversion of table columns to inputs, and the target. */
export function isLearnt(value: unknown): value is TablePreprocessing {
  const { inputs, task } = (value ?? {}) as {
    readonly inputs?: Partial<TablePreprocessing["inputs"]>;
    readonly task?: TaskFields;
  };
  const { encoder, scale, names } = inputs ?? {};
  if (!Array.isArray(encoder?.columns) || !Array.isArray(names)) return false;
  if (!Array.isArray(scale?.mean) || !Array.isArray(scale.std) || scale.mean.length !== names.length)
    return false;
  return Array.isArray(task?.kind === "classification" ? task.classes : task?.scale?.mean);
}

/** Fields of a learning task of either kind. */
interface TaskFields {
  readonly kind?: unknown;
  readonly classes?: unknown;
  readonly scale?: { readonly mean?: unknown };
}
