import { refuseExtra } from "../errors/arguments.ts";
import { DownhillError } from "../errors/index.ts";
import { explainWriteError, folderOf, nodeFiles, writeWhole } from "./file-operations.ts";
import { readFileBytes } from "./files.ts";
import { readSafetensors, type Safetensors, type TensorsByName, writeSafetensors } from "./safetensors.ts";

/** `readSafetensors` of a file; messages name the path. */
export async function readSafetensorsFile(path: string): Promise<Safetensors> {
  if (arguments.length > 1) refuseExtra("readSafetensorsFile", arguments, 1);
  return readSafetensors(await readFileBytes(path), { name: path });
}

/**
 * Writes a safetensors file, so that under its name there is at any time either what was there before or all of the new.
 *
 * @throws DownhillError `file`, naming the file and what to do, if it cannot be written.
 */
export async function writeSafetensorsFile(
  path: string,
  tensors: TensorsByName,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (arguments.length > 3) refuseExtra("writeSafetensorsFile", arguments, 3);
  const bytes = writeSafetensors(tensors, metadata);
  const files = nodeFiles("writeSafetensorsFile");
  try {
    await writeWhole(files, path, bytes);
    await files.syncFolder(folderOf(path));
  } catch (cause) {
    throw new DownhillError("file", explainWriteError(path, cause), { cause });
  }
}
