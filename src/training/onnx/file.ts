import { refuseExtra } from "../../engine/errors/arguments.ts";
import { replaceFileOrExplain } from "../io/replace-file.ts";

/**
 * Writes a model of `toOnnx` to a file atomically: at any time its name refers to either the old or the complete new
 * content.
 *
 * @throws DownhillError `file`, naming the file and the remedy, if it cannot be written.
 */
export async function writeOnnxFile(path: string, model: Uint8Array): Promise<void> {
  if (arguments.length > 2) refuseExtra("writeOnnxFile", arguments, 2);
  await replaceFileOrExplain("writeOnnxFile", path, model);
}
