// Lets scripts import TypeScript of this repository: bundles it to a temporary file and loads that.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/**
 * @param {string} contents TypeScript whose imports are relative to the root of the repository
 * @returns {Promise<unknown>} what it exports
 */
export async function importTypeScript(contents) {
  const folder = mkdtempSync(join(tmpdir(), "downhill-"));
  try {
    const outfile = join(folder, "bundle.mjs");
    const resolveDir = fileURLToPath(new URL("..", import.meta.url));
    await build({ stdin: { contents, resolveDir }, bundle: true, format: "esm", outfile, logLevel: "error" });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
