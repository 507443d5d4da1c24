import { DownhillError } from "../../engine/errors/index.ts";
import { explainWriteError, folderOf, nodeFiles, openNew, writeWhole } from "./file-operations.ts";

/**
 * Writes a file in Node, Deno and Bun, so that under its name there is at any time either what was there before or all of
 * the new. A link is followed, and permissions stay. What is no plain file (a pipe, a terminal, `/dev/null`), or stands for
 * one that is open (`/dev/stdout`), is written to as it is.
 *
 * What fails is thrown as it came from the system.
 *
 * @throws DownhillError `file` in a browser, where there are no files.
 */
export async function replaceFile(operation: string, path: string, bytes: Uint8Array): Promise<void> {
  const files = nodeFiles(operation);
  const fs = process.getBuiltinModule("node:fs/promises");
  const found = await fs.stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if ((found !== undefined && !found.isFile()) || /^\/(?:dev|proc)\//.test(path)) {
    await fs.writeFile(path, bytes);
    return;
  }
  const target = found === undefined ? path : await fs.realpath(path);
  const open: typeof files.open = async (name) => openNew(fs, name, found && found.mode & 0o777);
  await writeWhole({ ...files, open }, target, bytes);
  await files.syncFolder(folderOf(target));
}

/**
 * The same, with an error that names the file and what to do.
 *
 * @throws DownhillError `file`
 */
export async function replaceFileOrExplain(
  operation: string,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  try {
    await replaceFile(operation, path, bytes);
  } catch (cause) {
    if (cause instanceof DownhillError) throw cause;
    throw new DownhillError("file", explainWriteError(path, cause), { cause });
  }
}
