// Builds dist/ where the sources have changed, runs the whole test suite with the Node that runs this script, and ends with one
// line: `N passed, N failed` (and `, N skipped` where a test was skipped).
//
// Usage: node scripts/test.mjs [--no-build] [--thorough] [--second-node] [VITEST ARGUMENTS]
//
// --thorough draws many times as many random cases, and makes chains and arrays longer: see test/support/extent.ts.
// --second-node leaves out what says the same on every version of Node, for a run after one on another version: see vitest.config.mjs.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const noBuild = process.argv.includes("--no-build");
const onSecondNode = process.argv.includes("--second-node");
if (process.argv.includes("--thorough")) process.env.DOWNHILL_THOROUGH = "1";
if (onSecondNode) process.env.DOWNHILL_SECOND_NODE = "1";
const own = ["--no-build", "--thorough", "--second-node"];
const rest = process.argv.slice(2).filter((arg) => !own.includes(arg));
if (onSecondNode) rest.push("--project", "computing", "--project", "alone");

/** @param {string[]} args */
const node = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;

/** Beginning of a failure message, without the frames of the test runner, at most one screen long. @param {string} message */
const beginningOf = (message) =>
  message
    .split("\n")
    .filter((line) => !line.includes("node_modules/"))
    .slice(0, 20)
    .map((line) => `    ${line}`)
    .join("\n");

/**
 * Numbers of skipped tests by requirement, the most frequent first.
 *
 * @param {{ fullName: string, meta?: { needs?: string } }[]} tests
 */
function countsByRequirement(tests) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { fullName, meta } of tests) {
    const needs = meta?.needs ?? `a reason: ${fullName}`;
    counts.set(needs, (counts.get(needs) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

// The tests of bundles, of the command and of the README look at dist/: an old one would prove nothing.
if (!noBuild && node(["scripts/build.mjs", "--if-changed"]) !== 0) {
  console.log("the build failed\n0 passed, 1 failed");
  process.exit(1);
}

// Tests of the plugin need the bundlers that it works with, some 20 s to install: where they are there, asked for, or required.
const projects = rest.filter((_, i) => rest[i - 1] === "--project");
const files = rest.filter((arg) => arg.endsWith(".ts"));
const isAskedFor = projects.includes("plugin") || files.some((file) => file.includes("plugin/"));
const isWhole = projects.length + files.length === 0;
if (isWhole && process.env.CI !== "true" && process.env.DOWNHILL_THOROUGH !== "1")
  process.env.DOWNHILL_SAMPLE = "1"; // see vitest.config.mjs
const isRequired = isAskedFor || (isWhole && process.env.REQUIRE_PLUGIN !== undefined);
if (isRequired || (isWhole && existsSync(`${root}/plugin/node_modules`))) {
  if (node(["scripts/plugin.mjs"]) !== 0) {
    console.log("the plugin cannot be built\n0 passed, 1 failed");
    process.exit(1);
  }
} else if (isWhole) {
  console.log("left out: the tests of plugin/, whose packages `npm run plugin` installs");
  rest.push(...["computing", "alone", "outside"].flatMap((project) => ["--project", project]));
}

mkdirSync(`${root}/.tmp`, { recursive: true });
const report = `${root}/.tmp/vitest-${process.pid}.json`;
const status = node([
  "node_modules/vitest/vitest.mjs",
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
  ...rest,
]);

let counts = { passed: 0, failed: 0, skipped: 0 };
try {
  const result = JSON.parse(readFileSync(report, "utf8"));
  /** @type {{ status: string, fullName: string, failureMessages: string[], file: string, meta?: { needs?: string } }[]} */
  const tests = result.testResults.flatMap((/** @type {any} */ file) =>
    file.assertionResults.map((/** @type {any} */ test) => ({ ...test, file: relative(root, file.name) })),
  );
  const skipped = tests.filter(
    (test) => test.status === "skipped" || test.status === "pending" || test.status === "todo",
  );
  for (const [needs, count] of countsByRequirement(skipped)) console.log(`skipped: ${count} need ${needs}`);
  // Once more at the end, where a log of hundreds of files is read first.
  for (const { file, fullName, failureMessages } of tests.filter((test) => test.status === "failed")) {
    console.log(`failed: ${file}: ${fullName}`);
    console.log(beginningOf(failureMessages.join("\n")));
  }
  for (const { name, message } of result.testResults)
    if (message) console.log(`failed: ${relative(root, name)}\n${beginningOf(message)}`);
  counts = { passed: result.numPassedTests, failed: result.numFailedTests, skipped: skipped.length };
} catch (error) {
  console.error(`no report of the tests could be read: ${String(error)}`);
} finally {
  rmSync(report, { force: true });
}
// A file that fails to load, or an error outside any test, fails the run without failing a test.
if (status !== 0 && counts.failed === 0) counts.failed = 1;
if (counts.passed + counts.failed + counts.skipped === 0) counts.failed = 1;

const { passed, failed, skipped } = counts;
console.log(`node ${process.version}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;
