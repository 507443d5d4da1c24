// Compares the results of two builds bit by bit: random programs under every transform, random plain functions with
// their gradients, landscapes and the networks of the bench, by each backend. For changes that are not to change any result.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bundleSoak } from "./bundle.mjs";

const usage = `Usage: node scripts/compare-results.mjs OTHER/dist [OPTIONS]

Compares the build in dist/ with another one, made of an earlier commit, for instance. Random programs may use what only the
newer build has. Then run the script in the checkout of the older commit, with the newer build as OTHER/dist.

  --count N   random programs over tensors, and as many plain ones, for each way of running them (5000)
  --seed N    draws other programs (1)
  --turbo     with what enableTurbo() switches on
  --help      this text`;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    turbo: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
    of: { type: "string" }, // for the process that computes the hashes of one build
    out: { type: "string" },
  },
});
if (options.of !== undefined) await hash();
else if (options.help || positionals.length !== 1) {
  console.log(usage);
  process.exitCode = options.help ? 0 : 2;
} else await compare();

async function hash() {
  const { hashResults } = await import(pathToFileURL(/** @type {string} */ (options.of)).href);
  const note = (/** @type {string} */ what) => console.error(`  ${what}`);
  const hashes = await hashResults(Number(options.seed), Number(options.count), note, options.turbo);
  writeFileSync(/** @type {string} */ (options.out), JSON.stringify(hashes));
  process.exit(0); // threads of the pool may be at work still
}

async function compare() {
  const root = fileURLToPath(new URL("..", import.meta.url));
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp", "compare-"));
  try {
    /** @type {Record<string, string>[]} */
    const all = [];
    for (const dist of [resolve(/** @type {string} */ (positionals[0])), join(root, "dist")]) {
      console.error(dist);
      const file = (/** @type {string} */ part) => join(dist, part, "index.js");
      const bundle = await bundleSoak("result-hashes.ts", mkdtempSync(join(folder, "build-")), {
        packages: "bundle",
        alias: {},
        plugins: [
          {
            name: "the build that is asked",
            setup(build) {
              build.onResolve({ filter: /^downhill(\/\w+)?$/ }, ({ path }) => ({
                path: pathToFileURL(file(path.replace(/^downhill\/?/, ""))).href,
                external: true,
              }));
            },
          },
        ],
      });
      const out = join(folder, `${all.length}.json`);
      const { seed, count } = options;
      const args = ["--of", bundle, "--out", out, "--seed", seed, "--count", count];
      const { status } = spawnSync(
        process.execPath,
        [fileURLToPath(import.meta.url), ...args, ...(options.turbo ? ["--turbo"] : [])],
        { stdio: ["ignore", "inherit", "inherit"] },
      );
      if (status !== 0) throw new Error(`the hashes of ${dist} could not be made`);
      all.push(JSON.parse(readFileSync(out, "utf8")));
    }
    const [before = {}, now = {}] = all;
    const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
    const other = names.filter((name) => before[name] !== now[name]);
    for (const name of other.slice(0, 50)) console.log(`${name}: ${before[name]} before, ${now[name]} now`);
    if (other.length > 50) console.log(`and ${other.length - 50} more`);
    console.log(`${names.length} results, ${other.length} differ (node ${process.version})`);
    process.exitCode = other.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
