import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** When the newest file in a folder and below was written, in milliseconds since 1970; −∞ where there is none. */
export function newestFile(folder: string): number {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch {
    return -Infinity; // the program makes it
  }
  const times = names.map((name) => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false }); // it may be gone by now
    return found?.isFile() === true ? found.mtimeMs : -Infinity;
  });
  return times.reduce((newest, time) => Math.max(newest, time), -Infinity);
}
