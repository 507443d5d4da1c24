import { accessSync, constants, existsSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DownhillError } from "../../engine/errors/index.ts";
import { replaceFile } from "../../training/io/replace-file.ts";

/**
 * Writes a text or bytes, whole or not at all, in place of what the file held.
 *
 * @throws DownhillError `file`, with the reason in words.
 */
export async function writeOutput(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await replaceFile(
      "write",
      path,
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  } catch (error) {
    throw new DownhillError("file", `cannot write ${path}: ${reasonOf(error)}.`, { cause: error });
  }
}

/**
 * Complains before any work where `writeOutput` could not but fail.
 *
 * @throws DownhillError `file`
 */
export function checkOutput(path: string): void {
  const folder = dirname(path);
  const reason = !existsSync(folder)
    ? reasons.get("ENOENT")
    : !statSync(folder).isDirectory()
      ? reasons.get("ENOTDIR")
      : !existsSync(path)
        ? objectionTo(folder)
        : statSync(path).isDirectory()
          ? reasons.get("EISDIR")
          : (objectionTo(path) ??
            (statSync(path).isFile() ? objectionTo(dirname(realpathSync(path))) : undefined));
  if (reason !== undefined) throw new DownhillError("file", `cannot write ${path}: ${reason}.`);
}

/**
 * Complains before any work where a folder could not but fail to take files; it may have to be made.
 *
 * @throws DownhillError `file`
 */
export function checkFolder(path: string): void {
  let there = path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const reason = statSync(there).isDirectory() ? objectionTo(there) : reasons.get("ENOTDIR");
  if (reason !== undefined) throw new DownhillError("file", `cannot write to ${path}: ${reason}.`);
}

/** What the system has against writing to a file or a folder that is there. */
function objectionTo(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "its folder does not exist"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EISDIR", "it is a folder"],
  ["ENOSPC", "the disk is full"],
  ["EROFS", "the file system is read-only"],
  ["ENOTDIR", "a part of its path is not a folder"],
]);

/** Why something could not be written, from what the system threw. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons.get(code) ?? (error instanceof Error ? error.message : String(error));
}
