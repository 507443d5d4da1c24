import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Root entries that do not affect `dist/`. Everything else may. */
const isOther =
  /^(\.changeset|\.ci|\.git|\.github|\.tmp|bench|dist(-\d+)?|docs|examples|node_modules|notebooks|plugin|templates|test|(bundle-budget|package-budget|knip|project)\.json|vitest\.config\.mjs|CITATION\.cff)$|\.(html|log|md|tgz)$/;

/**
 * Returns whether a built folder is up to date: none of its possible sources has changed since the build began, which
 * the folder's modification time records. Times of folders count too, because removing a file changes only the time of
 * its folder.
 *
 * @param {string} folder what was built
 * @param {string} root of the repository
 */
export function isUpToDate(folder, root) {
  const began = timeOf(folder);
  if (began === undefined) return false;
  const entries = readdirSync(root).filter((name) => !isOther.test(name));
  // npm writes this one whenever it changes what is installed
  return [...entries, "node_modules/.package-lock.json"].every((name) => isOlder(join(root, name), began));
}

/** True if a file, or a folder with all its content, was last changed before `time`. @param {string} path @param {number} time @returns {boolean} */
function isOlder(path, time) {
  const own = timeOf(path);
  if (own === undefined) return true; // not there
  if (own >= time) return false;
  if (!statSync(path).isDirectory()) return true;
  return readdirSync(path).every((name) => name === "node_modules" || isOlder(join(path, name), time));
}

/** When a file or folder was changed, in milliseconds. @param {string} path */
function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
