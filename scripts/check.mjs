// Every check of the repository, one line per stage with its time. A stage that fails shows its output, and the
// following stages still run, so that one run reports all that is wrong.
//
// Usage: node scripts/check.mjs [STAGE ...]             the stages named; without names all, in the order below
//        node scripts/check.mjs --without STAGE ...    all but the stages named
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tarball = ".tmp/downhill.tgz";

/** @type {Record<string, string>} */
const stages = {
  plugin: "node scripts/plugin.mjs --install",
  types: "tsc -p tsconfig.json && tsc -p pages && tsc -p scripts && tsc -p plugin",
  lint: "oxlint",
  format: "prettier --check --log-level warn .",
  layers: "node scripts/check-layers.mjs",
  prose: "node scripts/check-prose.mjs",
  unused: "knip --no-progress --treat-config-hints-as-errors",
  build: "node scripts/build.mjs",
  // Packed without scripts, because `prepare` would build a second time.
  pack: `npm pack --ignore-scripts --silent --pack-destination .tmp && mv .tmp/downhill-*.tgz ${tarball}`,
  package: `publint ${tarball} --strict && attw ${tarball} --profile esm-only && node scripts/package-size.mjs ${tarball}`,
  bundles: "node scripts/bundle-size.mjs",
  install: "node scripts/install-size.mjs",
  tests: "node scripts/test.mjs --no-build",
};

// Stages that prepare the input of a stage that is named alone.
/** @type {Record<string, string>} */
const needs = { types: "plugin", lint: "plugin", package: "pack" };

const without = process.argv[2] === "--without";
const named = process.argv.slice(without ? 3 : 2);
const unknown = named.filter((name) => !Object.hasOwn(stages, name));
if (unknown.length > 0) {
  console.error(`no such stage: ${unknown.join(", ")}. The stages are ${Object.keys(stages).join(", ")}.`);
  process.exit(2);
}

const wanted = Object.keys(stages).filter((name) => named.length === 0 || named.includes(name) !== without);
const running = new Set(
  wanted.flatMap((name) => [name, ...(needs[name] === undefined ? [] : [needs[name]])]),
);

mkdirSync(join(root, ".tmp"), { recursive: true });
const failed = [];
for (const [name, command] of Object.entries(stages)) {
  if (!running.has(name)) continue;
  const start = performance.now();
  const { code, output } = await run(command);
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
  // The last line with words says what was checked, and how much.
  const last = code === 0 ? (output.split("\n").findLast((line) => /\w/.test(line)) ?? "").trim() : "";
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name.padEnd(8)} ${seconds} s  ${last}`.trimEnd());
  if (code !== 0) {
    failed.push(name);
    console.log(output.trimEnd().replace(/^/gm, "    "));
  }
}

console.log(failed.length === 0 ? "all checks passed" : `failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** @param {string} command @returns {Promise<{ code: number, output: string }>} */
function run(command) {
  return new Promise((resolve) => {
    const path = [join(root, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter);
    const child = spawn(command, { cwd: root, shell: true, env: { ...process.env, PATH: path } });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
