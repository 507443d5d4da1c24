import { open } from "node:fs/promises";
import type { WritableFile } from "../file-operations.ts";

/** Opens a file on a device that is always full. */
export async function openFullDevice(): Promise<WritableFile> {
  const file = await open("/dev/full", "w");
  return {
    write: async (bytes) => (await file.write(bytes)).bytesWritten,
    sync: async () => file.sync(),
    close: async () => file.close(),
  };
}
