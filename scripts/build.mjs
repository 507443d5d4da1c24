// Compiles src/ into dist/: a few ES modules (chosen by pieces.mjs), one .d.ts per file, and the package's pages. It
// compiles next to dist/ and swaps at the end, so that no stale module remains, which would be published and would hide
// a broken import. A failed build leaves no dist/.
//
// Usage: node scripts/build.mjs [--if-changed] [--out FOLDER] [--maps] [--without NAME]
//
//   --if-changed  skips the build if nothing has changed since the last one
//   --out         another folder than dist/
//   --maps        readable modules with source maps, for a debugger. The package contains neither: engines
//                 parse short modules faster, and maps would be half of it.
//   --without     modules only, with a work-around for engines left out (src/engine/backends/wasm/engines/NAME.ts), so that a bench
//                 can show what it brings
import { spawnSync } from "node:child_process";
import { chmodSync, utimesSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeModules } from "./modules.mjs";
import { buildRaceFile, graphOf, runModule, sourcesOf, writeDocuments } from "./pages.mjs";
import { replaceFolder } from "./replace-folder.mjs";
import { isUpToDate } from "./up-to-date.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values: options } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "dist") },
    maps: { type: "boolean", default: false },
    without: { type: "string" },
    "if-changed": { type: "boolean", default: false },
  },
});
const dist = resolve(options.out);
const next = join(root, `dist-${process.pid}`);

const { without } = options;
const began = new Date(performance.timeOrigin);
if (options["if-changed"] && isUpToDate(dist, root)) console.log("nothing has changed since the last build");
else {
  process.exitCode = await replaceFolder(dist, next, () =>
    without === undefined ? writeAll() : writeWithout(without),
  );
  if (process.exitCode === 0) utimesSync(dist, began, began); // for --if-changed: later changes are built next time
}

/** @returns {Promise<number>} the exit code */
async function writeAll() {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const types = [tsc, "-p", "tsconfig.build.json", "--outDir", next];
  const { status } = spawnSync(process.execPath, types, { cwd: root, stdio: "inherit" });
  if (status !== 0) return status ?? 1;
  const section = { at: "course/", sources: sourcesOf("learn") }; // for `downhill learn`
  const output = await writeModules(next, { maps: options.maps, section });
  chmodSync(join(next, "cli/main.js"), 0o755);
  const { packageAddresses } = await runModule(
    "packages",
    `export { packageAddresses } from ${JSON.stringify(join(root, "src/cli/learn/packages.ts"))};`,
  );
  const packages = packageAddresses();
  checkPackages(section, output, Object.keys(packages));
  await writeDocuments(section.sources, output, { out: next, at: section.at, packages });
  await buildRaceFile(join(next, "race-page")); // for `downhill race --out`
  return 0;
}

/** @param {string} workAround @returns {Promise<number>} the exit code */
async function writeWithout(workAround) {
  await writeModules(next, { without: workAround });
  chmodSync(join(next, "cli/main.js"), 0o755);
  return 0;
}

/**
 * Checks that the import map of the pages has all packages, and that workers import none: pages find packages by the
 * import map of their document, and workers have no map.
 *
 * @param {{ at: string, sources: import("./pages.mjs").SectionSources }} section
 * @param {Parameters<typeof graphOf>[0]} output
 * @param {readonly string[]} known the packages in the map
 */
function checkPackages({ at, sources }, output, known) {
  const { packagesOf } = graphOf(output);
  for (const name of Object.keys(sources.input)) {
    const isWorker = name.endsWith(".worker");
    const lost = packagesOf(`${at}assets/${name}.js`).filter((of) => isWorker || !known.includes(of));
    if (lost.length === 0) continue;
    const why = isWorker ? "workers cannot import packages" : "src/cli/learn/packages.ts lacks it";
    throw new Error(`${at}assets/${name}.js imports ${lost.join(", ")}: ${why}`);
  }
}
