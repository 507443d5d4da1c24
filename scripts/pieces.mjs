// Groups the modules of src/ into the files of dist/, because an engine takes longer to find and open hundreds of small
// files than to compile their content. The modules that the package's main entry needs become one file, `core.js`. The
// other modules of a folder become one file next to the entry of that name. Without such an entry they go to the first
// entry that needs them. An engine parses every file it loads, so `import "downhill"` does not load matrix
// decompositions. The few modules that the command needs before it loads one of its commands become `base.js`, so that
// `downhill --help` does not load the engine.
//
// Modules that only install something when they are loaded stay separate, so that a bundler can leave them out (see
// `sideEffects` in package.json). The other modules are grouped by the set of such modules that they need: a bundle
// that uses a function contains no side effect that the function does not need. Imports of other packages count as side
// effects too. A module's importers need what the module needs, and folders import only from folders above them.
// Therefore the files of dist/ never import one another in a cycle.
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";

/**
 * @param {string} root the folder of package.json
 * @returns {string[]} the modules with import-time effects, relative to src/
 */
export function effectsOf(root) {
  const { sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return sideEffects
    .filter((/** @type {string} */ path) => !/\/(index|main|\*)\.js$/.test(path))
    .map((/** @type {string} */ path) => path.replace("./dist/", "").replace(/\.js$/, ".ts"));
}

/**
 * @param {object} library paths are relative to src/, as all are here
 * @param {string} library.main the module of the package's main entry
 * @param {readonly string[]} library.entries the modules of all its entries
 * @param {string} library.command the module of the command
 * @param {Iterable<string>} library.modules all that these reach
 * @param {readonly string[]} library.folders in the order of their layers
 * @param {readonly string[]} library.effects
 * @param {(path: string) => readonly string[]} importsOf what a module imports when it is loaded: paths, and names of packages
 * @returns {(path: string) => string} the file of dist/, without its ending, that a module goes into
 */
export function piecesOf({ main, entries, command, modules, folders, effects }, importsOf) {
  const core = reachedFrom([main], importsOf);
  const base = reachedFrom([command], importsOf);
  const isOfCore = (/** @type {string} */ folder) => [...core].some((path) => folderOf(path) === folder);
  const isOfEntry = (/** @type {string} */ folder) => entries.some((path) => folderOf(path) === folder);
  /** Folders of the modules outside the core. @type {Map<string, string>} */
  const homes = new Map();
  for (const folder of folders) {
    if (isOfCore(folder) && !isOfEntry(folder)) continue;
    const own = [...modules].filter((path) => folderOf(path) === folder);
    for (const path of reachedFrom(own, importsOf))
      if (!core.has(path) && !homes.has(path)) homes.set(path, folder);
  }
  return (path) => {
    if (effects.includes(path)) return path.replace(/\.ts$/, "");
    const needs = [...reachedFrom([path], importsOf)]
      .filter((needed) => effects.includes(needed) || isForeign(needed))
      .map((effect) => posix.basename(effect, ".ts"))
      .sort();
    const name = posix.basename(homes.get(path) ?? folderOf(path));
    const file = base.has(path) ? "base" : core.has(path) ? "core" : `${name}/${name}`;
    return [file, ...needs].join("-");
  };
}

/** True if the path is a module of another package. */
const isForeign = (/** @type {string} */ path) => !path.endsWith(".ts");

/**
 * The folder of src/ that a module belongs to. In a group (`engine/`, `numeric/`, …) each sub-folder counts separately.
 */
const folderOf = (/** @type {string} */ path) => path.split("/").slice(0, -1).slice(0, 2).join("/");

/**
 * The given modules and all modules that they import, directly or not.
 *
 * @param {readonly string[]} starts
 * @param {(path: string) => readonly string[]} importsOf
 */
export function reachedFrom(starts, importsOf) {
  const reached = new Set(starts);
  for (const path of reached) for (const imported of importsOf(path)) reached.add(imported);
  return reached;
}
