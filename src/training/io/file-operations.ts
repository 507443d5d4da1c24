import { DownhillError } from "../../engine/errors/index.ts";

/**
 * What checkpoints and logs ask of a file system, each a promise that rejects with the system's own error. The files of
 * Node, Deno and Bun by default; others may be given, so that checkpoints can be kept elsewhere and faults be tried out.
 */
export interface FileOperations {
  /** Makes a folder and those above it, where they are not there yet. */
  readonly makeFolder: (path: string) => Promise<void>;
  /** The names in a folder. */
  readonly list: (folder: string) => Promise<readonly string[]>;
  readonly read: (path: string) => Promise<Uint8Array>;
  /** Opens a new file to be written; rejects with code `EEXIST` if there is anything of that name, a link too. */
  readonly open: (path: string) => Promise<WritableFile>;
  /** Gives a file another name; one that had it is replaced in the same instant. */
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  /** Waits until what was renamed and removed in a folder will outlast a power cut. */
  readonly syncFolder: (folder: string) => Promise<void>;
}

/** A file that is being written. */
export interface WritableFile {
  /** Appends bytes, as many as go at once; returns how many. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Waits until what was written will outlast a power cut. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * The files of Node, Deno and Bun.
 *
 * @throws DownhillError `file` in a browser, where there are none.
 */
export function nodeFiles(operation: string): FileOperations {
  // asked for at run time, so that bundles for browsers hold no import of `node:`
  const fs = globalThis.process?.getBuiltinModule?.("node:fs/promises");
  if (fs === undefined) {
    throw new DownhillError(
      "file",
      `${operation}: there are no files here. In a browser, keep it in memory.`,
    );
  }
  return {
    makeFolder: async (path) => makeFolders(fs, path),
    list: async (folder) => fs.readdir(folder),
    read: async (path) => {
      const found = await fs.stat(path);
      // a pipe or a device might never end
      if (!found.isFile() && !found.isDirectory()) throw new Error("it is no plain file");
      const { buffer, byteOffset, byteLength } = await fs.readFile(path);
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
    open: async (path) => openNew(fs, path),
    rename: async (from, to) => fs.rename(from, to),
    remove: async (path) => fs.rm(path, { force: true }),
    syncFolder: async (folder) => {
      if (process.platform === "win32") return; // which has no such call, and needs none: renaming is written at once
      const handle = await fs.open(folder, "r");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}

/** What is needed of `node:fs/promises` to make files. */
interface FileMaker {
  readonly open: (
    path: string,
    flags: string,
  ) => Promise<{
    readonly write: (bytes: Uint8Array) => Promise<{ readonly bytesWritten: number }>;
    readonly chmod: (mode: number) => Promise<void>;
    readonly sync: () => Promise<void>;
    readonly close: () => Promise<void>;
  }>;
}

/** A new file with these permissions; who planted a link of its name gets an error, and nothing is written through it. */
export async function openNew(fs: FileMaker, path: string, mode?: number): Promise<WritableFile> {
  const file = await fs.open(path, "wx");
  if (mode !== undefined) {
    await file.chmod(mode).catch(async (error: unknown) => {
      await file.close();
      throw error;
    });
  }
  return {
    write: async (bytes) => (await file.write(bytes)).bytesWritten,
    sync: async () => file.sync(),
    close: async () => file.close(),
  };
}

/** What is needed of `node:fs/promises` to make folders. */
interface FolderMaker {
  readonly mkdir: (path: string) => Promise<unknown>;
  readonly stat: (path: string) => Promise<{ readonly isDirectory: () => boolean }>;
}

/**
 * `mkdir` with the folders above, one by one: Node's own `recursive: true` never comes back where a folder that is there
 * takes no new ones and says that there is none, as `/proc` does.
 */
async function makeFolders(fs: FolderMaker, path: string): Promise<void> {
  try {
    await fs.mkdir(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // some systems say of a folder that is there that it may not be made
    if (code !== "ENOENT" && (await isFolder(fs, path))) return;
    const above = folderOf(path);
    if (code !== "ENOENT" || above === path || (await isFolder(fs, above))) throw error;
    await makeFolders(fs, above);
    await makeFolders(fs, path);
  }
}

async function isFolder(fs: FolderMaker, path: string): Promise<boolean> {
  return fs.stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Suffix of temporary files. They are safe to delete. */
const temporaryEnd = ".tmp";

/**
 * Writes a file so that under its name there is at any time either what was there before or all of the new: into a
 * temporary file beside it, of a name that nobody can foresee, which is synced and then renamed. The folder is left to be
 * synced.
 *
 * What fails is thrown as it came, after the temporary file was removed.
 */
export async function writeWhole(
  files: Pick<FileOperations, "open" | "rename" | "remove">,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const temporary = `${path}.${randomName()}${temporaryEnd}`;
  const file = await files.open(temporary);
  try {
    try {
      for (let at = 0; at < bytes.length;) {
        const written = await file.write(bytes.subarray(at));
        if (written === 0) throw new Error("the system takes no more bytes");
        at += written;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
  } catch (error) {
    await files.remove(temporary).catch(() => {}); // it may not be there
    throw error;
  }
}

/** Eight characters by chance. */
function randomName(): string {
  return globalThis.crypto.randomUUID().slice(0, 8);
}

/** Why writing failed and what to do, from what the file system threw. */
export function explainWriteError(path: string, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return `${path}: the disk is full. Make room, or write elsewhere.`;
    case "EFBIG":
      return `${path}: the file would become larger than is allowed here (see ulimit -f).`;
    case "EACCES":
    case "EPERM":
      return `${path}: there is no permission to write here.`;
    case "EROFS":
      return `${path}: this file system can only be read.`;
    case "EISDIR":
      return `${path}: there is a folder of this name where a file is to be written.`;
    case "ENOTDIR":
    case "EEXIST":
      return `${path}: there is a file where a folder is needed.`;
    case "ENOENT":
      return `${path}: its folder is not there.`;
    default:
      return `${path}: cannot be written (${cause instanceof Error ? cause.message : String(cause)}).`;
  }
}

/** The folder of a file. */
export function folderOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end < 0 ? "." : path.slice(0, Math.max(end, 1));
}
