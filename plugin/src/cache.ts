import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * Where what a program compiles is kept between its runs: in the folder that the variable DOWNHILL_CACHE names, or, as build tools do, in
 * `.cache/downhill` of the `node_modules` that are nearest to the module. `undefined` where there are none, and where the variable is
 * `off`.
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
