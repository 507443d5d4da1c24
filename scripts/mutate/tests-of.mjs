// Finds the tests of a source file, directly or through other files: those of its package first, then others of engine
// and numeric, the closest first.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Rank that puts every test of another package behind those of the package of a file. */
const farther = 1000;

/**
 * Returns a function from a source file to its tests, as absolute paths. The test of its name is the first one. The other tests of its
 * package follow, then those of other packages, each in the order of distance plus duration. A test that names an export of the file
 * has distance 0, and each import in between adds 1.
 *
 * @param {string} root @param {ReadonlyMap<string, number>} durations seconds of test files, as far as known
 */
export function testFinder(root, durations) {
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "src"], {
    cwd: root,
    encoding: "utf8",
  });
  const files = listed.split("\n").filter((file) => file.endsWith(".ts"));
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
  /** @type {Map<string, string[]>} */
  const importers = new Map();
  for (const [file, text] of texts)
    for (const imported of importsOf(file, text))
      importers.set(imported, [...(importers.get(imported) ?? []), file]);

  /** @param {string} file @returns {readonly string[]} */
  return (file) => {
    const own = file.replace(/\.ts$/, ".test.ts");
    const distances = distancesTo(file, importers);
    const exported = exportsOf(texts.get(file) ?? "");
    const rank = (/** @type {string} */ test) => {
      if (test === own) return -1;
      const words = new Set(texts.get(test)?.match(/\w+/g));
      const distance = exported.some((name) => words.has(name)) ? 0 : (distances.get(test) ?? 0);
      return (isInside(test, packageOf(file)) ? 0 : farther) + distance + (durations.get(test) ?? 0);
    };
    return files
      .filter((test) => /^src\/(engine|numeric)\/.*\.test\.ts$/.test(test))
      .filter((test) => test === own || distances.has(test))
      .toSorted((a, b) => rank(a) - rank(b))
      .map((test) => join(root, test));
  };
}

/** Number of imports from each file that imports `file` to it. @param {string} file @param {ReadonlyMap<string, readonly string[]>} importers */
function distancesTo(file, importers) {
  const distances = new Map([[file, 0]]);
  for (const [reached, distance] of distances)
    for (const importer of importers.get(reached) ?? [])
      if (!distances.has(importer)) distances.set(importer, distance + 1);
  return distances;
}

/** Files that a file imports, by relative paths or by the public name of the package. @param {string} file @param {string} text */
function importsOf(file, text) {
  const relative = [...text.matchAll(/\bfrom "(\.[^"]+\.ts)"/g)];
  const imported = relative.map(([, path = ""]) => join(dirname(file), path));
  return /\bfrom "downhill"/.test(text) ? [...imported, "src/index.ts"] : imported;
}

/** Names that a file exports. @param {string} text */
function exportsOf(text) {
  return [...text.matchAll(/^export (?:function|const|class) (\w+)/gm)].map(([, name = ""]) => name);
}

/** Folder of `src/engine` that a file is in; each backend has one of its own. @param {string} file */
function packageOf(file) {
  let folder = dirname(file);
  while (!["engine", "backends"].includes(basename(dirname(folder)))) folder = dirname(folder);
  return folder;
}

/** @param {string} file @param {string} folder */
function isInside(file, folder) {
  return file.startsWith(`${folder}/`);
}
