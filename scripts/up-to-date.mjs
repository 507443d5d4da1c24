import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** What is in the root of the repository, and no part of what dist/ is made of; all else may be. */
const isOther =
  /^(\.ci|\.git|\.tmp|bench|dist(-\d+)?|docs|examples|node_modules|plugin|test|(bundle-budget|package-budget|knip)\.json|vitest\.config\.mjs)$|\.(html|log|md|tgz)$/;

/**
 * Whether a folder that was built still is what its sources give: nothing that it may be made of has changed since the build
 * began, which the time of the folder says. Folders count too, since a file that is removed changes only that of its folder.
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

/** Whether a file, or a folder and all in it, was changed before. @param {string} path @param {number} time @returns {boolean} */
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
