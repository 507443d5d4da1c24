import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const mostUp = 4; // number of folders from a module of the command up to the package

/**
 * Returns a folder that the build writes next to the command, or, when run from the sources, in `dist/`; `undefined` if
 * it is missing.
 */
export function builtFolder(name: string): string | undefined {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < mostUp; up += 1) {
    for (const place of [join(folder, name), join(folder, "dist", name)]) if (existsSync(place)) return place;
    folder = dirname(folder);
  }
  return undefined;
}
