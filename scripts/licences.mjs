// Notices of the packages that built pages contain: their licences require that copies include them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";

/**
 * The folders of the packages whose modules a bundle contains.
 *
 * @param {readonly (import("rolldown").OutputChunk | import("rolldown").OutputAsset)[]} output
 * @returns {ReadonlySet<string>}
 */
export function packagesIn(output) {
  const ids = output.flatMap((part) => (part.type === "chunk" ? part.moduleIds : []));
  return new Set(ids.flatMap((id) => packageOf(id) ?? []));
}

/** The folder of the package that contains a module. @param {string} id */
function packageOf(id) {
  const part = `${sep}node_modules${sep}`;
  const at = id.lastIndexOf(part);
  if (at < 0) return undefined;
  const words = id.slice(at + part.length).split(sep);
  return join(id.slice(0, at + part.length), ...words.slice(0, words[0]?.startsWith("@") ? 2 : 1));
}

/**
 * Writes the names, versions and licences of packages as a text. Packages with one licence text share it.
 *
 * @param {Iterable<string>} folders
 * @returns {string}
 * @throws Error for a package without a licence file
 */
export function noticesOf(folders) {
  /** @type {Map<string, string[]>} names by the text of the licence */
  const byText = new Map();
  for (const folder of [...folders].toSorted()) {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = licenceIn(folder, name);
    byText.set(text, [...(byText.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...byText].map(([text, names]) => `${names.join("\n")}\n\n${text}`);
  return `These pages contain the following packages.\n\n${parts.join(`\n\n${"-".repeat(72)}\n\n`)}\n`;
}

/** @param {string} folder @param {string} name */
function licenceIn(folder, name) {
  const file = existsSync(folder)
    ? readdirSync(folder).find((one) => /^licen[sc]e(?:\.\w+)?$/i.test(one))
    : undefined;
  if (file === undefined) throw new Error(`${name}: ${folder} has no licence file to copy`);
  return readFileSync(join(folder, file), "utf8").trim();
}
