import { refuseExtra } from "../errors/arguments.ts";
import { checkOptions } from "../errors/options.ts";
import { readFileBytes } from "./files.ts";
import { replaceFileOrExplain } from "./replace-file.ts";
import {
  readSafetensors,
  type ReadSafetensorsOptions,
  type Safetensors,
  type TensorsByName,
  writeSafetensors,
} from "./safetensors.ts";

/** `readSafetensors` of a file; messages name the path unless `name` is given. */
export async function readSafetensorsFile(
  path: string,
  options: ReadSafetensorsOptions = {},
): Promise<Safetensors> {
  if (arguments.length > 2) refuseExtra("readSafetensorsFile", arguments, 2);
  checkOptions("readSafetensorsFile", options, ["name", "only", "int64"]); // before anything is read
  return readSafetensors(await readFileBytes(path), { name: path, ...options });
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
  await replaceFileOrExplain("writeSafetensorsFile", path, writeSafetensors(tensors, metadata));
}
