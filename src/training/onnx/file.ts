import { refuseExtra } from "../../engine/errors/arguments.ts";
import { replaceFileOrExplain } from "../io/replace-file.ts";

/**
 * Writes a model of `toOnnx` to a file, so that under its name there is at any time either what was there before or all of
 * the new.
 *
 * @throws DownhillError `file`, naming the file and what to do, if it cannot be written.
 */
export async function writeOnnxFile(path: string, model: Uint8Array): Promise<void> {
  if (arguments.length > 2) refuseExtra("writeOnnxFile", arguments, 2);
  await replaceFileOrExplain("writeOnnxFile", path, model);
}
