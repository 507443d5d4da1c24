// The two addresses of the project, from project.json: `siteUrl`, where the site is served, and `repositoryUrl`, where the sources are.
// An empty value means that the address is not decided. Everything that needs an address reads it here.
//
// Usage: node scripts/project.mjs            prints both addresses, and what lacks an address
//        node scripts/project.mjs --cite     writes the addresses and the version into CITATION.cff
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);

/**
 * @typedef {object} Project addresses without a slash at the end; undefined if not set
 * @property {string} [siteUrl]
 * @property {string} [repositoryUrl]
 */

/** Parts that need each address. */
const uses = {
  siteUrl:
    "the picture of the social card, the sitemap, and the homepage of the package need the address of the site",
  repositoryUrl:
    "links to the sources, the repository of the package, and provenance need the address of the repository",
};

/**
 * Reads the addresses of a project file.
 *
 * @param {string} text
 * @returns {Project}
 * @throws Error for an unknown key, or an address that is not https
 */
export function readProject(text) {
  /** @type {Record<string, unknown>} */
  const values = JSON.parse(text);
  /** @type {Project} */
  const project = {};
  for (const [key, value] of Object.entries(values)) {
    if (key !== "siteUrl" && key !== "repositoryUrl")
      throw new Error(`project.json: unknown key ${key}; the keys are siteUrl and repositoryUrl`);
    if (value === "") continue;
    if (typeof value !== "string" || !URL.canParse(value) || new URL(value).protocol !== "https:")
      throw new Error(
        `project.json: ${key} must be an https address such as "https://example.org/downhill", or "" if there is none; got ${JSON.stringify(value)}`,
      );
    project[key] = value.replace(/\/+$/, "");
  }
  return project;
}

/** The addresses of this project. @returns {Project} */
export function projectAddresses() {
  return readProject(readFileSync(new URL("project.json", root), "utf8"));
}

/**
 * One message per missing address, with its consequence and the repair.
 *
 * @param {Project} given
 * @returns {string[]}
 */
export function missingAddresses(given) {
  return /** @type {const} */ (["siteUrl", "repositoryUrl"])
    .filter((key) => given[key] === undefined)
    .map((key) => `${key} is not set: ${uses[key]}. Set it in project.json.`);
}

/**
 * True if a version is published: its heading in the change log has a date.
 *
 * @param {string} changelog
 * @param {string} version
 */
export function isPublished(changelog, version) {
  return changelog.includes(`\n## [${version}] - `);
}

/**
 * The manifest of a package as published: without scripts, development dependencies and permissions of scripts, and with the addresses of
 * the project.
 *
 * @param {Record<string, any>} manifest
 * @param {Project} addresses
 * @param {string} [directory] folder of the package in the repository; default: its root
 * @returns {Record<string, any>}
 */
export function publishedManifest(manifest, { siteUrl, repositoryUrl }, directory) {
  const published = Object.fromEntries(
    Object.entries(manifest).filter(([key]) => !["scripts", "devDependencies", "allowScripts"].includes(key)),
  );
  const homepage = siteUrl ?? repositoryUrl;
  return {
    ...published,
    ...(homepage === undefined ? {} : { homepage }),
    ...(repositoryUrl === undefined
      ? {}
      : {
          repository: {
            type: "git",
            url: `git+${repositoryUrl.replace(/\.git$/, "")}.git`,
            ...(directory === undefined ? {} : { directory }),
          },
          bugs: `${repositoryUrl.replace(/\.git$/, "")}/issues`,
        }),
  };
}

/**
 * A citation file with the given version and addresses. A date of release is added only for a release.
 *
 * @param {string} text
 * @param {{ version: string, date?: string } & Project} release
 * @returns {string}
 */
export function withCitation(text, { version, date, siteUrl, repositoryUrl }) {
  const kept = text
    .split("\n")
    .filter((line) => !/^(version|date-released|url|repository-code):/.test(line))
    .join("\n")
    .trimEnd();
  const old = /^date-released:.*$/m.exec(text)?.[0];
  return `${[
    kept,
    `version: ${version}`,
    ...(date === undefined ? (old === undefined ? [] : [old]) : [`date-released: "${date}"`]),
    ...(siteUrl === undefined ? [] : [`url: "${siteUrl}"`]),
    ...(repositoryUrl === undefined ? [] : [`repository-code: "${repositoryUrl}"`]),
  ].join("\n")}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const addresses = projectAddresses();
  if (process.argv.includes("--cite")) {
    const file = new URL("CITATION.cff", root);
    /** @type {{ version: string }} */
    const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
    writeFileSync(file, withCitation(readFileSync(file, "utf8"), { version, ...addresses }));
  }
  for (const [key, value] of Object.entries(addresses)) console.log(`${key}: ${value}`);
  for (const message of missingAddresses(addresses)) console.log(message);
}
