// How the modules of src/ are put together in dist/: an engine takes longer to find and open hundreds of small files than
// to compile what is in them. The folders that the package's main entry needs become one file, `core.js`, and each other
// folder becomes one, beside the entry of its name.
//
// The modules that only install something when they are loaded stay alone, so that a bundler can leave them out (see
// `sideEffects` in package.json), and the others are told apart by which of those they need: a bundle that takes a
// function takes no effect that the function does without. Packages of others count as effects too. What a module needs its importers need too, and folders import
// only what stands above them, so the files of dist/ never import one another in a cycle.
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
 * @param {string} main the module of the package's main entry
 * @param {readonly string[]} effects
 * @param {(path: string) => readonly string[]} importsOf what a module imports when it is loaded: paths relative to src/, as all
 *   are here, and names of packages
 * @returns {(path: string) => string} the file of dist/, without its ending, that a module goes into
 */
export function piecesOf(main, effects, importsOf) {
  const core = new Set([...reachedFrom(main, importsOf)].map(folderOf));
  return (path) => {
    if (effects.includes(path)) return path.replace(/\.ts$/, "");
    const needs = [...reachedFrom(path, importsOf)]
      .filter((needed) => effects.includes(needed) || isForeign(needed))
      .map((effect) => posix.basename(effect, ".ts"))
      .sort();
    const folder = folderOf(path);
    const name = posix.basename(folder);
    return [core.has(folder) ? "core" : `${name}/${name}`, ...needs].join("-");
  };
}

/** Whether this is a package of others, and not a module of src/. */
const isForeign = (/** @type {string} */ path) => !path.endsWith(".ts");

/** The folder of src/ that a module belongs to; those of a group (`engine/`, `numeric/`, …) count each for itself. */
const folderOf = (/** @type {string} */ path) => path.split("/").slice(0, -1).slice(0, 2).join("/");

/** @param {string} start @param {(path: string) => readonly string[]} importsOf */
function reachedFrom(start, importsOf) {
  const reached = new Set([start]);
  for (const path of reached) for (const imported of importsOf(path)) reached.add(imported);
  return reached;
}
