// Counts which rewrites of loops meet in random nests, as outer and inner loop, and checks the list of pairs that
// cannot meet.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { bundleSoak } from "./bundle.mjs";

const usage = `Usage: node scripts/rewrite-pairs.mjs [--count N] [--seed N]

Prints in how many of N random loop nests (10000) each rewrite of a loop is around each other one. Exits with 1 if a pair meets in fewer
than 20 of 10000, or if one meets that test/support/rewrite-pairs.ts lists as impossible.
`;
const { values } = parseArgs({
  options: {
    count: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});

/** Minimum number of programs, of 10,000, in which a pair must meet. */
const least = 20;

if (values.help) console.log(usage);
else await main();

async function main() {
  const root = fileURLToPath(new URL("..", import.meta.url));
  mkdirSync(join(root, ".tmp"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tmp/pairs-"));
  try {
    const bundle = await bundleSoak("rewrite-pairs.ts", folder);
    const { countPairs, impossiblePairs } = await import(pathToFileURL(bundle).href);
    const count = Number(values.count);
    for (const [pair, times] of countPairs(Number(values.seed), count)) {
      const reason = impossiblePairs[pair];
      const isWrong = reason === undefined ? (times * 10_000) / count < least : times > 0;
      if (isWrong) process.exitCode = 1;
      const note = reason === undefined ? "" : `: impossible, ${reason}`;
      console.log(`${isWrong ? "WRONG" : "     "} ${String(times).padStart(6)}  ${pair}${note}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
