// Kills ranks that train over MPI two hundred times, and resumes each time with another number of ranks. Another seed
// kills at other moments. See test/distributed-training.test.ts; `npm test` kills three times.
//
// Usage: node scripts/soak-ranks.mjs [KILLS [SEED]]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [kills = "200", seed = "2"] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "test/distributed-training.test.ts", "--testTimeout", "0"],
  {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { ...process.env, DOWNHILL_RANK_KILLS: kills, DOWNHILL_KILL_SEED: seed, REQUIRE_MPI: "1" },
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
