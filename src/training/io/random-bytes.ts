import { DownhillError } from "../../engine/errors/index.ts";
import { explained } from "./file-errors.ts";

/** Bytes with random access. */
export interface RandomBytes {
  readonly size: number;
  /** Reads bytes `from` to `to − 1`, both within the size. */
  readonly read: (from: number, to: number) => Promise<Uint8Array>;
  readonly close: () => Promise<void>;
}

/** Opens bytes in memory for random access. */
export function openInMemory(bytes: Uint8Array): RandomBytes {
  return {
    size: bytes.length,
    read: async (from, to) => Promise.resolve(bytes.subarray(from, to)),
    close: async () => Promise.resolve(),
  };
}

/** Opens a blob, such as a file chosen in a page, for random access. */
export function openBlob(blob: Blob): RandomBytes {
  return {
    size: blob.size,
    read: async (from, to) => new Uint8Array(await blob.slice(from, to).arrayBuffer()),
    close: async () => Promise.resolve(),
  };
}

/**
 * Opens a file for random access in Node, Deno and Bun.
 *
 * @throws DownhillError `file`, naming the file and the remedy, if it cannot be read, and in a browser.
 */
export async function openFile(path: string): Promise<RandomBytes> {
  // looked up at run time, so that bundles for browsers contain no import of node:
  const fs = globalThis.process?.getBuiltinModule?.("node:fs/promises");
  if (fs === undefined) {
    throw new DownhillError(
      "file",
      `${path}: there are no files to read here. In a browser, pass bytes from fetch or a chosen file.`,
    );
  }
  const file = await explained(fs, path, fs.open(path));
  const { size } = await explained(fs, path, file.stat()).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  return {
    size,
    async read(from, to) {
      const bytes = new Uint8Array(to - from);
      for (let filled = 0; filled < bytes.length;) {
        const { bytesRead } = await explained(
          fs,
          path,
          file.read(bytes, filled, bytes.length - filled, from + filled),
        );
        if (bytesRead === 0) throw new DownhillError("file", `${path}: it became shorter while it was read.`);
        filled += bytesRead;
      }
      return bytes;
    },
    close: async () => file.close(),
  };
}
