import { DownhillError } from "../../engine/errors/index.ts";
import { explainWriteError, folderOf, nodeFiles, openNew, writeWhole } from "./file-operations.ts";

/**
 * Writes a file atomically in Node, Deno and Bun: at any time its name refers to either the old or the complete new
 * content. Links are followed, and permissions stay. Special files (a pipe, a terminal, `/dev/null`, `/dev/stdout`) are
 * written to directly.
 *
 * Errors of the system are rethrown unchanged.
 *
 * @throws DownhillError `file` in a browser, which has no files.
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
 * Like `replaceFile`, with an error that names the file and the remedy.
 *
 * @throws DownhillError `file`, naming the file and the remedy, if the file cannot be written.
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
