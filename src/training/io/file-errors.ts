import { DownhillError } from "../../engine/errors/index.ts";
import { suggest } from "../../engine/util/suggest.ts";

/** File system access that explanations need. */
export interface FolderReader {
  readonly readdir: (folder: string) => Promise<string[]>;
}

/**
 * Returns the result of an action on a file. @throws DownhillError `file`, with the reason and the remedy, if it fails.
 */
export async function explained<T>(fs: FolderReader, path: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (cause) {
    throw new DownhillError("file", await explainReadError(fs, path, cause), { cause });
  }
}

/** Explains why a file could not be read and names a remedy, based on the error of the file system. */
export async function explainReadError(fs: FolderReader, path: string, cause: unknown): Promise<string> {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return `${path}: there is no such file${await explainMissing(fs, path)}`;
    case "EISDIR":
      return `${path}: this is a folder, not a file.${await showFolder(fs, path)}`;
    case "EACCES":
    case "EPERM":
      return `${path}: there is no permission to read this file. Change its permissions, or copy it to where you may read it.`;
    default:
      return `${path}: cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`;
  }
}

/**
 * Returns the rest of the sentence "there is no such file": the first part of the path that is missing, and the most
 * similar name in its folder.
 */
async function explainMissing(fs: FolderReader, path: string): Promise<string> {
  for (let missing = path; missing !== "";) {
    const cut = Math.max(missing.lastIndexOf("/"), missing.lastIndexOf("\\")) + 1;
    const folder = missing.slice(0, cut);
    const base = missing.slice(cut);
    const names = await namesIn(fs, folder === "" ? "." : folder);
    if (names !== undefined) {
      if (names.includes(base)) return `: ${missing} is a file, not a folder.`;
      const nearest = suggest(base, names);
      const hint = nearest === undefined ? "" : ` Did you mean ${folder}${nearest}?`;
      return missing === path ? `.${hint}` : `, as there is no folder ${missing}.${hint}`;
    }
    missing = folder.slice(0, -1);
  }
  return ".";
}

async function showFolder(fs: FolderReader, path: string): Promise<string> {
  const names = (await namesIn(fs, path)) ?? [];
  if (names.length === 0) return "";
  return ` Name one in it: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}.`;
}

async function namesIn(fs: FolderReader, folder: string): Promise<string[] | undefined> {
  try {
    return (await fs.readdir(folder)).sort();
  } catch {
    return undefined;
  }
}
