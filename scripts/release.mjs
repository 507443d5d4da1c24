// Releases the next version: checks that a release is possible, sets the version in every file that has it, runs all checks, commits, tags,
// and pushes. The workflow .github/workflows/release.yml publishes the pushed tag. RELEASING.md describes the steps.
//
// Usage: node scripts/release.mjs [--check]     --check only reports what a release lacks, and changes nothing
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { missingAddresses, projectAddresses, withCitation } from "./project.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const branch = "main";
/** Packages of the release: folders below the root. */
export const packages = [".", "plugin"];

/**
 * Reasons why no release is possible now, each with its repair. Empty if one is.
 *
 * @param {object} state
 * @param {import("./project.mjs").Project} state.addresses
 * @param {string} state.branch Current branch.
 * @param {string} state.changes Output of `git status --porcelain`.
 * @param {readonly string[]} state.tags
 * @param {string} state.version The version to release. With changesets pending, the last one.
 * @param {number} state.changesets Number of pending changesets.
 * @param {string} state.node Version of Node: `22.11.0`.
 * @returns {string[]}
 */
export function obstacles({ addresses, branch: current, changes, tags, version, changesets, node }) {
  const isTagged = tags.includes(`v${version}`);
  const [major = 0, minor = 0] = node.split(".").map(Number);
  return [
    ...missingAddresses(addresses),
    ...(current === branch
      ? []
      : [`The branch is ${current}; releases are made from ${branch}: git switch ${branch}.`]),
    ...(changes.trim() === "" ? [] : ["The working tree has changes. Commit or remove them."]),
    ...(isTagged && changesets === 0
      ? [`Version ${version} is released, and no changeset is pending. Add one: npm run changeset.`]
      : []),
    ...(!isTagged && changesets > 0 && tags.length > 0
      ? [`Version ${version} has no tag v${version}: fetch the tags (git fetch --tags).`]
      : []),
    ...(changesets > 0 && (major < 22 || (major === 22 && minor < 11))
      ? [`Changesets need Node 22.11 or newer, and this is ${node}. Run the release with a newer one.`]
      : []),
  ];
}

/**
 * Texts of the files of a release.
 *
 * @param {object} before
 * @param {string} before.changelog
 * @param {string} before.citation
 * @param {string} before.pluginManifest
 * @param {string} before.pluginLock
 * @param {string} before.versionModule `src/engine/util/version.ts`.
 * @param {string} before.readme
 * @param {string} before.guide `docs/guides/five-minutes.md`
 * @param {string} before.pluginGuide `docs/plain-setup.md`
 * @param {{ version: string, date: string } & import("./project.mjs").Project} release
 */
export function releaseTexts(before, release) {
  const { version, date } = release;
  return {
    changelog: replaced(
      before.changelog,
      /^## \[Unreleased\].*$/m,
      `## [Unreleased]\n\n## [${version}] - ${date}`,
      "CHANGELOG.md has no heading ## [Unreleased]",
    ),
    citation: withCitation(before.citation, release),
    pluginManifest: replaced(
      replaced(
        before.pluginManifest,
        /"version": "[^"]*"/,
        `"version": "${version}"`,
        "plugin/package.json has no version",
      ),
      /"downhill": "\^[^"]*"/,
      `"downhill": "^${version}"`,
      "plugin/package.json has no peer dependency downhill",
    ),
    // Its first two versions are those of the package itself.
    pluginLock: before.pluginLock
      .replace(/("name": "downhill-plugin",\s*"version": )"[^"]*"/, `$1"${version}"`)
      .replace(
        /("": \{\s*"name": "downhill-plugin",\s*"version": )"[^"]*"([^]*?"downhill": )"\^[^"]*"/,
        `$1"${version}"$2"^${version}"`,
      ),
    readme: withPublishedPackage(before.readme),
    guide: withPublishedPackage(before.guide),
    pluginGuide: withPublishedPackage(before.pluginGuide),
    versionModule: replaced(
      before.versionModule,
      /version = "[^"]*"/,
      `version = "${version}"`,
      "src/engine/util/version.ts has no version",
    ),
  };
}

/** A page whose instructions for unpublished versions are replaced by the one line for published ones. @param {string} page */
function withPublishedPackage(page) {
  return page
    .replaceAll(/<!-- unpublished -->[^]*?<!-- \/unpublished -->/g, "```sh\nnpm install downhill\n```")
    .replaceAll(/\/path\/to\/(downhill(?:-plugin)?)-[\d.]+\.tgz/g, "$1");
}

/** @param {string} text @param {RegExp} pattern @param {string} by @param {string} problem */
function replaced(text, pattern, by, problem) {
  if (!pattern.test(text)) throw new Error(problem);
  return text.replace(pattern, () => by);
}

/** Output of a command. @param {string} command @param {string[]} args */
function outputOf(command, ...args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** Runs a command with its output visible; ends the release if it fails. @param {string} command @param {string[]} args */
function run(command, ...args) {
  console.log(`> ${command} ${args.join(" ")}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    console.error(`The release ended before anything was pushed: ${command} ${args.join(" ")} failed.`);
    process.exit(1);
  }
}

/** @returns {string} */
const versionNow = () => JSON.parse(readFileSync(`${root}package.json`, "utf8")).version;

function main() {
  const addresses = projectAddresses();
  const changesets = readdirSync(`${root}.changeset`).filter(
    (name) => name.endsWith(".md") && name !== "README.md",
  ).length;
  const problems = obstacles({
    addresses,
    branch: outputOf("git", "branch", "--show-current"),
    changes: outputOf("git", "status", "--porcelain"),
    tags: outputOf("git", "tag", "--list", "v*").split("\n"),
    version: versionNow(),
    changesets,
    node: process.versions.node,
  });
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) return void (process.exitCode = 1);
  if (process.argv.includes("--check")) return console.log("A release is possible: npm run release");

  if (changesets > 0) run("npm", "run", "changeset", "--", "version");
  const version = versionNow();
  const files = {
    changelog: "CHANGELOG.md",
    citation: "CITATION.cff",
    pluginManifest: "plugin/package.json",
    pluginLock: "plugin/package-lock.json",
    versionModule: "src/engine/util/version.ts",
    readme: "README.md",
    guide: "docs/guides/five-minutes.md",
    pluginGuide: "docs/plain-setup.md",
  };
  const names = /** @type {(keyof typeof files)[]} */ (Object.keys(files));
  const before = /** @type {Record<keyof typeof files, string>} */ (
    Object.fromEntries(names.map((name) => [name, readFileSync(root + files[name], "utf8")]))
  );
  const texts = releaseTexts(before, { version, date: new Date().toISOString().slice(0, 10), ...addresses });
  for (const name of names) writeFileSync(root + files[name], texts[name]);
  run("npm", "install", "--package-lock-only", "--ignore-scripts"); // the version in package-lock.json
  run("npm", "run", "check");
  run("npm", "run", "plugin");
  for (const folder of packages) run("npm", "publish", `./${folder}`, "--dry-run", "--ignore-scripts");
  run("git", "commit", "--all", "--message", `Release ${version}`);
  run("git", "tag", "--annotate", `v${version}`, "--message", `downhill ${version}`);
  run("git", "push", "--atomic", "origin", branch, `v${version}`);
  console.log(`Version ${version} is pushed. The workflow "Release" publishes it.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
