// Compiles src/ into dist/: one ES module, one .d.ts and one source map a file.
// It compiles beside dist/ and swaps at the end: no stale module stays (it would be published and would hide a broken
// import), and a failed build leaves the last good one in place.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const next = join(root, `dist-${process.pid}`);

try {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", next], {
    cwd: root,
    stdio: "inherit",
  });
  if (status === 0) {
    const bin = join(next, "cli/main.js");
    if (existsSync(bin)) chmodSync(bin, 0o755);
    rmSync(dist, { recursive: true, force: true });
    renameSync(next, dist);
  }
  process.exitCode = status ?? 1;
} finally {
  rmSync(next, { recursive: true, force: true });
}
