import { open } from "node:fs/promises";
import type { WritableFile } from "../file-operations.ts";

/** A file on a device that never has room. */
export async function openFullDevice(): Promise<WritableFile> {
  const file = await open("/dev/full", "w");
  return {
    write: async (bytes) => (await file.write(bytes)).bytesWritten,
    sync: async () => file.sync(),
    close: async () => file.close(),
  };
}
