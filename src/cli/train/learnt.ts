import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { nodeFiles } from "../../training/io/file-operations.ts";
import { toJson } from "../shared/json.ts";
import { fileIn, type OutputFolder, writeOutput } from "../shared/write-file.ts";
import type { TablePreprocessing, LearningProblem } from "./problem.ts";

/** Beside the checkpoints of a run: how the columns of its table become inputs and targets. */
const fileName = "inputs.json";

/** Leaves to the run that goes on with this one what was learnt from the table, which may have other rows by then. */
export async function keepLearnt(folder: OutputFolder, { inputs, task }: LearningProblem): Promise<void> {
  if (inputs === undefined) return;
  await nodeFiles("train").makeFolder(folder);
  await writeOutput(
    fileIn(folder, fileName),
    `${toJson({ inputs, task } satisfies TablePreprocessing, 2)}\n`,
  );
}

/**
 * What the run in a folder has learnt from its table; `undefined` where there is none, or it was no table.
 *
 * @throws DownhillError `data` for a file that holds something else.
 */
export function formerLearnt(folder: string): TablePreprocessing | undefined {
  const path = join(folder, fileName);
  if (!existsSync(path)) return undefined;
  try {
    const found: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (isLearnt(found)) return { inputs: found.inputs, task: found.task };
  } catch {
    // told below
  }
  throw new DownhillError(
    "data",
    `${path} does not tell how the columns of the table become inputs, as it did when the run began. Begin another run in another folder.`,
  );
}

/** Whether it tells how the columns of a table become inputs, and what is predicted from them. */
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

/** What a task of either kind may hold. */
interface TaskFields {
  readonly kind?: unknown;
  readonly classes?: unknown;
  readonly scale?: { readonly mean?: unknown };
}
