import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder anew beside itself, and puts it in its place once it is whole: nothing stale stays in it. Where making it fails, there
 * is none, and a line says so: an old one would pass for what the sources of now give.
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
