import { DownhillError } from "../../engine/errors/index.ts";

/**
 * File system operations that checkpoints and logs need. Each promise rejects with the system's own error. By default
 * those of Node, Deno and Bun are used; others may be passed to store checkpoints elsewhere or to test faults.
 */
export interface FileOperations {
  /** Creates a folder and its parents, unless they exist. */
  readonly makeFolder: (path: string) => Promise<void>;
  /** Returns the names in a folder. */
  readonly list: (folder: string) => Promise<readonly string[]>;
  readonly read: (path: string) => Promise<Uint8Array>;
  /** Creates a file for writing. Rejects with code `EEXIST` if the name exists, even as a link. */
  readonly open: (path: string) => Promise<WritableFile>;
  /** Renames a file, atomically replacing an existing one. */
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  /** Waits until renamed and removed entries of a folder will survive a power cut. */
  readonly syncFolder: (folder: string) => Promise<void>;
}

/** A file open for writing. */
export interface WritableFile {
  /** Appends bytes, possibly only some of them. Returns the number of bytes written. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Waits until written bytes will survive a power cut. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Returns the file operations of Node, Deno and Bun.
 *
 * @throws DownhillError `file` in a browser, which has no files.
 */
export function nodeFiles(operation: string): FileOperations {
  // looked up at run time, so that bundles for browsers contain no import of `node:`
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
      // A pipe or a device might never end.
      if (!found.isFile() && !found.isDirectory()) throw new Error("it is not a regular file");
      const { buffer, byteOffset, byteLength } = await fs.readFile(path);
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
    open: async (path) => openNew(fs, path),
    rename: async (from, to) => fs.rename(from, to),
    remove: async (path) => fs.rm(path, { force: true }),
    syncFolder: async (folder) => {
      if (process.platform === "win32") return; // Windows has no such call and needs none: renaming is written at once
      const handle = await fs.open(folder, "r");
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}

/** Part of `node:fs/promises` needed to create files. */
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

/**
 * Creates a file with these permissions. If a file or link of its name exists, this fails, so that nothing is written
 * through a link.
 */
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

/** Part of `node:fs/promises` needed to create folders. */
interface FolderMaker {
  readonly mkdir: (path: string) => Promise<unknown>;
  readonly stat: (path: string) => Promise<{ readonly isDirectory: () => boolean }>;
}

/**
 * Creates a folder and its parents one by one. Node's `recursive: true` never returns if an existing folder such as
 * `/proc` refuses new entries with ENOENT.
 */
async function makeFolders(fs: FolderMaker, path: string): Promise<void> {
  try {
    await fs.mkdir(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // Some systems report that an existing folder may not be created.
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
 * Writes a file atomically: at any time its name refers to either the old or the complete new content. The bytes go to
 * a temporary file next to it with an unpredictable name, which is synced and then renamed. The caller must sync the
 * folder.
 *
 * Errors are rethrown unchanged after removing the temporary file.
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
        if (written === 0) throw new Error("the system accepts no more bytes");
        at += written;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
  } catch (error) {
    await files.remove(temporary).catch(() => {}); // it may not exist
    throw error;
  }
}

/** Returns eight random characters. */
function randomName(): string {
  return globalThis.crypto.randomUUID().slice(0, 8);
}

/** Explains why writing failed and names a remedy, based on the error of the file system. */
export function explainWriteError(path: string, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return `${path}: the disk is full. Free some space, or write elsewhere.`;
    case "EFBIG":
      return `${path}: the file would exceed the size limit (see ulimit -f).`;
    case "EACCES":
    case "EPERM":
      return `${path}: there is no permission to write here.`;
    case "EROFS":
      return `${path}: this file system is read-only.`;
    case "EISDIR":
      return `${path}: there is a folder of this name where a file is to be written.`;
    case "ENOTDIR":
    case "EEXIST":
      return `${path}: there is a file where a folder is needed.`;
    case "ENOENT":
      return `${path}: its folder does not exist.`;
    default:
      return `${path}: cannot be written (${cause instanceof Error ? cause.message : String(cause)}).`;
  }
}

/** Returns the folder of a path; `"."` if it has none. */
export function folderOf(path: string): string {
  const end = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  return end < 0 ? "." : path.slice(0, Math.max(end, 1));
}
