// Compares random routines, random programs under their transforms, and networks in training on a GPU with the processor, bit
// for bit. Runs in Node, and in pages of Chromium and of Firefox: a new browser for every 25 trials and for each network, and
// another one if it loses its GPU. Prints a line for each of them. Another seed draws others; `npm test` runs a few.
//
// Usage: node scripts/soak-webgpu.mjs [TRIALS [SEED]]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [trials = "400", seed = "2"] = process.argv.slice(2);
const folder = "src/engine/backends/webgpu";
const files = [
  "test/gpu-networks.test.ts",
  ...["agreement", "programs", "corners", "browsers"].map((name) => `${folder}/${name}.test.ts`),
];
const { status } = spawnSync(
  process.execPath,
  ["node_modules/vitest/vitest.mjs", "run", ...files, "--testTimeout", "0"],
  {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    env: {
      ...process.env,
      CI: "true",
      DOWNHILL_GPU_TRIALS: trials,
      DOWNHILL_GPU_SEED: seed,
      REQUIRE_BROWSER: "1",
      REQUIRE_GPU: "1",
    },
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
