import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { nodeFiles } from "../../training/io/file-operations.ts";
import { toJson } from "../shared/json.ts";
import { writeOutput } from "../shared/write-file.ts";
import type { Learnt, Problem } from "./problem.ts";

/** Beside the checkpoints of a run: how the columns of its table become inputs and targets. */
const fileName = "inputs.json";

/** Leaves to the run that goes on with this one what was learnt from the table, which may have other rows by then. */
export async function keepLearnt(folder: string, { inputs, task }: Problem): Promise<void> {
  if (inputs === undefined) return;
  await nodeFiles("train").makeFolder(folder);
  await writeOutput(join(folder, fileName), `${toJson({ inputs, task } satisfies Learnt, 2)}\n`);
}

/**
 * What the run in a folder has learnt from its table; `undefined` where there is none, or it was no table.
 *
 * @throws DownhillError `data` for a file that holds something else.
 */
export function formerLearnt(folder: string): Learnt | undefined {
  const path = join(folder, fileName);
  if (!existsSync(path)) return undefined;
  try {
    const { inputs, task } = JSON.parse(readFileSync(path, "utf8")) as Learnt;
    const isWhole =
      Array.isArray(inputs.encoder.columns) &&
      Array.isArray(inputs.scale.mean) &&
      Array.isArray(inputs.scale.std) &&
      inputs.scale.mean.length === inputs.names.length &&
      (task.kind === "classification" ? Array.isArray(task.classes) : Array.isArray(task.scale.mean));
    if (isWhole) return { inputs, task };
  } catch {
    // told below
  }
  throw new DownhillError(
    "data",
    `${path} does not tell how the columns of the table become inputs, as it did when the run began. Begin another run in another folder.`,
  );
}
