import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Returns the modification time of the newest file in a folder and its subfolders, in milliseconds since 1970; −∞
 * without files.
 */
export function newestFile(folder: string): number {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return -Infinity; // the program creates it later
  }
  const times = names.map((name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false }); // it may have been deleted meanwhile
    return found?.isFile() === true ? found.mtimeMs : -Infinity;
  });
  return times.reduce((newest, time) => Math.max(newest, time), -Infinity);
}
