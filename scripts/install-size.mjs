// Checks that a plain `npm install` of this repository stays below a limit on disk.
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const limit = 300; // MB
const modules = fileURLToPath(new URL("../node_modules", import.meta.url));

let bytes = 0;
for (const path of readdirSync(modules, { recursive: true, encoding: "utf8" })) {
  if (/^\.(?!bin)/.test(path)) continue; // caches of tools, which an installation does not contain
  if (lstatSync(join(modules, path.replace(/[\\/].*/s, ""))).isSymbolicLink()) continue; // as of scripts/webgpu.mjs
  const { blocks, size } = lstatSync(join(modules, path));
  // Disk space is allocated in blocks of 512 bytes; Windows does not report them.
  bytes += blocks === undefined ? size : blocks * 512;
}

const megabytes = bytes / 1e6;
console.log(`node_modules: ${megabytes.toFixed(0)} MB of at most ${limit} MB`);
if (megabytes > limit || megabytes === 0) process.exitCode = 1;
