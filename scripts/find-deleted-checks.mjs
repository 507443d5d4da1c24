// Proof that random loop nests reach the legality checks of loop rewrites. Deletes one check at a time from a bundle of the sources and
// counts the programs until the generator finds the wrong results.
import { fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bundleSoak } from "./bundle.mjs";

const usage = `Usage: node scripts/find-deleted-checks.mjs [OPTIONS] [WORDS]

Deletes each check of scripts/deleted-checks.json whose name or file contains WORDS, all by default, and prints the number of programs that
each seed draws until a fault, × for a process that ended. Exits with 1 if a seed finds none, and with 2 if a text that is to be replaced is not in its file once.

  --seeds N      seeds 1 to N (10)
  --programs N   programs of a seed at most (500)
  --seconds N    seconds after which a seed counts as having found an endless program (600)
  --show         prints the fault that the first seed finds
  --help         this text
`;

const root = fileURLToPath(new URL("..", import.meta.url));

/** @typedef {{ readonly name: string, readonly file: string, readonly replace: string, readonly by: string }} DeletedCheck */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "10" },
    programs: { type: "string", default: "500" },
    seconds: { type: "string", default: "600" },
    show: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    bundle: { type: "string" }, // run by the child
    first: { type: "string", default: "1" },
  },
});

if (values.help) console.log(usage);
else if (values.bundle !== undefined) await search(values.bundle);
else await main();

/** Runs the seeds one after the other in this process and reports each to the parent. */
async function search(/** @type {string} */ bundle) {
  const { searchNests } = await import(pathToFileURL(bundle).href);
  for (let seed = Number(values.first); seed <= Number(values.seeds); seed++)
    process.send?.({ seed, ...searchNests({ seed, programs: Number(values.programs), isRaw: true }) });
  process.disconnect();
}

/** A plugin of esbuild that deletes a check while a file is loaded. */
function deletion(/** @type {DeletedCheck} */ { name, file, replace, by }) {
  const path = join(root, file);
  const parts = readFileSync(path, "utf8").split(replace);
  if (parts.length !== 2) {
    console.error(`${name}: the text to be replaced is in ${file} ${parts.length - 1} times, not once.`);
    process.exit(2);
  }
  return {
    name: "delete a check",
    setup(/** @type {import("esbuild").PluginBuild} */ build) {
      build.onLoad({ filter: /\.ts$/ }, (args) =>
        args.path === path ? { contents: parts.join(by), loader: /** @type {const} */ ("ts") } : undefined,
      );
    },
  };
}

/**
 * Programs until each seed finds a fault; `undefined` for a seed that finds none.
 *
 * @param {string} bundle
 * @returns {Promise<(number | undefined)[]>}
 */
async function programsUntilFound(bundle) {
  /** @type {(number | undefined)[]} */
  const found = [];
  while (found.length < Number(values.seeds)) {
    const before = found.length;
    await runChild(bundle, found);
    if (found.length === before) found.push(NaN); // endless program or dead process: count unknown
  }
  return found;
}

/** @param {string} bundle @param {(number | undefined)[]} found */
function runChild(bundle, found) {
  const words = ["--bundle", bundle, "--first", String(found.length + 1)];
  const options = ["--seeds", values.seeds, "--programs", values.programs];
  const child = fork(fileURLToPath(import.meta.url), [...words, ...options], {
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  let timer = setTimeout(() => child.kill("SIGKILL"), 1000 * Number(values.seconds));
  child.on("message", (/** @type {any} */ { seed, programs, fault }) => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill("SIGKILL"), 1000 * Number(values.seconds));
    found[seed - 1] = fault === undefined ? undefined : programs;
    if (values.show && seed === 1 && fault !== undefined) console.log(fault);
  });
  return new Promise((resolve) =>
    child.on("exit", () => {
      clearTimeout(timer);
      resolve(undefined);
    }),
  );
}

async function main() {
  /** @type {readonly DeletedCheck[]} */
  const all = JSON.parse(readFileSync(new URL("deleted-checks.json", import.meta.url), "utf8"));
  const words = positionals.join(" ");
  const plugins = all.map((check) => ({ check, plugin: deletion(check) }));
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/deleted-"));
  try {
    const isChosen = (/** @type {DeletedCheck} */ { name, file }) => `${name} ${file}`.includes(words);
    for (const { check, plugin } of plugins.filter(({ check: one }) => isChosen(one))) {
      const bundle = await bundleSoak("nest-soak.ts", folder, { plugins: [plugin] });
      const found = await programsUntilFound(bundle);
      const isFound = found.every((programs) => programs !== undefined);
      if (!isFound) process.exitCode = 1;
      console.log(
        `${isFound ? "found " : "MISSED"} ${found.map((n) => (Number.isNaN(n) ? "×" : (n ?? "–"))).join(" ")}  ${check.name} (${check.file})`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
