// Prepares `plugin/`, a package of its own: installs what its lock file says where that is not there yet, leads its imports of
// `downhill` to this repository, and builds it, for which dist/ of the root must have been built.
//
// Usage: node scripts/plugin.mjs [--install]    --install builds nothing
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const plugin = join(root, "plugin");
const modules = join(plugin, "node_modules");

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: plugin, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
}

// The lock file that was installed lies beside the modules.
const lock = readFileSync(join(plugin, "package-lock.json"), "utf8");
const installed = join(modules, ".installed-lock.json");
if (!existsSync(installed) || readFileSync(installed, "utf8") !== lock) {
  run("npm", ["ci", "--no-audit", "--no-fund"]);
  writeFileSync(installed, lock);
}
if (!existsSync(join(modules, "downhill", "package.json"))) {
  rmSync(join(modules, "downhill"), { force: true });
  mkdirSync(modules, { recursive: true });
  symlinkSync(root, join(modules, "downhill"), "junction");
}

if (process.argv.includes("--install")) console.log("what the plugin needs is installed");
else {
  rmSync(join(plugin, "dist"), { recursive: true, force: true });
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"]);
  console.log("the plugin is built");
}
