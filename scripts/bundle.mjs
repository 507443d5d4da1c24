// Imports TypeScript of this repository into scripts: bundles it to a temporary file and loads the file.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/**
 * @param {string} contents TypeScript whose imports are relative to the root of the repository
 * @returns {Promise<unknown>} its exports
 */
export async function importTypeScript(contents) {
  const folder = mkdtempSync(join(tmpdir(), "downhill-"));
  try {
    const outfile = join(folder, "bundle.mjs");
    const resolveDir = fileURLToPath(new URL("..", import.meta.url));
    await build({
      stdin: { contents, resolveDir },
      bundle: true,
      format: "esm",
      outfile,
      ignoreAnnotations: true, // package.json lists the modules of dist/ that must stay
      logLevel: "error",
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Bundles the module of a soak in `test/support/` to a folder in which the packages of the repository are found.
 *
 * @param {string} name the module
 * @param {string} folder for the bundle, within the repository
 * @param {import("esbuild").BuildOptions} [options]
 * @returns {Promise<string>} the file
 */
export async function bundleSoak(name, folder, options) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const outfile = join(folder, "soak.mjs");
  await build({
    entryPoints: [join(root, "test/support", name)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    alias: publicNames(root),
    ignoreAnnotations: true, // package.json lists the modules of dist/ that must stay
    logLevel: "warning",
    ...options,
  });
  return outfile;
}

/**
 * Source files in src/ by the public module name of the package, subpaths first.
 *
 * @param {string} root the folder of package.json
 * @returns {Record<string, string>}
 */
function publicNames(root) {
  /** @type {{ order: string[] }} */
  const { order } = JSON.parse(readFileSync(join(root, "layers.json"), "utf8"));
  // of two folders with the same name, the later one is public
  const subpaths = order.map((folder) => [
    `downhill/${basename(folder)}`,
    join(root, "src", folder, "index.ts"),
  ]);
  return { ...Object.fromEntries(subpaths), downhill: join(root, "src/index.ts") };
}
