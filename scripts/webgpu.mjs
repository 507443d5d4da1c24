// Installs the package `webgpu` (132 MB) for the tests on a GPU in Node. It is too large for the development install.
//
// Usage: node scripts/webgpu.mjs
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const version = "0.6.2";
const modules = fileURLToPath(new URL("../node_modules", import.meta.url));
const folder = join(modules, ".webgpu");
const installed = join(folder, "node_modules", "webgpu");
const link = join(modules, "webgpu");

if (!existsSync(installed)) {
  mkdirSync(folder, { recursive: true });
  // in a folder of its own, because npm removes packages that the lock file lacks
  const words = [
    "install",
    "--prefix",
    folder,
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    `webgpu@${version}`,
  ];
  const { status } = spawnSync("npm", words, { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
}
if (!existsSync(link)) {
  rmSync(link, { force: true }); // a link to a folder that was removed
  symlinkSync(installed, link, "junction");
}
console.log(`webgpu ${version} is installed`);
