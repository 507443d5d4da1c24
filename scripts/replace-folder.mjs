import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Builds the new content of a folder next to it, and swaps it in once it is complete, so that no stale file remains. If
 * the build fails, the folder is removed and a line reports so, because an old one would pass for the result of the
 * present sources.
 *
 * @param {string} folder
 * @param {string} next where it is made: on the same disk, and removed at the end
 * @param {() => Promise<number>} write fills `next`; gives an exit code
 * @returns {Promise<number>} that exit code
 */
export async function replaceFolder(folder, next, write) {
  let isWhole = false;
  try {
    const code = await write();
    isWhole = code === 0;
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    if (isWhole) {
      mkdirSync(dirname(folder), { recursive: true });
      renameSync(next, folder);
    } else console.error(`The build failed: there is no ${folder} now.`);
    rmSync(next, { recursive: true, force: true });
  }
}
