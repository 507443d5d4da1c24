// Kills a program that trains a thousand times, at other moments each time this is run with another seed, and lets it go
// on each time: see src/training/train/checkpoint/kill.test.ts. `npm test` does ten.
//
// Usage: node scripts/soak-kills.mjs [KILLS [SEED]]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [kills = "1000", seed = "2"] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", "src/training/train/checkpoint/kill.test.ts"],
  {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { ...process.env, DOWNHILL_KILLS: kills, DOWNHILL_KILL_SEED: seed },
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
