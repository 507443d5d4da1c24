// Empties dist/ and compiles src/ into it: one ES module, one .d.ts and one source map a file.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

// A stale module in dist/ would be published and would hide a broken import.
rmSync(`${root}/dist`, { recursive: true, force: true });

const tsc = spawnSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

const bin = `${root}/dist/cli/main.js`;
if (existsSync(bin)) chmodSync(bin, 0o755);
