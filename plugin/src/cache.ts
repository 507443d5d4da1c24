import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * Folder in which compiled programs are cached between runs. It is the folder that the variable DOWNHILL_CACHE names
 * or, as with build tools, `.cache/downhill` in the `node_modules` nearest to the module. `undefined` if there is no
 * such folder, or if the variable is `off`.
 */
export function cacheFolder(
  file: string,
  named: string | undefined = process.env["DOWNHILL_CACHE"],
): string | undefined {
  if (named === "off") return undefined;
  if (named !== undefined && named !== "") return resolve(named);
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const modules = join(folder, "node_modules");
    if (existsSync(modules)) return join(modules, ".cache/downhill");
    if (folder === dirname(folder)) return undefined;
  }
}
