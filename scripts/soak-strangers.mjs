// Gives a hundred thousand spoilt files to each reader and forged checkpoints to `fit`: see src/training/io/strangers.test.ts and
// src/training/train/checkpoint/forged.test.ts. `npm test` does some hundred.
//
// Usage: node scripts/soak-strangers.mjs [FILES [SEED]]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [files = "100000", seed = "2"] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "src/training/io/strangers.test.ts",
    "src/training/train/checkpoint/forged.test.ts",
  ],
  {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: { ...process.env, DOWNHILL_STRANGERS: files, DOWNHILL_STRANGERS_SEED: seed },
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
