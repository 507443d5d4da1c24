// Draws mutants of the compiler: a file, an operator and a site, each uniformly.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sitesOf } from "./sites.mjs";

/** Folders whose mutants are drawn. */
const mutated = [
  "src/engine/backends/wasm/emit",
  "src/engine/codegen",
  "src/engine/loops",
  "src/engine/passes",
  "src/engine/region",
  "src/engine/transforms",
];

/**
 * A mutant of a file. Reports show its line, the mutated text and the replacement, each in one line. `key` is its name in
 * lists.
 *
 * @typedef {import("./instrument.mjs").Mutant & { readonly file: string, readonly line: number, readonly original: string,
 *   readonly replacement: string, readonly key: string }} DrawnMutant
 */

/** Source files of the mutated folders, without tests and printers. @param {string} root @returns {string[]} */
function mutatedFiles(root) {
  const listed = execFileSync("git", ["ls-files", ...mutated], { cwd: root, encoding: "utf8" });
  return listed
    .split("\n")
    .filter((file) => file.endsWith(".ts") && !/\.test(-d)?\.ts$|\/testdata\/|\/print[\w-]*\.ts$/.test(file));
}

/**
 * The first `count` mutants of a seed. A larger count only adds mutants, so that a run can be continued. Each mutant is
 * drawn once; files without a site are skipped.
 *
 * @param {string} root @param {number} seed @param {number} count @param {string} [within] part of the paths of files
 * @returns {DrawnMutant[]}
 */
export function drawMutants(root, seed, count, within = "") {
  const random = generator(seed);
  /** @template T @param {readonly T[]} items @returns {T} */
  const choose = (items) => /** @type {T} */ (items[Math.floor(random() * items.length)]);
  const files = filesWithSites(root, within);
  if (files.length === 0)
    throw new Error(`no source file of ${mutated.join(", ")} has "${within}" in its path`);
  const available = files.reduce((sum, { sites }) => sum + sites.length, 0);
  /** @type {Set<import("./sites.mjs").Site>} */
  const drawn = new Set();
  /** @type {DrawnMutant[]} */
  const mutants = [];
  while (mutants.length < Math.min(count, available)) {
    const { file, text, sites } = choose(files);
    const operator = choose([...new Set(sites.map((site) => site.operator))]);
    const site = choose(sites.filter((one) => one.operator === operator));
    if (drawn.has(site)) continue;
    drawn.add(site);
    mutants.push({ ...site, file, ...described(file, text, site), id: mutants.length });
  }
  return mutants;
}

/**
 * The mutants with the given keys, in the order of the keys. Throws an error for a key without a mutant.
 *
 * @param {string} root @param {readonly string[]} keys @returns {DrawnMutant[]}
 */
export function mutantsOfKeys(root, keys) {
  const candidates = filesWithSites(root, "")
    .filter(({ file }) => keys.some((key) => key.startsWith(`${file}: `)))
    .flatMap(({ file, text, sites }) =>
      sites.map((site) => ({ ...site, file, ...described(file, text, site) })),
    );
  return keys.map((key, id) => {
    const mutant = candidates.find((one) => one.key === key);
    if (mutant === undefined) throw new Error(`there is no mutant ${JSON.stringify(key)}`);
    return { ...mutant, id };
  });
}

/** Mutated files that have sites, with their texts. @param {string} root @param {string} within part of the paths of files */
function filesWithSites(root, within) {
  return mutatedFiles(root)
    .filter((file) => file.includes(within))
    .map((file) => {
      const text = readFileSync(join(root, file), "utf8");
      return { file, text, sites: sitesOf(file, text) };
    })
    .filter(({ sites }) => sites.length > 0);
}

/** @param {string} file @param {string} text @param {import("./sites.mjs").Site} site */
function described(file, text, { operator, start, end, mutant }) {
  const inOneLine = (/** @type {string} */ code) => code.replaceAll(/\s+/g, " ").trim();
  const original = inOneLine(text.slice(start, end));
  const pieces = mutant.map((piece) => (typeof piece === "string" ? piece : text.slice(...piece)));
  const replacement = inOneLine(pieces.join(""));
  const before = text.slice(0, start);
  const line = before.split("\n").length;
  const earlier = before.split(original).length - 1;
  const which = original === "" ? ` at ${line}` : earlier > 0 ? ` #${earlier + 1}` : "";
  return { line, original, replacement, key: `${file}: ${operator}: ${original} → ${replacement}${which}` };
}

/** Uniform numbers in [0, 1): mulberry32. @param {number} seed */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
